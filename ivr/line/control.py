"""Starts, redirects and ends calls: the table of all verbs, the calls that come in, and what the REST API does to legs.

Each verb is in its own module, this one puts them together.
"""

from ivr.line.dial import dial, new_called_leg, ring
from ivr.line.exchange import Exchange
from ivr.line.gather import gather
from ivr.line.interpreter import Jump, Outcome, Run, RunEnd, VerbFunction
from ivr.line.legs import Fallback, Leg, Progress
from ivr.line.meeting import dial_conference
from ivr.line.playing import pause, play, say
from ivr.line.queues import dial_queue, enqueue
from ivr.line.record import record
from ivr.line.streams import connect, start, stop
from ivr.line.tasks import Task
from ivr.line.twiml import INVALID_URL, Document, Refused, Verb, absolute

FINAL_STATUS = {RunEnd.BUSY: "busy", RunEnd.REJECTED: "no-answer"}
# Twilio's <Reject> page: "busy" plays a busy tone, "rejected" a not-in-service one; what status the log of the latter shows
# is not documented
REST_CALL_TIMEOUT_SECONDS = 60.0
# Twilio's call resource


async def dial_any(run: Run, verb: Verb) -> Outcome:
    """Dial what the nouns say."""
    match verb.children[0].name if verb.children else "Number":
        case "Conference":
            return await dial_conference(run, verb)
        case "Queue":
            return await dial_queue(run, verb)
        case _:
            return await dial(run, verb)


async def redirect(_run: Run, verb: Verb) -> Outcome:
    """Go on with another document."""
    url = absolute(verb.text, verb.base_url)
    if "://" not in url:
        return Refused(code=INVALID_URL, reason="<Redirect> in inline TwiML must be an absolute URL")
    return Jump(url=url, method=verb.get("method", "POST"))


async def leave(_run: Run, _verb: Verb) -> Outcome:
    """Leave the queue."""
    return RunEnd.LEAVE


async def hang_up(_run: Run, _verb: Verb) -> Outcome:
    """End the call."""
    return RunEnd.HANGUP


async def reject(run: Run, verb: Verb) -> Outcome:
    """Refuse a call that was not picked up yet; afterwards it is a hang-up."""
    if run.leg.status != "ringing":
        return RunEnd.HANGUP
    return RunEnd.BUSY if verb.get("reason") == "busy" else RunEnd.REJECTED


VERBS: dict[str, VerbFunction] = {
    "Say": say,
    "Play": play,
    "Pause": pause,
    "Gather": gather,
    "Record": record,
    "Redirect": redirect,
    "Dial": dial_any,
    "Enqueue": enqueue,
    "Leave": leave,
    "Hangup": hang_up,
    "Reject": reject,
    "Connect": connect,
    "Start": start,
    "Stop": stop,
}


def new_run(exchange: Exchange, leg: Leg) -> Run:
    """Give an execution with all verbs."""
    return Run(exchange=exchange, leg=leg, verbs=VERBS)


def execute(leg: Leg, beginning: Jump | Document) -> None:
    """Let a leg execute documents; it ends with its verbs."""
    leg.task = Task(leg.exchange.clock, _execute(leg, beginning))


def replace(leg: Leg, beginning: Jump | Document) -> None:
    """Replace what a live leg does by another document, wherever it is: in a queue, a conference, on a bridge."""
    leg.exchange.note(leg.sid, "redirect", beginning.url or "inline TwiML")
    running, leg.task = leg.task, None
    if running is not None:
        running.stop()
    if leg.leave_bridge is not None:
        leg.leave_bridge()
    execute(leg, beginning)


def place_call(
    exchange: Exchange,
    *,
    from_: str,
    to: str,
    beginning: Jump | Document,
    progress: Progress | None = None,
    fallback: Fallback | None = None,
    timeout_seconds: float = REST_CALL_TIMEOUT_SECONDS,
) -> Leg:
    """Call an address and execute documents there when it answers; the leg is `queued` when this returns."""
    leg = new_called_leg(exchange, from_=from_, to=to, direction="outbound-api", progress=progress, fallback=fallback)
    leg.task = Task(exchange.clock, _ring_and_execute(leg, beginning, timeout_seconds))
    return leg


def receive_call(exchange: Exchange, leg: Leg, to: str) -> None:
    """Let an inbound leg ring at a number of the account; an unknown number fails."""
    config = exchange.numbers.get(to)
    if config is None:
        exchange.note(leg.sid, "error", f"{to} is no number of this account")
        leg.end("failed")
        return
    leg.move("ringing")
    if leg.is_live:
        execute(leg, Jump(url=config.voice_url, method=config.voice_method))


async def _ring_and_execute(leg: Leg, beginning: Jump | Document, timeout_seconds: float) -> None:
    if await ring(leg, timeout_seconds):
        await _execute(leg, beginning)


async def _execute(leg: Leg, beginning: Jump | Document) -> None:
    end = await new_run(leg.exchange, leg).run(beginning)
    leg.end(FINAL_STATUS.get(end, "completed"))


def hang_up_by_api(leg: Leg, status: str) -> None:
    """End a leg from outside: `completed` ends it at any state, `canceled` only before it is answered."""
    if status == "completed":
        leg.end("completed" if leg.is_up else "canceled")
    elif not leg.is_up:
        leg.end("canceled")
