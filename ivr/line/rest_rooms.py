"""What the REST API does with conferences, participants, queues and their members; runs on the line's loop.

Parameters whose effect the line does not have are refused by name. Error codes are those of Twilio's catalogue.
"""

from ivr.line import control
from ivr.line.conference import Conference, Participant, Settings
from ivr.line.dial import new_called_leg, ring
from ivr.line.exchange import Exchange
from ivr.line.interpreter import Jump
from ivr.line.legs import Leg, progress_of
from ivr.line.meeting import conference_named, play_interlude, take_part
from ivr.line.queues import Member, Queue
from ivr.line.rest_calls import check_url
from ivr.line.rest_shapes import (
    Form,
    Payload,
    RestError,
    account_uri,
    conference_shape,
    flag,
    member_shape,
    missing,
    one,
    only,
    page,
    participant_shape,
    queue_shape,
    when,
    whole,
)
from ivr.line.tasks import Task

PARTICIPANT_CREATE = [
    "From",
    "To",
    "Label",
    "Timeout",
    "Muted",
    "Beep",
    "StartConferenceOnEnter",
    "EndConferenceOnExit",
    "WaitUrl",
    "WaitMethod",
    "MaxParticipants",
    "Coaching",
    "CallSidToCoach",
    "CallerId",
    "StatusCallback",
    "StatusCallbackMethod",
    "StatusCallbackEvent",
    "ConferenceStatusCallback",
    "ConferenceStatusCallbackMethod",
    "ConferenceStatusCallbackEvent",
    "EarlyMedia",
    "JitterBufferSize",
]
PARTICIPANT_UPDATE = ["Muted", "Hold", "HoldUrl", "HoldMethod", "EndConferenceOnExit", "Coaching", "CallSidToCoach"]
PAGING = ["Page", "PageSize", "PageToken"]


def conference_of(exchange: Exchange, sid_or_name: str) -> Conference:
    """Find a conference by sid, or a live one by name."""
    found = exchange.conferences.get(sid_or_name)
    if found is None:
        live = (one_ for one_ in exchange.conferences.values() if one_.status != "completed")
        found = next((one_ for one_ in live if one_.name == sid_or_name), None)
    return found or missing(f"Conferences/{sid_or_name}")


def list_conferences(exchange: Exchange, form: Form) -> Payload:
    """List conferences; only those in progress unless Status asks for others (Twilio, 30 September 2026)."""
    only(form, ["Status", "FriendlyName", *PAGING])
    status = one(form, "Status", "in-progress")
    found = [
        conference_shape(conference)
        for conference in reversed(exchange.conferences.values())
        if conference.status == status and ("FriendlyName" not in form or conference.name == one(form, "FriendlyName"))
    ]
    return page("conferences", found, form, f"{account_uri(exchange)}/Conferences.json")


def fetch_conference(exchange: Exchange, sid: str) -> Payload:
    """Give a conference."""
    return conference_shape(conference_of(exchange, sid))


def update_conference(exchange: Exchange, sid: str, form: Form) -> Payload:
    """End a conference."""
    only(form, ["Status"])
    conference = conference_of(exchange, sid)
    if one(form, "Status") != "completed":
        raise RestError(400, 20001, "Status must be completed")
    conference.finish("conference-ended-via-api", "", "conference_ended_via_api")
    return conference_shape(conference)


def create_participant(exchange: Exchange, sid: str, form: Form) -> Payload:
    """Call somebody into a conference; one that is not there yet is made, by name."""
    only(form, PARTICIPANT_CREATE)
    from_, to, label = one(form, "From"), one(form, "To"), one(form, "Label")
    if not from_ or not to:
        raise RestError(400, 21201, "From and To are required")
    conference = exchange.conferences.get(sid)
    if conference is None and sid.startswith("CF"):
        missing(f"Conferences/{sid}")
    conference = conference or conference_named(exchange, sid)
    if label and conference.participant(label) is not None:
        raise RestError(400, 16025, f"Participant label {label} is already taken")
    settings = _settings_of(form)
    leg = new_called_leg(
        exchange,
        from_=one(form, "CallerId") or from_,
        to=to,
        direction="outbound-api",
        progress=progress_of(
            one(form, "StatusCallback"), one(form, "StatusCallbackMethod"), form.get("StatusCallbackEvent", ())
        ),
    )
    leg.task = Task(exchange.clock, _bring_in(leg, conference, settings, whole(form, "Timeout", 60)))
    now = when(exchange.clock.now())
    return {
        "account_sid": exchange.account_sid,
        "call_sid": leg.sid,
        "label": label or None,
        "conference_sid": conference.sid,
        "muted": settings.muted,
        "hold": False,
        "coaching": bool(settings.coach),
        "call_sid_to_coach": settings.coach or None,
        "start_conference_on_enter": settings.start_on_enter,
        "end_conference_on_exit": settings.end_on_exit,
        "status": leg.status,
        "queue_time": "0",
        "date_created": now,
        "date_updated": now,
        "uri": f"{account_uri(exchange)}/Conferences/{conference.sid}/Participants/{leg.sid}.json",
    }


def _settings_of(form: Form) -> Settings:
    start, end = flag(form, "StartConferenceOnEnter"), flag(form, "EndConferenceOnExit")
    callback = one(form, "ConferenceStatusCallback")
    events = " ".join(form.get("ConferenceStatusCallbackEvent", ())).split()
    return Settings(
        label=one(form, "Label"),
        muted=flag(form, "Muted") or False,
        beep=one(form, "Beep", "true"),
        start_on_enter=True if start is None else start,
        end_on_exit=end or False,
        coach=_coached(form) or "",
        max_participants=whole(form, "MaxParticipants", 250),
        wait_url=form["WaitUrl"][0] if "WaitUrl" in form else None,
        wait_method=one(form, "WaitMethod", "POST"),
        callback_url=callback,
        callback_method=one(form, "ConferenceStatusCallbackMethod", "POST"),
        callback_events=frozenset(events),
    )


