"""Dial: rings numbers, clients and SIP addresses, the first to answer is bridged with the caller.

Who answers at an address is in the exchange's registry; an address that nobody registered fails. Conferences and queues
have modules of their own.
"""

from dataclasses import dataclass, field
from typing import assert_never

from ivr.line.channel import GOOD
from ivr.line.ears import listen
from ivr.line.exchange import Exchange
from ivr.line.interpreter import Jump, Outcome, Run, RunEnd
from ivr.line.legs import Deaf, Fallback, Leg, Progress, progress_of
from ivr.line.party import Answer, Busy, Decline, NoAnswer, RingReply, SilentParty, Undecided
from ivr.line.sound import Room
from ivr.line.tasks import Later, Task
from ivr.line.twiml import Verb

DIAL_TIMEOUT_SECONDS = 30.0
DIAL_LIMIT_SECONDS = 14_400.0
# defaults of Twilio's <Dial> page
WHISPER_VERBS = frozenset({"Say", "Play", "Pause", "Gather", "Redirect", "Hangup"})
# Twilio's <Number> page: the callee's document may ask for a key before the bridge


@dataclass(kw_only=True)
class Hold(Deaf):
    """What holds a leg in a dial until something lets it go."""

    star_ends: bool = False
    over: Later[str] = field(default_factory=Later)

    def key(self, key: str) -> None:
        """Let go at a star, if the dial says so."""
        if self.star_ends and key == "*":
            self.over.resolve("star")


def normalised(address: str) -> str:
    """Give the form under which an address is registered: no spaces, `sip:` and `client:` kept."""
    return address.strip().replace(" ", "")


def new_called_leg(
    exchange: Exchange,
    *,
    from_: str,
    to: str,
    direction: str,
    parent_sid: str = "",
    progress: Progress | None = None,
    fallback: Fallback | None = None,
) -> Leg:
    """Make a leg towards an address; it does not ring yet."""
    address = normalised(to)
    factory = exchange.addresses.get(address)
    leg = Leg(
        exchange=exchange,
        sid=exchange.sids.new("CA"),
        from_=from_,
        to=address,
        direction=direction,
        quality=GOOD if address.startswith(("client:", "sip:")) else exchange.quality,
        party=factory() if factory is not None else SilentParty(),
        parent_sid=parent_sid,
        progress=progress,
        fallback=fallback,
    )
    listen(leg)
    return leg


async def ring(leg: Leg, timeout_seconds: float) -> bool:
    """Ring a called leg and tell whether it was answered; otherwise it has ended with its status."""
    if not leg.is_live:
        return False
    leg.move("initiated")
    if normalised(leg.to) not in leg.exchange.addresses:
        leg.exchange.note(leg.sid, "error", f"nobody is registered at {leg.to}")
        leg.end("failed")
        return False
    leg.move("ringing")
    _take_reply(leg, leg.party.ring())
    too_long = leg.exchange.clock.call_later(timeout_seconds, lambda: None if leg.is_up else leg.end("no-answer"))
    try:
        return await leg.answered
    finally:
        too_long.cancel()


def _take_reply(leg: Leg, reply: RingReply) -> None:
    clock = leg.exchange.clock
    match reply:
        case Answer(after_seconds=seconds):
            clock.call_later(seconds, leg.answer)
        case Decline(after_seconds=seconds):
            clock.call_later(seconds, leg.decline)
        case Busy():
            leg.end("busy")
        case NoAnswer() | Undecided():
            return
        case _:
            assert_never(reply)


async def dial(run: Run, verb: Verb) -> Outcome:
    """Ring the nouns at once and bridge the first that answers."""
    legs = [_leg_for(run, verb, noun) for noun in verb.children] or [_plain_number(run, verb)]
    nouns: list[Verb | None] = [*verb.children] or [None]
    won: Later[Leg | None] = Later()
    timeout = verb.number("timeout", DIAL_TIMEOUT_SECONDS)
    tries = [
        Task(run.exchange.clock, _try(run, leg, noun, legs=legs, timeout_seconds=timeout, won=won))
        for leg, noun in zip(legs, nouns, strict=True)
    ]
    winner: Leg | None = None
    try:
        winner = await won
        if winner is not None:
            await bridge(run, verb, winner)
    finally:
        for attempt in tries:
            attempt.stop()
        for leg in legs:
            _let_go(leg)
        if run.leg.status == "completed" and run.exchange.habits.dial_action_after_hang_up:
            run.tell_action(verb, _result(legs, winner))
    return run.action(verb, _result(legs, winner))


