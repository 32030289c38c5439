"""Queues: Enqueue with its wait document, Leave, and Dial Queue that takes the first caller out.

The action's `QueueResult` follows Twilio's <Enqueue> page: at once on leaving, after the talk for one who was bridged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ivr.line.dial import DIAL_TIMEOUT_SECONDS, bridge
from ivr.line.exchange import Exchange
from ivr.line.interpreter import Jump, Outcome, Run, RunEnd
from ivr.line.legs import Leg
from ivr.line.playing import play_music
from ivr.line.tasks import Later, Task, sleep
from ivr.line.twiml import Verb

WAIT_VERBS = frozenset({"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"})
CALLER_SIDE_VERBS = frozenset({"Play", "Say", "Pause", "Redirect"})
# Twilio's <Enqueue> and <Queue> pages
DEFAULT_QUEUE_SIZE = 100
# Twilio's queue resource


class QueueResult(StrEnum):
    """How a caller left a queue."""

    BRIDGED = "bridged"
    ERROR = "error"
    HANGUP = "hangup"
    LEAVE = "leave"
    REDIRECTED = "redirected"
    REDIRECTED_FROM_BRIDGED = "redirected-from-bridged"
    QUEUE_FULL = "queue-full"


@dataclass(kw_only=True)
class Member:
    """One caller who waits."""

    leg: Leg
    run: Run
    enqueued_at: datetime
    taken: Later[QueueResult] = field(default_factory=Later)
    # resolved when the member leaves by itself or is taken out by an agent
    talk_over: Later[None] = field(default_factory=Later)
    # resolved when the bridged parties are apart again


@dataclass(kw_only=True)
class Queue:
    """One queue; made when first used."""

    exchange: Exchange
    sid: str
    name: str
    created_at: datetime
    max_size: int = DEFAULT_QUEUE_SIZE
    members: list[Member] = field(default_factory=list)
    waits_seconds: list[float] = field(default_factory=list)
    # how long those waited who have left
    arrivals: list[Later[None]] = field(default_factory=list)
    # agents who wait for a caller

    def waited_seconds(self, member: Member) -> int:
        """Whole seconds that a member has waited."""
        return round((self.exchange.clock.now() - member.enqueued_at).total_seconds())

    def average_seconds(self) -> int:
        """Whole seconds that callers waited on average."""
        return round(sum(self.waits_seconds) / len(self.waits_seconds)) if self.waits_seconds else 0

    def wait_parameters(self, member: Member) -> dict[str, str]:
        """Give what the wait document's requests carry."""
        position = self.members.index(member) + 1 if member in self.members else 0
        return {
            "QueuePosition": str(position),
            "QueueSid": self.sid,
            "QueueTime": str(self.waited_seconds(member)),
            "AvgQueueTime": str(self.average_seconds()),
            "CurrentQueueSize": str(len(self.members)),
            "MaxQueueSize": str(self.max_size),
        }

    def add(self, member: Member) -> None:
        """Let a caller wait, and wake an agent who waits for one."""
        self.members.append(member)
        self.exchange.note(self.sid, "queue", f"{member.leg.sid} waits at {len(self.members)} in {self.name}")
        if self.arrivals:
            self.arrivals.pop(0).resolve(None)

    def remove(self, member: Member) -> None:
        """Let a caller go."""
        if member in self.members:
            self.members.remove(member)
            self.waits_seconds.append(self.waited_seconds(member))
            self.exchange.note(self.sid, "queue", f"{member.leg.sid} leaves {self.name}")


def queue_named(exchange: Exchange, name: str) -> Queue | None:
    """Find a queue."""
    return next((queue for queue in exchange.queues.values() if queue.name == name), None)


async def enqueue(run: Run, verb: Verb) -> Outcome:
    """Wait in a queue until taken, redirected, tired or gone."""
    exchange, leg = run.exchange, run.leg
    queue = queue_named(exchange, verb.text)
    if queue is None:
        queue = Queue(exchange=exchange, sid=exchange.sids.new("QU"), name=verb.text, created_at=exchange.clock.now())
        exchange.queues[queue.sid] = queue
    queue.max_size = int(verb.number("maxQueueSize", queue.max_size))
    if len(queue.members) >= queue.max_size:
        return run.action(verb, {"QueueResult": QueueResult.QUEUE_FULL})
    member = Member(leg=leg, run=run, enqueued_at=exchange.clock.now())
    queue.add(member)
    waiting = Task(exchange.clock, _wait(run, verb, queue, member))
    result: QueueResult | None = None
    seconds = 0
    try:
        result = await member.taken
        seconds = queue.waited_seconds(member)
        waiting.stop()
        queue.remove(member)
        if result is QueueResult.BRIDGED:
            await member.talk_over
    finally:
        waiting.stop()
        if not (member.talk_over.done or result in {QueueResult.LEAVE, QueueResult.ERROR}):
            _tell_result(run, verb, queue, member, seconds, bridged=result is QueueResult.BRIDGED)
        queue.remove(member)
    return run.action(verb, _result(queue, result, seconds))