def _coached(form: Form) -> str | None:
    """Whom a participant coaches, "" for nobody, None where nothing is said of it.

    Participant page: Coaching is taken as true where CallSidToCoach is given, and true needs it.
    """
    coaching, whom = flag(form, "Coaching"), one(form, "CallSidToCoach")
    if coaching and not whom:
        raise RestError(400, 20001, "Coaching needs CallSidToCoach")
    if coaching is None:
        return whom or None
    return whom if coaching else ""


async def _bring_in(leg: Leg, conference: Conference, settings: Settings, timeout_seconds: int) -> None:
    if not await ring(leg, timeout_seconds):
        return
    if conference.status == "completed":
        conference = conference_named(leg.exchange, conference.name)
    await take_part(control.new_run(leg.exchange, leg), conference, settings)
    leg.end("completed")


def participant_of(exchange: Exchange, sid: str, who: str) -> tuple[Conference, Participant]:
    """Find a participant by CallSid or label."""
    conference = conference_of(exchange, sid)
    return conference, conference.participant(who) or missing(f"Participants/{who}")


def list_participants(exchange: Exchange, sid: str, form: Form) -> Payload:
    """List who is in a conference."""
    only(form, ["Muted", "Hold", "Coaching", *PAGING])
    conference = conference_of(exchange, sid)
    wanted = {key: flag(form, key) for key in ("Muted", "Hold", "Coaching")}
    found = [
        participant_shape(conference, participant)
        for participant in conference.participants
        if wanted["Muted"] in {None, participant.muted}
        and wanted["Hold"] in {None, participant.hold}
        and wanted["Coaching"] in {None, bool(participant.coach)}
    ]
    uri = f"{account_uri(exchange)}/Conferences/{conference.sid}/Participants.json"
    return page("participants", found, form, uri)


def fetch_participant(exchange: Exchange, sid: str, who: str) -> Payload:
    """Give a participant."""
    return participant_shape(*participant_of(exchange, sid, who))


def update_participant(exchange: Exchange, sid: str, who: str, form: Form) -> Payload:
    """Hold, mute, coach: change how somebody takes part."""
    only(form, PARTICIPANT_UPDATE)
    conference, participant = participant_of(exchange, sid, who)
    hold, coach = flag(form, "Hold"), _coached(form)
    if coach and conference.participant(coach) is None:
        missing(f"Participants/{coach}")
    conference.update(
        participant,
        muted=flag(form, "Muted"),
        coach=coach,
        end_on_exit=flag(form, "EndConferenceOnExit"),
    )
    if hold is not None:
        _set_hold(exchange, conference, participant, form, hold=hold)
    return participant_shape(conference, participant)


def _set_hold(exchange: Exchange, conference: Conference, participant: Participant, form: Form, *, hold: bool) -> None:
    url, method = (form["HoldUrl"][0] if "HoldUrl" in form else None), one(form, "HoldMethod", "GET")
    if url:
        check_url(url)
    run = control.new_run(exchange, participant.leg)
    conference.set_hold(
        participant,
        hold=hold,
        interlude=lambda where, who: play_interlude(run, where, who, url, method, must_work=False),
    )


def remove_participant(exchange: Exchange, sid: str, who: str) -> None:
    """Take somebody out of a conference; its leg goes on with its document."""
    conference, participant = participant_of(exchange, sid, who)
    conference.take_out(participant, "participant_updated_via_api")


def queue_of(exchange: Exchange, sid: str) -> Queue:
    """Find a queue."""
    return exchange.queues.get(sid) or missing(f"Queues/{sid}")


def list_queues(exchange: Exchange, form: Form) -> Payload:
    """List queues."""
    only(form, PAGING)
    found = [queue_shape(queue) for queue in exchange.queues.values()]
    return page("queues", found, form, f"{account_uri(exchange)}/Queues.json")


def fetch_queue(exchange: Exchange, sid: str) -> Payload:
    """Give a queue."""
    return queue_shape(queue_of(exchange, sid))


def member_of(queue: Queue, who: str) -> Member:
    """Find a caller by CallSid, or the first one as `Front`."""
    found = queue.members[:1] if who == "Front" else [one_ for one_ in queue.members if one_.leg.sid == who]
    return found[0] if found else missing(f"Members/{who}")


def list_members(exchange: Exchange, sid: str, form: Form) -> Payload:
    """List who waits."""
    only(form, PAGING)
    queue = queue_of(exchange, sid)
    found = [member_shape(queue, member) for member in queue.members]
    return page("queue_members", found, form, f"{account_uri(exchange)}/Queues/{sid}/Members.json")


def fetch_member(exchange: Exchange, sid: str, who: str) -> Payload:
    """Give a caller who waits."""
    queue = queue_of(exchange, sid)
    return member_shape(queue, member_of(queue, who))


def update_member(exchange: Exchange, sid: str, who: str, form: Form) -> Payload:
    """Take a caller out of a queue to another document."""
    only(form, ["Url", "Method"])
    queue = queue_of(exchange, sid)
    member = member_of(queue, who)
    check_url(one(form, "Url"))
    shape = member_shape(queue, member)
    control.replace(member.leg, Jump(url=one(form, "Url"), method=one(form, "Method", "POST")))
    return shape
