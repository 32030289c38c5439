"""How a leg gets into a conference and out again, and what it hears while it waits or is on hold.

The conference's own rules are in `ivr.line.conference`.
"""

from ivr.line.conference import Conference, Participant, Settings
from ivr.line.exchange import Exchange
from ivr.line.interpreter import Jump, Outcome, Run, RunEnd
from ivr.line.playing import play_music
from ivr.line.tasks import Task
from ivr.line.twiml import Refused, Verb

WAIT_VERBS = frozenset({"Say", "Play", "Pause", "Redirect"})
# Twilio's <Conference> page: the wait and hold documents know no Gather


def conference_named(exchange: Exchange, name: str) -> Conference:
    """Give the live conference of that name, or a new one."""
    for conference in exchange.conferences.values():
        if conference.name == name and conference.status != "completed":
            return conference
    return Conference(exchange=exchange, sid=exchange.sids.new("CF"), name=name)


def settings_of(noun: Verb) -> Settings:
    """Read a <Conference> noun."""
    return Settings(
        label=noun.get("participantLabel"),
        muted=noun.flag("muted", default=False),
        beep=noun.get("beep", "true"),
        start_on_enter=noun.flag("startConferenceOnEnter", default=True),
        end_on_exit=noun.flag("endConferenceOnExit", default=False),
        coach=noun.get("coach"),
        max_participants=int(noun.number("maxParticipants", 250)),
        wait_url=noun.url("waitUrl"),
        wait_method=noun.get("waitMethod", "POST"),
        callback_url=noun.url("statusCallback") or "",
        callback_method=noun.get("statusCallbackMethod", "POST"),
        callback_events=frozenset(noun.get("statusCallbackEvent").split()),
    )


async def dial_conference(run: Run, verb: Verb) -> Outcome:
    """Take part in a conference until the leg leaves it, then go on with the dial's action."""
    noun, leg = verb.children[0], run.leg
    if leg.status == "ringing":
        leg.move("in-progress")
    conference = conference_named(run.exchange, noun.text)
    conference_sid = {"ConferenceSid": conference.sid}
    status = "answered"
    try:
        status = await take_part(run, conference, settings_of(noun))
    finally:
        if leg.status == "completed" and run.exchange.habits.dial_action_after_hang_up:
            run.tell_action(verb, {"DialCallStatus": status, **conference_sid})
    return run.action(verb, {"DialCallStatus": status, **conference_sid})


async def take_part(run: Run, conference: Conference, settings: Settings) -> str:
    """Take part until the leg leaves; give the status for the dial's action: answered or failed."""
    leg = run.leg
    participant = conference.admit(leg, settings, lambda where, who: wait(run, where, who))
    if isinstance(participant, Refused):
        run.exchange.note(leg.sid, "error", f"{participant.code} {participant.reason}")
        return "failed"
    try:
        reason = await participant.left
    finally:
        why = "participant_updated_via_api" if leg.is_live else "participant_hung_up"
        conference.take_out(participant, why)
    return "failed" if reason == "participant_add_failed" else "answered"


def wait(run: Run, conference: Conference, participant: Participant) -> None:
    """Start what a participant hears before the conference starts."""
    settings = participant.settings
    play_interlude(run, conference, participant, settings.wait_url, settings.wait_method, must_work=True)


def play_interlude(
    run: Run, conference: Conference, participant: Participant, url: str | None, method: str, *, must_work: bool
) -> None:
    """Play a wait or hold document; None is the line's own music, "" silence."""
    if url == "":
        return
    coroutine = (
        play_music(participant.leg)
        if url is None
        else _documents(run, conference, participant, url=url, method=method, must_work=must_work)
    )
    participant.interlude = Task(run.exchange.clock, coroutine)


async def _documents(
    run: Run, conference: Conference, participant: Participant, *, url: str, method: str, must_work: bool
) -> None:
    parameters = {"ConferenceSid": conference.sid, "FriendlyName": conference.name}
    nested = run.nested(allowed=WAIT_VERBS, purpose="wait", extra=lambda: parameters, leg=participant.leg)
    end = await nested.run(Jump(url=url, method=method))
    # Silence follows a document that ends: Twilio's page tells to redirect.
    if end is RunEnd.FAILED and must_work:
        conference.take_out(participant, "participant_add_failed")