def _result(queue: Queue, result: QueueResult, seconds: int) -> Mapping[str, str]:
    return {"QueueResult": result, "QueueSid": queue.sid, "QueueTime": str(seconds)}


def _tell_result(run: Run, verb: Verb, queue: Queue, member: Member, seconds: int, *, bridged: bool) -> None:
    """Tell the action of a caller who hung up or was redirected: its answer changes nothing any more."""
    if run.leg.is_live:
        result = QueueResult.REDIRECTED_FROM_BRIDGED if bridged else QueueResult.REDIRECTED
    else:
        result = QueueResult.BRIDGED if bridged else QueueResult.HANGUP
    run.tell_action(verb, _result(queue, result, seconds or queue.waited_seconds(member)))


async def _wait(run: Run, verb: Verb, queue: Queue, member: Member) -> None:
    url = verb.url("waitUrl")
    if url == "":
        return
    if url is None:
        await play_music(run.leg)
        return
    nested = run.nested(allowed=WAIT_VERBS, purpose="wait", extra=lambda: queue.wait_parameters(member), leg=run.leg)
    while True:
        began = run.exchange.clock.microseconds
        end = await nested.run(Jump(url=url, method=verb.get("waitUrlMethod", "POST")))
        if end is RunEnd.LEAVE:
            member.taken.resolve(QueueResult.LEAVE)
        elif end is RunEnd.HANGUP:
            run.leg.end("completed")
        elif end is RunEnd.FAILED:
            member.taken.resolve(QueueResult.ERROR)
        elif run.exchange.habits.wait_document_repeats and run.exchange.clock.microseconds > began:
            continue
        else:
            # A document that takes no time cannot be repeated: silence follows, and the log says why.
            run.exchange.note(run.leg.sid, "error", "the wait document ended without <Redirect>: silence follows")
        return


async def dial_queue(run: Run, verb: Verb) -> Outcome:
    """Take the first caller out of a queue and talk."""
    noun = verb.children[0]
    queue = queue_named(run.exchange, noun.text)
    if queue is None:
        return run.action(verb, {"DialCallStatus": "failed", "DialBridged": "false"})
    member = await _next_member(run, queue, verb.number("timeout", DIAL_TIMEOUT_SECONDS))
    if member is None:
        return run.action(verb, {"DialCallStatus": "no-answer", "DialBridged": "false"})
    parameters = {
        "QueueSid": queue.sid,
        "QueueTime": str(queue.waited_seconds(member)),
        "DequeingCallSid": run.leg.sid,
    }
    began = run.exchange.clock.now()
    queue.remove(member)
    member.taken.resolve(QueueResult.BRIDGED)
    # The wait document is cut off before the caller hears the agent's one.
    await sleep(run.exchange.clock, 0)
    try:
        await _caller_side(noun, member, parameters)
        if member.leg.is_up:
            await bridge(run, verb, member.leg, ends_other=False)
    finally:
        member.talk_over.resolve(None)
    seconds = round((run.exchange.clock.now() - began).total_seconds())
    result = {"DialCallStatus": "completed", "DialCallSid": member.leg.sid, "DialCallDuration": str(seconds)}
    return run.action(verb, {**result, "DialBridged": "true"})


async def _next_member(run: Run, queue: Queue, timeout_seconds: float) -> Member | None:
    if not queue.members:
        arrival: Later[None] = Later()
        queue.arrivals.append(arrival)
        timer = run.exchange.clock.call_later(timeout_seconds, lambda: arrival.resolve(None))
        try:
            await arrival
        finally:
            timer.cancel()
            if arrival in queue.arrivals:
                queue.arrivals.remove(arrival)
    return queue.members[0] if queue.members else None


async def _caller_side(noun: Verb, member: Member, parameters: Mapping[str, str]) -> None:
    url = noun.url("url")
    if not url:
        return
    nested = member.run.nested(allowed=CALLER_SIDE_VERBS, purpose="whisper", extra=lambda: parameters, leg=member.leg)
    await nested.run(Jump(url=url, method=noun.get("method", "POST")))
