"""A conference: who is in, when it starts and ends, who hears whom, and the events that it reports.

The rules are those of Twilio's <Conference> page: it starts with two participants of whom one may start it, the first
participant's callback URL serves for all, a label is there once. How a leg gets in and out is in `ivr.line.meeting`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from ivr.line.exchange import Exchange
from ivr.line.legs import Leg
from ivr.line.party import Heard, HeardFrom
from ivr.line.sound import Room, Sound
from ivr.line.tasks import Later, Task
from ivr.line.twiml import Refused
from ivr.line.wire import Webhook

DUPLICATE_LABEL = 16025
CONFERENCE_FULL = 16020
# Twilio's error catalogue; 16025: the participant's label is taken
LEAST_PARTICIPANTS = 2
BEEP_SECONDS = 0.2
STARTS_WITH = "conference-start", "conference-end"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a leg takes part."""

    label: str = ""
    muted: bool = False
    beep: str = "true"
    start_on_enter: bool = True
    end_on_exit: bool = False
    coach: str = ""
    # the CallSid of the only participant who hears this one
    max_participants: int = 250
    wait_url: str | None = None
    # None is the line's own music, "" silence
    wait_method: str = "POST"
    callback_url: str = ""
    callback_method: str = "POST"
    callback_events: frozenset[str] = frozenset()


@dataclass(kw_only=True)
class Participant:
    """One leg in a conference."""

    leg: Leg
    settings: Settings
    muted: bool
    coach: str
    end_on_exit: bool
    created_at: datetime
    hold: bool = False
    left: Later[str] = field(default_factory=Later)
    # why it left; resolved by whoever takes it out
    interlude: Task | None = None
    # the waiting or hold music that it hears now

    def stop_interlude(self) -> None:
        """End the music."""
        if self.interlude is not None:
            self.interlude.stop()
            self.interlude = None


