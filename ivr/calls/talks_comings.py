"""How a leg beyond the caller's comes into the conference: accepted at the desk, rung, whispered to, confirmed by a key, in.

Every webhook is held against the leg's own row, so a repeated or late one gets the answer that it got, or is told that the caller
is gone. What follows when a leg goes is `ivr.calls.talks_goings`'.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.calls import legs, own_words, speaking, store, talks_words
from ivr.calls.company import Company
from ivr.calls.conductor import Reply
from ivr.calls.effects import BringCaller, Effect, RingLeg
from ivr.calls.tables import Call, CallLeg
from ivr.calls.talks_goings import Goings, take_part
from ivr.calls.talks_table import first_of
from ivr.telephony import twiml
from ivr.telephony.answers import AskKey, Meet, SayAndHangUp
from ivr.telephony.requests import ENDED_STATUSES, StatusCallback, VoiceRequest
from routing import dispatch, reports

# What an outside number presses to take a call, and how long it is waited for after each saying; a voicemail presses nothing.
ACCEPTS_KEY = "1"
KEY_SECONDS = 5
# A leg that has not been answered so long after its telephone stopped ringing never will be; a whisper and a key need time too.
PATIENCE = timedelta(seconds=15)
PATIENCE_WITH_KEY = timedelta(seconds=45)


class Comings:
    """Answers the webhooks of legs beyond the callers'."""

    def __init__(self, company: Company, goings: Goings) -> None:
        self._company = company
        self._goings = goings

    def accepted(self, session: Session, *, work_id: str, agent_id: str, now: datetime) -> tuple[Effect, ...]:
        """An agent has taken an offer at the desk, of a call or of a consultation: their telephone rings next."""
        leg = legs.of_work(session, work_id) or self._passed_on(session, work_id)
        call = store.call(session, work_id if leg is None else leg.call_id, lock=True)
        presence = reports.state_of(session, agent_id)
        if call is None or presence is None:
            return ()
        if leg is None:
            leg = legs.add(session, legs.wanted(call.call_id, legs.AGENT, now=now))
        leg.agent_id, leg.name, leg.address = agent_id, presence.name, presence.address
        if leg.role == legs.AGENT:
            call.agent_id, call.agent_leg = agent_id, None
        kind = "accepted" if leg.role == legs.AGENT else "consult_accepted"
        store.note(session, call.call_id, kind, {"agent": agent_id}, now)
        return (self.ring(leg, now),)

    def ring(self, leg: CallLeg, now: datetime) -> RingLeg:
        """Let a leg's telephone ring."""
        patience = PATIENCE_WITH_KEY if talks_words.is_outside(leg) else PATIENCE
        leg.state, leg.sid = legs.RINGING, None
        leg.due_at = now + timedelta(seconds=self._company.agent_ring_seconds) + patience
        return RingLeg(leg_id=leg.leg_id, address=leg.address)

    def answered(self, session: Session, request: VoiceRequest, leg_id: int, now: datetime) -> Reply:
        """The leg was picked up: an outside number is asked for a key, everybody else comes in."""
        found = self._wanted(session, request, leg_id)
        if found is None:
            return self._nobody_there(session, now)
        call, leg = found
        leg.sid = request.call_id
        if leg.state == legs.RINGING and talks_words.is_outside(leg):
            return Reply(
                document=twiml.write(
                    AskKey(
                        prompts=talks_words.before_key(session, self._company, call, leg),
                        answer_path=self._company.addresses.voice(f"leg/{leg_id}/key"),
                        timeout_seconds=KEY_SECONDS,
                    )
                )
            )
        return self._comes_in(session, call, leg, now)

    def keyed(self, session: Session, request: VoiceRequest, leg_id: int, now: datetime) -> Reply:
        """An outside number pressed a key, or none: only the right one takes the call."""
        found = self._wanted(session, request, leg_id)
        if found is None:
            return self._nobody_there(session, now)
        call, leg = found
        if request.keys == ACCEPTS_KEY or leg.state == legs.IN:
            return self._comes_in(session, call, leg, now)
        effects = self._goings.gone(session, call, leg, "no_key", now)
        return Reply(document=twiml.write(SayAndHangUp(prompts=())), effects=effects)

    def status(self, session: Session, callback: StatusCallback, leg_id: int, now: datetime) -> tuple[Effect, ...]:
        """What became of a leg; only its end counts, whenever it is told."""
        if callback.status not in ENDED_STATUSES:
            return ()
        found = self.locked(session, leg_id)
        if found is None or found[1].sid not in {None, callback.call_id}:
            return ()
        return self._goings.gone(session, *found, callback.status, now)

    def _comes_in(self, session: Session, call: Call, leg: CallLeg, now: datetime) -> Reply:
        effects: tuple[Effect, ...] = ()
        if leg.state == legs.RINGING:
            leg.state, leg.in_at, leg.due_at = legs.IN, now, None
            effects = self._joined(session, call, leg, now)
        addresses = self._company.addresses
        first = first_of(legs.live(session, call.call_id))
        meet = Meet(
            prompts=talks_words.before_joining(session, self._company, call, leg),
            conference=call.call_id,
            label=f"{leg.role}-{leg.leg_id}",
            starts_with_me=leg.role != legs.SUPERVISOR,
            ends_with_me=leg.ends,
            left_path="",
            events_path=addresses.voice("conference"),
            wait_path=addresses.voice("music"),
            is_muted=leg.mode == legs.LISTEN,
            coaches=first.sid or "" if leg.mode == legs.WHISPER and first is not None else "",
        )
        return Reply(document=twiml.write(meet), effects=effects)

    def _joined(self, session: Session, call: Call, leg: CallLeg, now: datetime) -> tuple[Effect, ...]:
        match leg.role:
            case legs.AGENT:
                return self._first_joined(session, call, leg, now)
            case legs.CONSULTED:
                if leg.work_id is not None:
                    dispatch.connected(session, call_id=leg.work_id, now=now)
                store.note(session, call.call_id, "consult_answered", {"agent": leg.agent_id or leg.name}, now)
                first = first_of(legs.live(session, call.call_id))
                if first is None or not first.sid or not first.ends:
                    return ()
                # From here on there are two of them: neither ends it for the caller by leaving.
                first.ends = False
                return (take_part(call, first, ends=False),)
            case _:
                store.note(session, call.call_id, "supervising", {"by": leg.name, "mode": leg.mode}, now)
                return ()

    def _first_joined(self, session: Session, call: Call, leg: CallLeg, now: datetime) -> tuple[Effect, ...]:
        leg.ends, call.agent_leg = True, leg.sid
        if call.status != store.WAITING:
            # The caller is in the conference already, or on the way there.
            store.note(session, call.call_id, "number_answered", {"agent": leg.name}, now)
            return ()
        call.status = store.TALKING
        dispatch.connected(session, call_id=call.call_id, now=now)
        store.note(session, call.call_id, "agent_answered", {"agent": leg.agent_id}, now)
        return (BringCaller(call_id=call.call_id),)

    def _passed_on(self, session: Session, call_id: str) -> CallLeg | None:
        """The leg of a call that was passed on and waits for somebody to take it."""
        return next(
            (leg for leg in legs.live(session, call_id) if leg.state == legs.WANTED and leg.role == legs.AGENT), None
        )

    def _wanted(self, session: Session, request: VoiceRequest, leg_id: int) -> tuple[Call, CallLeg] | None:
        found = self.locked(session, leg_id)
        if found is None or request.status in ENDED_STATUSES:
            return None
        call, leg = found
        is_wanted = (
            call.status in {store.WAITING, store.TALKING}
            and leg.state in {legs.RINGING, legs.IN}
            and leg.sid in {None, request.call_id}
        )
        return found if is_wanted else None

    @staticmethod
    def locked(session: Session, leg_id: int) -> tuple[Call, CallLeg] | None:
        """A leg and its call, the call locked."""
        leg = legs.leg(session, leg_id)
        call = None if leg is None else store.call(session, leg.call_id, lock=True)
        # Whoever held the call may just have changed the leg.
        leg = legs.leg(session, leg_id)
        return None if leg is None or call is None else (call, leg)

    def _nobody_there(self, session: Session, now: datetime) -> Reply:
        language = self._company.default_language
        words = speaking.own_words(self._company, self._company.live(session, now), own_words.CALLER_GONE, language)
        return Reply(document=twiml.write(SayAndHangUp(prompts=(words,))))
