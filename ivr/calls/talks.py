"""What an agent can do in a talk: mute, ask somebody, bring all together, pass the call on; supervisors: `supervising`.

Each answers `ivr.calls.desk.Outcome`: `Done` with what must go out after the commit, or `Refused` with the reason. What a click
does is held against where the call stands, so a second click changes nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.calls import legs, offering, store, talks_routing
from ivr.calls.company import Company
from ivr.calls.desk import NOT_CONNECTED_YET, NOT_YOUR_CALL, Done, Outcome, Refused
from ivr.calls.effects import BringCaller, Effect, Hold
from ivr.calls.legs import LegView
from ivr.calls.meeting import Meeting
from ivr.calls.supervising import Supervising
from ivr.calls.tables import Call, CallLeg
from ivr.calls.talks_goings import take_part
from ivr.calls.talks_table import first_of, second_of
from ivr.calls.talks_targets import NOT_NOW, Receiver, Target, ToAgent, ToNumber, ToSkill, receiver

__all__ = ["Talks", "Target", "ToAgent", "ToNumber", "ToSkill"]

# So long somebody is looked for who can be asked, while a caller is on hold; judgement.
LONGEST_SEARCH = timedelta(seconds=60)
# So long a call that is passed on to one agent is kept for them before anybody who fits may take it; judgement.
KEPT_FOR_ONE = timedelta(seconds=45)


class Talks:
    """The acts of agents and supervisors in a talk; the session and the time come in."""

    def __init__(self, company: Company, meeting: Meeting) -> None:
        self._company = company
        self._meeting = meeting
        self._rules = company.routing_rules
        self._supervising = Supervising(company, meeting)
        self.supervise = self._supervising.supervise
        self.stop_supervising = self._supervising.stop

    def legs_of(self, session: Session, call_id: str) -> tuple[LegView, ...]:
        """Who is in a live call or on the way there, the caller first."""
        return legs.views(session, call_id)

    def call_of(self, session: Session, work_id: str) -> str:
        """The call that a piece of routing's work is about: its own, or that of a consultation."""
        return legs.call_of(session, work_id)

    def mute(self, session: Session, *, agent_id: str, call_id: str, on: bool) -> Outcome:
        """Mute the agent's own leg, or let it be heard again; shown as such once the carrier reports it."""
        call = store.call(session, call_id, lock=True)
        leg = legs.of_agent(session, call_id, agent_id)
        if call is None or leg is None or leg.mode != legs.TALK:
            return Refused(reason=NOT_YOUR_CALL)
        if leg.state != legs.IN or call.conference_id is None:
            return Refused(reason=NOT_CONNECTED_YET)
        return Done(effects=(take_part(call, leg, muted=on),))

    def consult(
        self, session: Session, *, agent_id: str, call_id: str, target: Target, note: str, now: datetime
    ) -> Outcome:
        """Put the caller on hold with music and ring somebody to be asked in private."""
        own = self._own(session, agent_id, call_id)
        if isinstance(own, Refused):
            return own
        call, _ = own
        if second_of(legs.live(session, call_id)) is not None:
            return Refused(reason=NOT_NOW)
        asked = receiver(session, self._company, call, target, asker=agent_id, waits=False)
        if isinstance(asked, Refused):
            return asked
        leg = legs.add(
            session,
            legs.wanted(call_id, legs.CONSULTED, now=now, agent_id=asked.agent_id, name=asked.name, asked_by=agent_id),
        )
        details = {"agent": agent_id, "to": asked.named, "note": note}
        store.note(session, call_id, "consult_asked", details, now)
        held = self._hold(call, now, on=True)
        if asked.requirements is None:
            leg.address = asked.address
            return Done(effects=(*held, self._meeting.comings.ring(leg, now)))
        leg.work_id, leg.due_at = f"consult-{leg.leg_id}", now + LONGEST_SEARCH
        session.flush()
        talks_routing.look_for(session, leg.work_id, asked.requirements, self._rules, now)
        offering.offer_waiting(session, self._rules, now)
        return Done(effects=held)

    def cancel_consult(self, session: Session, *, agent_id: str, call_id: str, now: datetime) -> Outcome:
        """Let the consulted one go, or stop the ringing: the caller is back with the agent."""
        own = self._own(session, agent_id, call_id)
        if isinstance(own, Refused):
            return own
        second = second_of(legs.live(session, call_id))
        if second is None:
            return Refused(reason=NOT_NOW)
        return Done(effects=self._meeting.goings.let_second_go(session, own[0], second, now))

    def join_all(self, session: Session, *, agent_id: str, call_id: str, now: datetime) -> Outcome:
        """Bring the caller to the two who consult: a conference of three."""
        own = self._own(session, agent_id, call_id)
        if isinstance(own, Refused):
            return own
        call, _ = own
        second = second_of(legs.live(session, call_id))
        if second is None or second.state != legs.IN:
            return Refused(reason=NOT_NOW)
        if call.hold_wanted:
            details = {"agent": agent_id, "to": second.agent_id or second.name}
            store.note(session, call_id, "conference", details, now)
        return Done(effects=self._hold(call, now, on=False))

    def complete_transfer(self, session: Session, *, agent_id: str, call_id: str, now: datetime) -> Outcome:
        """Leave the call to the consulted one (warm transfer): the agent goes to wrap-up."""
        own = self._own(session, agent_id, call_id)
        if isinstance(own, Refused):
            return own
        call, first = own
        second = second_of(legs.live(session, call_id))
        if second is None or second.state != legs.IN:
            return Refused(reason=NOT_NOW)
        effects = self._meeting.goings.hand_over(session, call, first, second, how="completed", now=now)
        offering.offer_waiting(session, self._rules, now)
        return Done(effects=effects)

    def transfer(
        self, session: Session, *, agent_id: str, call_id: str, target: Target, note: str, now: datetime
    ) -> Outcome:
        """Pass the call on at once (cold transfer): the caller is told and waits first of all, the agent goes to wrap-up."""
        own = self._own(session, agent_id, call_id)
        if isinstance(own, Refused):
            return own
        call, _ = own
        if second_of(legs.live(session, call_id)) is not None:
            return Refused(reason=NOT_NOW)
        to = receiver(session, self._company, call, target, asker=agent_id, waits=True)
        if isinstance(to, Refused):
            return to
        details = {"agent": agent_id, "to": to.named, "note": note}
        return Done(effects=self._pass_on(session, call, to, details, now, kind="transferred", by=agent_id))

    def move(self, session: Session, *, call_id: str, target: Target, by: str, now: datetime) -> Outcome:
        """A supervisor takes a talking call off its agent, or moves a waiting one: to an agent, a skill or a number.

        `by` is the supervisor's name, as it is told in the story and to whoever takes the call.
        """
        call = store.call(session, call_id, lock=True)
        if call is None:
            return Refused(reason="call_unknown")
        if call.status not in {store.WAITING, store.TALKING}:
            return Refused(reason=NOT_NOW)
        first = first_of(legs.live(session, call_id))
        if call.status == store.WAITING and first is not None:
            # The telephone of who took it rings already.
            return Refused(reason=NOT_NOW)
        to = receiver(session, self._company, call, target, asker="", waits=True)
        if isinstance(to, Refused):
            return to
        whose = "" if first is None else first.agent_id or first.name
        kind = "taken_off" if call.status == store.TALKING else "moved"
        details = {"by": by, "agent": whose, "to": to.named}
        return Done(effects=self._pass_on(session, call, to, details, now, kind=kind, by=by))

    def _pass_on(
        self, session: Session, call: Call, to: Receiver, details: dict[str, str], now: datetime, *, kind: str, by: str
    ) -> tuple[Effect, ...]:
        """The call goes from where it is to whoever is wanted; the caller is brought along, legs that are in the way end."""
        was_waiting = call.status == store.WAITING
        asked = to.requirements
        if asked is None:
            talks_routing.leave(session, call.call_id, kind, self._rules, now)
        elif was_waiting:
            talks_routing.move(session, call.call_id, asked, self._rules, now, by=by)
        else:
            talks_routing.pass_on(session, call.call_id, asked, self._rules, now)
        gone = self._meeting.goings.without_first(session, call, kind, now)
        store.note(session, call.call_id, kind if asked is not None else "passed_to_number", details, now)
        leg = legs.add(
            session,
            legs.wanted(call.call_id, legs.AGENT, now=now, agent_id=to.agent_id, name=to.name, asked_by=by),
        )
        if asked is None:
            call.status, leg.address = store.TALKING, to.address
            rings = self._meeting.comings.ring(leg, now)
            offering.offer_waiting(session, self._rules, now)
            return (BringCaller(call_id=call.call_id), *gone, rings)
        call.status = store.WAITING
        leg.due_at = now + KEPT_FOR_ONE if asked.only_agent_id is not None else None
        offering.offer_waiting(session, self._rules, now)
        # Who waits in the queue stays where they are.
        return gone if was_waiting else (BringCaller(call_id=call.call_id), *gone)

    @staticmethod
    def _hold(call: Call, now: datetime, *, on: bool) -> tuple[Effect, ...]:
        if call.hold_wanted == on or call.conference_id is None:
            return ()
        call.hold_wanted, call.hold_asked_at = on, now
        return (Hold(call_id=call.call_id, conference_id=call.conference_id, on=on),)

    @staticmethod
    def _own(session: Session, agent_id: str, call_id: str) -> tuple[Call, CallLeg] | Refused:
        """The call that this agent has, caller and agent in the conference, and the agent's leg."""
        call = store.call(session, call_id, lock=True)
        if call is None or call.agent_id != agent_id:
            return Refused(reason=NOT_YOUR_CALL)
        first = first_of(legs.live(session, call_id))
        if first is None or first.agent_id != agent_id or first.state != legs.IN or call.conference_id is None:
            return Refused(reason=NOT_CONNECTED_YET)
        return call, first