async def bridge(run: Run, verb: Verb, other: Leg, *, ends_other: bool = True) -> None:
    """Let both legs talk until one is gone; `ends_other` if the other one has no verbs of its own to go on with."""
    leg, room = run.leg, Room()
    if leg.status == "ringing":
        leg.move("in-progress")
    hold = Hold(star_ends=verb.flag("hangupOnStar", default=False))
    leg.listeners.append(hold)
    other.on_end.append(lambda: hold.over.resolve("ended"))
    other.leave_bridge = lambda: hold.over.resolve("elsewhere")
    limit = run.exchange.clock.call_later(
        verb.number("timeLimit", DIAL_LIMIT_SECONDS), lambda: hold.over.resolve("time limit")
    )
    room.join(leg.sound)
    room.join(other.sound)
    try:
        if other.is_live:
            why = await hold.over
            if why == "elsewhere":
                return
            if other.is_up and ends_other:
                other.end("completed")
    finally:
        limit.cancel()
        other.leave_bridge = None
        room.leave(leg.sound)
        room.leave(other.sound)
        if hold in leg.listeners:
            leg.listeners.remove(hold)


async def _try(
    run: Run, leg: Leg, noun: Verb | None, *, legs: list[Leg], timeout_seconds: float, won: Later[Leg | None]
) -> None:
    if await ring(leg, timeout_seconds):
        for other in legs:
            if other is not leg and other.is_live:
                other.end("canceled")
        if noun is None or await _accepted(run, leg, noun):
            won.resolve(leg)
            return
        leg.end("completed")
    if not any(other.is_live for other in legs):
        won.resolve(None)


async def _accepted(run: Run, leg: Leg, noun: Verb) -> bool:
    url = noun.url("url")
    if not url:
        return True
    whisper = run.nested(allowed=WHISPER_VERBS, purpose="whisper", extra=dict, leg=leg)
    end = await whisper.run(Jump(url=url, method=noun.get("method", "POST")))
    return end is RunEnd.FINISHED and leg.is_up


def _leg_for(run: Run, verb: Verb, noun: Verb) -> Leg:
    prefix = "client:" if noun.name == "Client" else "sip:" if noun.name == "Sip" else ""
    to = noun.text if noun.text.startswith(prefix) else prefix + noun.text
    progress = progress_of(
        noun.url("statusCallback"), noun.get("statusCallbackMethod", "POST"), noun.get("statusCallbackEvent").split()
    )
    return _child(run, verb, to, progress)


def _plain_number(run: Run, verb: Verb) -> Leg:
    return _child(run, verb, verb.text, None)


def _child(run: Run, verb: Verb, to: str, progress: Progress | None) -> Leg:
    return new_called_leg(
        run.exchange,
        from_=verb.get("callerId") or run.leg.from_,
        to=to,
        direction="outbound-dial",
        parent_sid=run.leg.sid,
        progress=progress,
    )


def _let_go(leg: Leg) -> None:
    if leg.is_up and leg.task is None:
        leg.end("completed")
    elif leg.is_live and not leg.is_up:
        leg.end("canceled")


def _result(legs: list[Leg], winner: Leg | None) -> dict[str, str]:
    if winner is not None:
        return {
            "DialCallStatus": "completed",
            "DialCallSid": winner.sid,
            "DialCallDuration": str(winner.duration_seconds()),
            "DialBridged": "true",
        }
    statuses = [leg.status for leg in legs]
    status = next((known for known in ("no-answer", "busy", "failed") if known in statuses), "no-answer")
    leg = next((leg for leg in legs if leg.status == status), legs[0])
    return {"DialCallStatus": status, "DialCallSid": leg.sid, "DialBridged": "false"}
