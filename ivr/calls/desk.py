"""What an agent can do with a call from the desk: take it, decline it, hold, hang up, and write down what came of it.

Each answer is `Done` with what must go out after the commit, or `Refused` with the reason; sentences for people are the web's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.orm import Session

from ivr.calls import legs, offering, store
from ivr.calls.company import Company
from ivr.calls.effects import Effect, EndLeg, Hold
from ivr.calls.meeting import Meeting
from ivr.calls.tables import Call
from ivr.calls.timeline import FOLLOW_UP, PROMISE
from ivr.customers import history
from ivr.customers import store as customers
from routing import dispatch, reports
from routing.agents import AgentEvent, Refusal
from routing.agents import Refused as RoutingRefused


@dataclass(frozen=True, kw_only=True)
class Done:
    """It was done; `effects` go out after the commit."""

    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refused:
    """It was not done, and nothing changed."""

    reason: str  # a word of routing.agents.Refusal, or one of those below


Outcome: TypeAlias = Done | Refused

NOT_YOUR_CALL = "not_your_call"
NOT_CONNECTED_YET = "not_connected_yet"
DUE_TIME_PAST = "due_time_past"


class Desk:
    """The agent's side of a call; the session and the time come in."""

    def __init__(self, company: Company, meeting: Meeting) -> None:
        self._company = company
        self._meeting = meeting

    def set_state(
        self, session: Session, *, agent_id: str, event: AgentEvent, reason: str = "", now: datetime
    ) -> Outcome:
        """What the agent wishes: ready, away with a reason, off. A free agent may be offered a call at once."""
        moved = dispatch.set_state(session, agent_id=agent_id, event=event, now=now, away_reason=reason)
        if isinstance(moved, RoutingRefused):
            return Refused(reason=moved.reason)
        self._meeting.offer_waiting(session, now)
        return Done()

    def accept(self, session: Session, *, agent_id: str, offer_id: int, now: datetime) -> Outcome:
        """Take the offered call: the agent's telephone rings next."""
        accepted = dispatch.accept(session, offer_id=offer_id, agent_id=agent_id, now=now)
        if isinstance(accepted, RoutingRefused):
            return Refused(reason=accepted.reason)
        if accepted.is_repeat:
            return Done()
        comings = self._meeting.comings
        return Done(effects=comings.accepted(session, work_id=accepted.call_id, agent_id=agent_id, now=now))

    def decline(self, session: Session, *, agent_id: str, offer_id: int, now: datetime) -> Outcome:
        """Pass the offered call on; it keeps its place."""
        declined = dispatch.decline(session, offer_id=offer_id, agent_id=agent_id, now=now)
        if isinstance(declined, RoutingRefused):
            return Refused(reason=declined.reason)
        offering.note_declined(session, declined.call_id, agent_id, now)
        effects = self._meeting.goings.refused(session, declined.call_id, agent_id, now)
        self._meeting.offer_waiting(session, now)
        return Done(effects=effects)

    def hold(self, session: Session, *, agent_id: str, call_id: str, on: bool, now: datetime) -> Outcome:
        """Put the caller on hold with music, or back; shown as such once the carrier reports it."""
        call = self._own(session, agent_id, call_id)
        if isinstance(call, Refused):
            return call
        if call.conference_id is None or call.status != store.TALKING:
            return Refused(reason=NOT_CONNECTED_YET)
        call.hold_wanted, call.hold_asked_at = on, now
        return Done(effects=(Hold(call_id=call_id, conference_id=call.conference_id, on=on),))

    def hang_up(self, session: Session, *, agent_id: str, call_id: str) -> Outcome:
        """Leave the talk: the caller is asked the effort score, or goes on with whoever is left (`ivr.calls.talks_table`)."""
        leg = legs.of_agent(session, call_id, agent_id)
        if store.call(session, call_id, lock=True) is None or leg is None:
            return Refused(reason=NOT_YOUR_CALL)
        return Done(effects=(EndLeg(call_id=leg.sid),)) if leg.sid else Refused(reason=NOT_CONNECTED_YET)

    def finish(
        self,
        session: Session,
        *,
        agent_id: str,
        call_id: str,
        outcome: str,
        note: str,
        next_step: str = "",
        due_at: datetime | None = None,
        is_promised: bool = False,
        now: datetime,
    ) -> Outcome:
        """Write down what came of the call, with a next step as a case where there is one; the agent is free again.

        Whoever saves after the time for writing was over, or after the next call has come, has it kept all the same.
        """
        call = self._had(session, agent_id, call_id)
        if isinstance(call, Refused):
            return call
        if next_step and due_at is not None and due_at <= now:
            return Refused(reason=DUE_TIME_PAST)
        if call.customer_id is not None:
            customers.record_contact(
                session,
                customer_id=call.customer_id,
                call_id=call_id,
                reason=call.reason,
                # Of a call that was passed on, what came of it is told by who had it last.
                outcome=outcome if call.agent_id == agent_id else "",
                note=note,
                now=now,
            )
        if next_step:
            kind = PROMISE if is_promised else FOLLOW_UP
            opened = customers.open_case(
                session,
                kind=kind,
                customer_id=call.customer_id,
                number=call.from_number,
                summary=next_step,
                call_id=call_id,
                now=now,
                due_at=due_at,
            )
            if isinstance(opened, customers.AlreadyOpen):
                # A second agent of the same call, or a second click, which adds nothing.
                history.extend(session, opened.number, summary=next_step, due_at=due_at)
        details = {"agent": agent_id, "outcome": outcome, "note": note, "next": next_step}
        store.note(session, call_id, "finished", details, now)
        if self.call_of(session, agent_id) != call_id:
            return Done()
        done = dispatch.wrap_up_done(session, agent_id=agent_id, now=now)
        if isinstance(done, RoutingRefused) and done.reason is not Refusal.NOT_IN_THIS_STATE:
            return Refused(reason=done.reason)
        self._meeting.offer_waiting(session, now)
        return Done()

    def _own(self, session: Session, agent_id: str, call_id: str) -> Call | Refused:
        call = store.call(session, call_id, lock=True)
        if call is None or call.agent_id != agent_id:
            return Refused(reason=NOT_YOUR_CALL)
        return call

    def _had(self, session: Session, agent_id: str, call_id: str) -> Call | Refused:
        """The call that the agent has or had: as its agent, or as one who was asked or passed it on."""
        call = store.call(session, call_id, lock=True)
        if call is None or (call.agent_id != agent_id and self.call_of(session, agent_id) != call_id):
            return Refused(reason=NOT_YOUR_CALL)
        return call

    def call_of(self, session: Session, agent_id: str) -> str | None:
        """The call that the agent talks in, is asked about, or has to write down; None for none."""
        assignment = reports.current_assignment_of(session, agent_id)
        if assignment is None or assignment.wrap_up_ended_at is not None:
            return None
        return legs.call_of(session, assignment.call_id)
