"""Rings whom the line has promised to call back: when it is their turn, one ring at a time, whatever process dies in between.

Routing's lease says which process rings; the number of the ring says which leg counts. What the customer says when the telephone
is picked up is the flow's; what a ring in vain comes to is `ivr.calls.callback_tries`'.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.calls import callbacks, store
from ivr.calls.callback_rules import within
from ivr.calls.callback_tries import failed, hours_of
from ivr.calls.callbacks_tables import Callback
from ivr.calls.company import Company
from ivr.calls.conductor import Conductor, Reply
from ivr.calls.effects import Effect, EndLeg, RingCustomer
from ivr.telephony import twiml
from ivr.telephony.answers import SayAndHangUp
from ivr.telephony.requests import ENDED_STATUSES, StatusCallback, VoiceRequest
from routing import calling_back, dispatch
from sealing.columns import if_it_opens

# Whoever is still on the line in which they asked for it is asked again after this; judgement.
_STILL_TALKING = timedelta(seconds=5)


class RingingBack:
    """The rings of callbacks; holds no state of any."""

    def __init__(self, company: Company, conductor: Conductor) -> None:
        self._company = company
        self._conductor = conductor

    def due(self, session: Session, now: datetime) -> tuple[Effect, ...]:
        """Ring everybody whose turn has come and whom no living process rings."""
        lease = self._company.callback_rules.lease
        effects: list[Effect] = []
        for turn in calling_back.calls_to_ring(session, now, lease_seconds=int(lease.total_seconds())):
            row = callbacks.row_of(session, turn.call_id)
            if row is None or row.state not in callbacks.OPEN or not if_it_opens(row, "number", ""):
                dispatch.withdraw(session, call_id=turn.call_id, reason="nobody to ring", now=now)
            elif row.state == callbacks.WAITING:
                effects.extend(self._first_ring(session, row, now))
            else:
                effects.extend(self._lapsed(session, row, now))
        return tuple(effects)

    def rung(self, session: Session, effect: RingCustomer, sid: str, now: datetime) -> tuple[Effect, ...]:
        """What the carrier said to a ring: the leg that it made, or "" for none."""
        row = self._ring_of(session, effect.callback_id, effect.ring)
        if not sid:
            return () if row is None else failed(session, self._company, row, "carrier_failed", now)
        if row is None and callbacks.of_leg(session, sid) is None:
            # Meanwhile it was taken, or given to another process: this leg is nobody's.
            return (EndLeg(call_id=sid),)
        if row is not None:
            row.leg = sid
        return ()

    def answered(self, session: Session, request: VoiceRequest, callback_id: str, ring: int, now: datetime) -> Reply:
        """The telephone was picked up: the flow asks who it is."""
        if store.call(session, request.call_id) is not None:
            return self._conductor.begun(session, request.call_id)
        row = self._ring_of(session, callback_id, ring)
        if row is None or row.leg not in {None, request.call_id} or request.status in ENDED_STATUSES:
            return Reply(document=twiml.write(SayAndHangUp(prompts=())))
        row.state, row.leg = callbacks.ANSWERED, request.call_id
        session.flush()
        return self._conductor.start_called_back(session, request, callbacks.as_open(row), now)

    def told(
        self, session: Session, reported: StatusCallback, callback_id: str, ring: int, now: datetime
    ) -> tuple[Effect, ...]:
        """The progress of a customer's leg; its end before anybody said who they are is a ring in vain."""
        row = callbacks.row_of(session, callback_id)
        if row is None or row.ring != ring or row.state not in {callbacks.RINGING, callbacks.ANSWERED}:
            return ()
        if row.leg not in {None, reported.call_id}:
            return ()
        if reported.status in ENDED_STATUSES:
            reason = "not confirmed" if row.state == callbacks.ANSWERED else reported.status
            return failed(session, self._company, row, reason, now)
        row.leg = reported.call_id
        return ()

    def _first_ring(self, session: Session, row: Callback, now: datetime) -> tuple[Effect, ...]:
        call = None if row.call_id is None else store.call(session, row.call_id)
        opens_at = within(hours_of(session, self._company, row.callback_id), now)
        if call is not None and call.status != store.ENDED:
            calling_back.ring_again_at(session, call_id=row.callback_id, at=now + _STILL_TALKING)
            return ()
        if opens_at > now:
            row.due_at = opens_at
            calling_back.ring_again_at(session, call_id=row.callback_id, at=opens_at)
            return ()
        return self._ring(session, row, now)

    def _lapsed(self, session: Session, row: Callback, now: datetime) -> tuple[Effect, ...]:
        """Nothing was heard of a ring for as long as one can take: its process died, or the carrier's word was lost."""
        call = None if row.leg is None else store.call(session, row.leg)
        if row.state == callbacks.ANSWERED and call is not None and call.status != store.ENDED:
            return ()  # they are still asked who they are; the lease has been taken anew
        if row.leg is None:
            # The carrier was never heard of: the ring may not have gone out at all.
            return self._ring(session, row, now)
        leg = row.leg
        ends = () if call is not None and call.status == store.ENDED else (EndLeg(call_id=leg),)
        return (*ends, *failed(session, self._company, row, "no answer", now))

    def _ring(self, session: Session, row: Callback, now: datetime) -> tuple[Effect, ...]:
        row.state, row.leg = callbacks.RINGING, None
        row.ring += 1
        session.flush()
        if row.call_id is not None:
            store.note(session, row.call_id, "callback_rung", {"tries": row.tries + 1}, now)
        return (RingCustomer(callback_id=row.callback_id, ring=row.ring, number=row.number),)

    @staticmethod
    def _ring_of(session: Session, callback_id: str, ring: int) -> Callback | None:
        row = callbacks.row_of(session, callback_id)
        return row if row is not None and row.state == callbacks.RINGING and row.ring == ring else None
