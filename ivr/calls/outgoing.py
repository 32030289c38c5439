"""Carries out what a transaction left to be done with the carrier, after its commit, and keeps each outcome in one of its own.

A carrier may answer a REST call by asking us another webhook at once, so no lock of ours may be held meanwhile. What a dead
worker leaves undone is found by the ticker: an agent whose leg never connects fails, and the call goes back to its place.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import assert_never

from sqlalchemy.orm import Session, sessionmaker

from ivr.calls import legs, store
from ivr.calls.company import Company
from ivr.calls.effects import (
    BringCaller,
    Effect,
    EndLeg,
    Hold,
    ReleaseCaller,
    RingCustomer,
    RingLeg,
    SendMessage,
    TakePart,
)
from ivr.calls.meeting import HEARSAY_ROUNDS, Meeting
from ivr.calls.tables import Call, CallLeg
from ivr.calls.talks_table import first_of
from ivr.customers import store as customers
from ivr.telephony.carrier import Carrier, Failed, Gone, Made, Outcome

_log = logging.getLogger(__name__)


class Outgoing:
    """Effects to the carrier, one after another; a failure of one never keeps the next from going out."""

    def __init__(
        self,
        company: Company,
        meeting: Meeting,
        carrier: Carrier,
        sessions: sessionmaker[Session],
        clock: Callable[[], datetime],
    ) -> None:
        self._company = company
        self._meeting = meeting
        self._carrier = carrier
        self._sessions = sessions
        self._clock = clock

    def carry_out(self, effects: Iterable[Effect]) -> None:
        """Do what the transaction left; raises nothing that the carrier can cause."""
        left = deque(effects)
        while left:
            effect = left.popleft()
            outcome = self._send(effect)
            if not isinstance(outcome, Made) and not _over_already(effect, outcome):
                _log.warning("%s was not done: %s", type(effect).__name__, outcome.reason)
            with self._sessions.begin() as session:
                left.extend(self._settle(session, effect, outcome))

    def _send(self, effect: Effect) -> Outcome:  # noqa: PLR0911 - one for each effect
        addresses = self._company.addresses
        match effect:
            case RingLeg() | RingCustomer():
                return self._ring(effect)
            case BringCaller():
                return self._carrier.redirect(call_id=effect.call_id, url=addresses.voice("meet"))
            case ReleaseCaller():
                return self._carrier.redirect(
                    call_id=effect.call_id, url=addresses.voice(f"met/{effect.turn}/{HEARSAY_ROUNDS}")
                )
            case EndLeg():
                return self._carrier.hang_up(call_id=effect.call_id)
            case Hold():
                return self._carrier.hold(
                    conference_id=effect.conference_id,
                    call_id=effect.call_id,
                    on=effect.on,
                    music_url=addresses.voice("music"),
                )
            case TakePart():
                return self._carrier.take_part(
                    conference_id=effect.conference_id,
                    call_id=effect.sid,
                    muted=effect.muted,
                    ends=effect.ends,
                    coaches=effect.coaches,
                )
            case SendMessage():
                return self._carrier.send_message(
                    from_number=self._company.line_number, to_number=effect.to_number, text=effect.text
                )
            case _:
                assert_never(effect)

    def _ring(self, effect: RingLeg | RingCustomer) -> Outcome:
        if isinstance(effect, RingLeg):
            path, address, seconds = f"leg/{effect.leg_id}", effect.address, self._company.agent_ring_seconds
        else:
            path, address = f"callback/{effect.callback_id}/{effect.ring}", effect.number
            seconds = self._company.callback_rules.ring_seconds
        return self._carrier.call_agent(
            address=address,
            from_number=self._company.line_number,
            url=self._company.addresses.voice(path),
            status_url=self._company.addresses.voice(f"{path}/status"),
            ring_seconds=seconds,
        )

    def _settle(  # noqa: PLR0911 - one for each effect
        self, session: Session, effect: Effect, outcome: Outcome
    ) -> tuple[Effect, ...]:
        """Keep what came of an effect; what has to follow from that goes out next."""
        match effect:
            case SendMessage(message_id=message_id):
                customers.settle_message(session, message_id, accepted=isinstance(outcome, Made))
                return ()
            case RingCustomer():
                sid = outcome.sid if isinstance(outcome, Made) else ""
                return self._meeting.ringing_back.rung(session, effect, sid, self._clock())
            case RingLeg():
                return self._settle_ring(session, effect, outcome)
            case BringCaller():
                return self._settle_bringing(session, effect, outcome)
            case ReleaseCaller():
                if isinstance(outcome, Gone):
                    call = store.call(session, effect.call_id, lock=True)
                    return () if call is None else self._meeting.caller_gone(session, call, self._clock())
                return ()  # the ticker tries again while the caller is not back
            case EndLeg():
                self._settle_end(session, effect, outcome)
                return ()
            case Hold():
                self._settle_hold(session, effect, outcome)
                return ()
            case TakePart():
                self._settle_part(session, effect, outcome)
                return ()
            case _:
                assert_never(effect)

    def _settle_ring(self, session: Session, effect: RingLeg, outcome: Outcome) -> tuple[Effect, ...]:
        found = self._meeting.comings.locked(session, effect.leg_id)
        if found is None:
            return (EndLeg(call_id=outcome.sid),) if isinstance(outcome, Made) else ()
        call, leg = found
        if not isinstance(outcome, Made):
            return self._meeting.goings.gone(session, call, leg, "carrier_failed", self._clock())
        if leg.state not in {legs.RINGING, legs.IN} or leg.sid not in {None, outcome.sid}:
            # The caller hung up, or something else was wished for, while the carrier was being asked.
            leg.sid = leg.sid or outcome.sid
            return (EndLeg(call_id=outcome.sid),)
        leg.sid = outcome.sid
        return ()

    def _settle_end(self, session: Session, effect: EndLeg, outcome: Outcome) -> None:
        leg = legs.with_sid(session, effect.call_id) if isinstance(outcome, Gone) else None
        if leg is not None and leg.state == legs.LEAVING:
            # It is over already, and the carrier's word of it was lost or is still on its way.
            legs.close(leg, leg.reason, self._clock())

    def _settle_part(self, session: Session, effect: TakePart, outcome: Outcome) -> None:
        # A mute is shown when the carrier reports it, a leg that is gone is told by its own status.
        if effect.ends is not None and not isinstance(outcome, Made):
            found = self._meeting.comings.locked(session, effect.leg_id)
            if found is not None:
                found[1].ends = not effect.ends

    def _settle_hold(self, session: Session, effect: Hold, outcome: Outcome) -> None:
        if isinstance(outcome, Made):
            call = store.call(session, effect.call_id, lock=True)
            if call is not None and call.conference_id == effect.conference_id:
                self._meeting.hold_is(session, call, on=effect.on, now=self._clock())

    def _settle_bringing(self, session: Session, effect: BringCaller, outcome: Outcome) -> tuple[Effect, ...]:
        call = store.call(session, effect.call_id, lock=True)
        if call is None or call.status != store.TALKING:
            return ()
        match outcome:
            case Made():
                return ()
            case Gone():
                # The caller hung up, and the carrier's word of it was lost or is still on its way.
                return self._meeting.caller_gone(session, call, self._clock())
            case Failed():
                first = first_of(legs.live(session, call.call_id))
                return () if first is None else self._lost(session, call, first)
            case _:
                assert_never(outcome)

    def _lost(self, session: Session, call: Call, first: CallLeg) -> tuple[Effect, ...]:
        """The caller cannot be brought to who is in the conference, and waits on; the ticker tries again to bring them there."""
        ended = (EndLeg(call_id=first.sid),) if first.sid else ()
        lost = self._meeting.goings.first_gone(session, call, first, "carrier_failed", now=self._clock(), lost=True)
        return (*ended, *(effect for effect in lost if not isinstance(effect, BringCaller)))


def _over_already(effect: Effect, outcome: Outcome) -> bool:
    """Whether a leg that was to end had ended by itself while the carrier was being asked, which is what was wanted."""
    return isinstance(effect, EndLeg) and isinstance(outcome, Gone)