@dataclass(kw_only=True)
class Conference:
    """One conference, from its first participant to its end."""

    exchange: Exchange
    sid: str
    name: str
    status: str = "init"
    # init, in-progress, completed
    created_at: datetime = field(init=False)
    participants: list[Participant] = field(default_factory=list)
    reason_ended: str = ""
    ended_by: str = ""
    room: "ConferenceRoom" = field(init=False)
    _callback: Settings | None = None
    _sequence_number: int = 0
    _wait: Callable[["Conference", Participant], None] | None = None

    def __post_init__(self) -> None:
        self.created_at = self.exchange.clock.now()
        self.room = ConferenceRoom(self)
        self.exchange.conferences[self.sid] = self
        self.exchange.note(self.sid, "conference", f"created {self.name}")

    def participant(self, sid_or_label: str) -> Participant | None:
        """Find a participant by CallSid or label."""
        return next(
            (one for one in self.participants if sid_or_label and sid_or_label in {one.leg.sid, one.settings.label}),
            None,
        )

    def admit(
        self, leg: Leg, settings: Settings, interlude: Callable[["Conference", Participant], None]
    ) -> Participant | Refused:
        """Let a leg in, or say why not; `interlude` starts what a waiting participant hears."""
        if settings.label and self.participant(settings.label) is not None:
            return Refused(code=DUPLICATE_LABEL, reason=f"label {settings.label!r} is taken in {self.name}")
        if len(self.participants) >= settings.max_participants:
            return Refused(code=CONFERENCE_FULL, reason=f"{self.name} has {len(self.participants)} participants")
        participant = Participant(
            leg=leg,
            settings=settings,
            muted=settings.muted,
            coach=settings.coach,
            end_on_exit=settings.end_on_exit,
            created_at=self.exchange.clock.now(),
        )
        if self._callback is None and settings.callback_url:
            self._callback = settings
        self.participants.append(participant)
        self.room.join(leg.sound)
        may_start = any(one.settings.start_on_enter for one in self.participants)
        if self.status == "init" and len(self.participants) >= LEAST_PARTICIPANTS and may_start:
            self._start()
        elif self.status == "init":
            interlude(self, participant)
        self.report("participant-join", participant)
        self._beep(participant, "onEnter")
        return participant

    def take_out(self, participant: Participant, reason: str) -> None:
        """Let a participant go; the last one, or one who ends it, ends the conference."""
        if participant not in self.participants:
            return
        participant.stop_interlude()
        self.participants.remove(participant)
        self.room.leave(participant.leg.sound)
        extra = {"ParticipantCallStatus": participant.leg.status, "ReasonParticipantLeft": reason}
        self.report("participant-leave", participant, extra)
        self._beep(participant, "onExit")
        participant.left.resolve(reason)
        kicked = reason == "participant_updated_via_api"
        if participant.end_on_exit and self.status == "in-progress":
            how = "kicked" if kicked else "left"
            self.finish(
                f"participant-with-end-conference-on-exit-{how}", participant.leg.sid, "moderator_ended_conference"
            )
        elif not self.participants:
            self.finish("last-participant-kicked" if kicked else "last-participant-left", participant.leg.sid, "")

    def finish(self, reason: str, call_sid: str, reason_left: str) -> None:
        """End the conference; whoever is still in leaves."""
        if self.status == "completed":
            return
        started = self.status == "in-progress"
        self.status, self.reason_ended, self.ended_by = "completed", reason, call_sid
        for participant in list(self.participants):
            self.take_out(participant, reason_left)
        self.exchange.note(self.sid, "conference", f"ended: {reason}")
        if started:
            self.report("conference-end", None, {"ReasonConferenceEnded": reason, "CallSidEndingConference": call_sid})

    def update(
        self,
        participant: Participant,
        *,
        muted: bool | None = None,
        coach: str | None = None,
        end_on_exit: bool | None = None,
    ) -> None:
        """Change how a participant takes part."""
        if muted is not None and muted != participant.muted:
            participant.muted = muted
            self.report("participant-mute" if muted else "participant-unmute", participant)
        modified = coach is not None or end_on_exit is not None
        participant.coach = participant.coach if coach is None else coach
        participant.end_on_exit = participant.end_on_exit if end_on_exit is None else end_on_exit
        if modified:
            self.report("participant-modify", participant)
        self.room.refresh()

    def set_hold(
        self, participant: Participant, *, hold: bool, interlude: Callable[["Conference", Participant], None]
    ) -> None:
        """Put a participant on hold or take it back."""
        if hold == participant.hold:
            return
        participant.hold = hold
        participant.stop_interlude()
        if hold:
            interlude(self, participant)
        self.report("participant-hold" if hold else "participant-unhold", participant)
        self.room.refresh()

    def report(self, event: str, participant: Participant | None, extra: Mapping[str, str] | None = None) -> None:
        """Report an event to the callback URL, if it was asked for."""
        who = participant.leg.sid if participant is not None else self.sid
        self.exchange.note(self.sid, "conference", f"{event} {who}")
        callback = self._callback
        if callback is None or not callback.callback_events & _names_of(event):
            return
        parameters = {
            "ConferenceSid": self.sid,
            "FriendlyName": self.name,
            "AccountSid": self.exchange.account_sid,
            "StatusCallbackEvent": event,
            "SequenceNumber": str(self._sequence_number),
            "Timestamp": format_datetime(self.exchange.clock.now()),
            **(_state_of(participant) if participant is not None else {}),
            **(extra or {}),
        }
        self._sequence_number += 1
        webhook = Webhook(
            url=callback.callback_url, method=callback.callback_method, parameters=parameters, purpose="conference"
        )
        self.exchange.wire.request(webhook)

    def _start(self) -> None:
        self.status = "in-progress"
        for participant in self.participants:
            participant.stop_interlude()
        self.report("conference-start", self.participants[-1])
        self.room.refresh()

    def _beep(self, participant: Participant, when: str) -> None:
        if participant.settings.beep not in {"true", when} or self.status != "in-progress":
            return
        for other in self.participants:
            if not other.hold:
                heard = Heard(text="beep", language="", seconds=BEEP_SECONDS, source=HeardFrom.TONE)
                other.leg.party.hear_text(heard)


class ConferenceRoom(Room):
    """Who hears whom in a conference."""

    def __init__(self, conference: Conference) -> None:
        super().__init__()
        self._conference = conference

    def hears(self, listener: Sound, speaker: Sound) -> bool:
        """Whether one participant hears another: not before the start, on hold, muted, or past a coach."""
        if listener is speaker or self._conference.status != "in-progress":
            return False
        ear, mouth = self._participant(listener), self._participant(speaker)
        if ear is None or mouth is None or ear.hold or mouth.hold or mouth.muted:
            return False
        return not mouth.coach or mouth.coach == ear.leg.sid

    def _participant(self, sound: Sound) -> Participant | None:
        return next((one for one in self._conference.participants if one.leg.sound is sound), None)


def _names_of(event: str) -> set[str]:
    """Give the words of `statusCallbackEvent` that ask for an event."""
    what = event.partition("-")[2]
    return {"unmute": {"mute"}, "unhold": {"hold"}}.get(what, {what})


def _state_of(participant: Participant) -> dict[str, str]:
    parameters = {
        "CallSid": participant.leg.sid,
        "Muted": _text(participant.muted),
        "Hold": _text(participant.hold),
        "Coaching": _text(bool(participant.coach)),
        "EndConferenceOnExit": _text(participant.end_on_exit),
        "StartConferenceOnEnter": _text(participant.settings.start_on_enter),
    }
    if participant.settings.label:
        parameters["ParticipantLabel"] = participant.settings.label
    return parameters


def _text(flag: bool) -> str:  # noqa: FBT001  the value itself
    return "true" if flag else "false"
