"""Carries out what a transaction left to be done with the carrier, after its commit, and keeps each outcome in one of its own.

A carrier may answer a REST call by asking us another webhook at once, so no lock of ours may be held meanwhile. What a dead
worker leaves undone is found by the ticker: an agent whose leg never connects fails, and the call goes back to its place.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import assert_never
from urllib.parse import quote

from sqlalchemy.orm import Session, sessionmaker

from ivr.calls import store
from ivr.calls.company import Company
from ivr.calls.effects import BringCaller, Effect, EndLeg, Hold, ReleaseCaller, RingAgent, RingCustomer, SendMessage
from ivr.calls.meeting import Meeting
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
            if not isinstance(outcome, Made):
                _log.warning("%s was not done: %s", type(effect).__name__, outcome.reason)
            with self._sessions.begin() as session:
                left.extend(self._settle(session, effect, outcome))

    def _send(self, effect: Effect) -> Outcome:
        addresses = self._company.addresses
        match effect:
            case RingAgent() | RingCustomer():
                return self._ring(effect)
            case BringCaller():
                return self._carrier.redirect(call_id=effect.call_id, url=addresses.voice("meet"))
            case ReleaseCaller():
                return self._carrier.redirect(call_id=effect.call_id, url=addresses.voice(f"met/{effect.turn}/1"))
            case EndLeg():
                return self._carrier.hang_up(call_id=effect.call_id)
            case Hold():
                return self._carrier.hold(
                    conference_id=effect.conference_id,
                    call_id=effect.call_id,
                    on=effect.on,
                    music_url=addresses.voice("music"),
                )
            case SendMessage():
                return self._carrier.send_message(
                    from_number=self._company.line_number, to_number=effect.to_number, text=effect.text
                )
            case _:
                assert_never(effect)

    def _ring(self, effect: RingAgent | RingCustomer) -> Outcome:
        if isinstance(effect, RingAgent):
            path = f"agent/{effect.call_id}/{quote(effect.agent_id, safe='')}"
            address, seconds = effect.address, self._company.agent_ring_seconds
        else:
            path = f"callback/{effect.callback_id}/{effect.ring}"
            address, seconds = effect.number, self._company.callback_rules.ring_seconds
        return self._carrier.call_agent(
            address=address,
            from_number=self._company.line_number,
            url=self._company.addresses.voice(path),
            status_url=self._company.addresses.voice(f"{path}/status"),
            ring_seconds=seconds,
        )

    def _settle(self, session: Session, effect: Effect, outcome: Outcome) -> tuple[Effect, ...]:
        """Keep what came of an effect; what has to follow from that goes out next."""
        match effect:
            case SendMessage(message_id=message_id):
                customers.settle_message(session, message_id, accepted=isinstance(outcome, Made))
                return ()
            case RingAgent() | RingCustomer():
                return self._settle_ring(session, effect, outcome)
            case BringCaller():
                return self._settle_bringing(session, effect, outcome)
            case ReleaseCaller():
                if isinstance(outcome, Gone):
                    call = store.call(session, effect.call_id, lock=True)
                    return () if call is None else self._meeting.caller_gone(session, call, self._clock())
                return ()  # the ticker tries again while the caller is not back
            case EndLeg() | Hold():
                return ()  # a leg that is gone needs no hanging up; a hold is shown when the carrier reports it
            case _:
                assert_never(effect)

    def _settle_ring(self, session: Session, effect: RingAgent | RingCustomer, outcome: Outcome) -> tuple[Effect, ...]:
        if isinstance(effect, RingCustomer):
            sid = outcome.sid if isinstance(outcome, Made) else ""
            return self._meeting.ringing_back.rung(session, effect, sid, self._clock())
        call = store.call(session, effect.call_id, lock=True)
        is_wanted = call is not None and call.status != store.ENDED and call.agent_id == effect.agent_id
        if isinstance(outcome, Made):
            if call is None or not is_wanted:
                # The caller hung up, or chose a callback, while the carrier was being asked.
                return (EndLeg(call_id=outcome.sid),)
            if call.status == store.WAITING and call.agent_leg is None:
                call.agent_leg = outcome.sid
            return ()
        if call is None or not is_wanted:
            return ()
        return self._meeting.agent_unreachable(session, call, "the carrier could not do it", self._clock())

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
                return self._meeting.agent_unreachable(session, call, "the carrier could not do it", self._clock())
            case _:
                assert_never(outcome)
