"""What follows when a leg beyond the caller's goes: `ivr.calls.talks_table` says what, here it is done, once.

Every function takes the call locked. A leg that has gone already changes nothing: reports come twice, late and out of order.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ivr.calls import legs, offering, store, talks_routing
from ivr.calls.company import Company
from ivr.calls.effects import BringCaller, Effect, EndLeg, Hold, ReleaseCaller, TakePart
from ivr.calls.tables import Call, CallLeg
from ivr.calls.talks_table import Going, Then, after, first_of, moment_of

# After this a leg that was to hang up is told to again: longer than the carrier's answer takes; judgement.
PATIENCE = timedelta(seconds=5)
# The carrier's word for a leg that was hung up.
HUNG_UP = "completed"


class Goings:
    """What becomes of calls whose legs go."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._rules = company.routing_rules

    def gone(self, session: Session, call: Call, leg: CallLeg, reason: str, now: datetime) -> tuple[Effect, ...]:
        """A leg is over, as the carrier's status `reason` says, or never came to be."""
        if leg.state not in legs.LIVE:
            return ()
        if leg.role == legs.SUPERVISOR and leg.agent_id is not None:
            talks_routing.come_back(session, leg.agent_id, leg.asked_at, now)
        if leg.state == legs.LEAVING:
            legs.close(leg, reason, now)
            return ()
        match leg.role:
            case legs.AGENT:
                return self.first_gone(
                    session, call, leg, reason, now=now, lost=self._is_lost(session, leg, reason, now)
                )
            case legs.CONSULTED:
                return self.second_gone(session, call, leg, reason, now)
            case _:
                legs.close(leg, reason, now)
                store.note(session, call.call_id, "supervising_ended", {"by": leg.name}, now)
                return ()

    def first_gone(
        self, session: Session, call: Call, leg: CallLeg, reason: str, *, now: datetime, lost: bool
    ) -> tuple[Effect, ...]:
        """Who has the call, or was to have it, is gone."""
        live = legs.live(session, call.call_id)
        then = after(moment_of(call, live), Going.FIRST_LOST if lost else Going.FIRST_LEFT)
        others = [row for row in live if row is not leg]
        match then:
            case Then.FLOW:
                return self._to_the_flow(session, call, leg, others, now)
            case Then.SAME_PLACE:
                return self._same_place(session, call, leg, reason, now)
            case Then.FIRST_OF_ALL:
                return self._first_of_all(session, call, leg, others, reason=reason, now=now, lost=lost)
            case Then.SECOND_HAS_IT:
                second = next(row for row in others if row.role == legs.CONSULTED and row.state == legs.IN)
                return self.hand_over(session, call, leg, second, how="line_lost" if lost else "left", now=now)
            case _:
                legs.close(leg, reason, now)
                return ()

    def second_gone(self, session: Session, call: Call, leg: CallLeg, reason: str, now: datetime) -> tuple[Effect, ...]:
        """The consulted one is gone, or never came."""
        live = legs.live(session, call.call_id)
        then = after(moment_of(call, live), Going.SECOND)
        kind = "consult_over" if leg.state == legs.IN else "consult_failed"
        effects = self.drop(session, leg, reason, now, is_over=True)
        if then in {Then.BACK_TO_FIRST, Then.GOES_ON}:
            store.note(session, call.call_id, kind, {"agent": _who(leg), "reason": reason}, now)
            effects = (*effects, *self._with_first_alone(call, live, now))
        return effects

    def let_second_go(self, session: Session, call: Call, leg: CallLeg, now: datetime) -> tuple[Effect, ...]:
        """The first one wants the consulted one no more: the caller is back with the first one."""
        store.note(session, call.call_id, "consult_over", {"agent": _who(leg), "reason": "cancelled"}, now)
        effects = self.drop(session, leg, "cancelled", now)
        return (*effects, *self._with_first_alone(call, legs.live(session, call.call_id), now))

    def drop(
        self, session: Session, leg: CallLeg, reason: str, now: datetime, *, is_over: bool = False
    ) -> tuple[Effect, ...]:
        """Let a leg go that is not wanted any more, or is over already; routing's work for it ends."""
        was_ringing = leg.state == legs.RINGING
        if leg.work_id is not None:
            failed = is_over and was_ringing and leg.agent_id is not None
            talks_routing.end_work(session, leg.work_id, reason, self._rules, now, phone_failed=failed)
        if is_over or leg.state == legs.WANTED:
            legs.close(leg, reason, now)
            return ()
        return _leave(leg, reason, now)

    def hand_over(
        self, session: Session, call: Call, first: CallLeg, second: CallLeg, *, how: str, now: datetime
    ) -> tuple[Effect, ...]:
        """The consulted one has the call from now on; the first one goes to wrap-up, and out of the conference if still in."""
        if second.work_id is not None:
            talks_routing.hand_over(session, call.call_id, second.work_id, self._rules, now)
        else:
            talks_routing.talk_over(session, call.call_id, self._rules, now)
        details = {"agent": _who(first), "to": _who(second), "how": how}
        store.note(session, call.call_id, "handed_over", details, now)
        second.role, second.work_id, second.met_at = legs.AGENT, None, now
        call.agent_id, call.agent_leg = second.agent_id, second.sid
        # Whoever leaves is let go last: by then the conference stands on the one who stays.
        kept = self._with_first_alone(call, (second, *_supervisors(session, call)), now)
        if how == "completed":
            return (*kept, *_leave(first, how, now))
        legs.close(first, how, now)
        return kept

    def end_all(self, session: Session, call: Call, reason: str, now: datetime) -> tuple[Effect, ...]:
        """The caller is gone: no leg is left ringing, and nobody talking to no one."""
        effects: list[Effect] = []
        for leg in legs.live(session, call.call_id):
            if leg.state != legs.LEAVING:
                effects.extend(self.drop(session, leg, reason, now))
        return tuple(effects)

    def overdue(self, session: Session, call: Call, leg: CallLeg, now: datetime) -> tuple[Effect, ...]:
        """A leg's time is over: it never came, would not go, or the one agent who was wanted did not take the call."""
        if leg.state == legs.LEAVING:
            if leg.sid is None:
                legs.close(leg, leg.reason, now)
                return ()
            leg.due_at = now + PATIENCE
            return (EndLeg(call_id=leg.sid),)
        if leg.state == legs.WANTED and leg.role == legs.AGENT:
            self._widen(session, call, leg, now)
            return ()
        ended = (EndLeg(call_id=leg.sid),) if leg.sid else ()
        reason = HUNG_UP if leg.state == legs.IN else "no-answer"
        return (*ended, *self.gone(session, call, leg, reason, now))

    def refused(self, session: Session, work_id: str, agent_id: str, now: datetime) -> tuple[Effect, ...]:
        """An agent did not take an offer; where they were the only one wanted, others are asked, or the consult is over."""
        call_id = legs.call_of(session, work_id)
        call = store.call(session, call_id, lock=True)
        if call is None:
            return ()
        wanted = [row for row in legs.live(session, call_id) if row.state == legs.WANTED and row.agent_id == agent_id]
        effects: list[Effect] = []
        for leg in wanted:
            if leg.role == legs.AGENT:
                self._widen(session, call, leg, now)
            elif leg.work_id == work_id:
                effects.extend(self.second_gone(session, call, leg, "declined", now))
        return tuple(effects)

    def without_first(self, session: Session, call: Call, reason: str, now: datetime) -> tuple[Effect, ...]:
        """Take whoever has the call, or is about to, off it, with all who are there for the talk: the caller goes elsewhere."""
        effects = self.end_all(session, call, reason, now)
        _forget_first(call)
        return effects

    def _to_the_flow(
        self, session: Session, call: Call, leg: CallLeg, others: Iterable[CallLeg], now: datetime
    ) -> tuple[Effect, ...]:
        ends, who = leg.ends, _who(leg)
        legs.close(leg, HUNG_UP, now)
        talks_routing.talk_over(session, call.call_id, self._rules, now)
        call.agent_leg, call.on_hold, call.hold_wanted = None, False, False
        store.note(session, call.call_id, "agent_left", {"agent": who}, now)
        effects = self._drop_all(session, others, "the talk is over", now)
        # The conference ends with the last who talks; where it could not be told so, the caller is brought on by hand.
        return effects if ends else (*effects, ReleaseCaller(call_id=call.call_id, turn=call.turn))

    def _same_place(self, session: Session, call: Call, leg: CallLeg, reason: str, now: datetime) -> tuple[Effect, ...]:
        agent_id = talks_routing.agent_lost(session, call.call_id, self._rules, now)
        effects = (EndLeg(call_id=leg.sid),) if leg.sid else ()
        legs.close(leg, reason, now)
        _forget_first(call)
        if leg.asked_by:
            # Whoever takes it next is told as well from whom it comes.
            legs.add(session, legs.wanted(call.call_id, legs.AGENT, now=now, asked_by=leg.asked_by))
        if agent_id is not None:
            store.note(session, call.call_id, "agent_unreachable", {"agent": agent_id, "reason": reason}, now)
            offering.offer_waiting(session, self._rules, now)
        return effects

    def _widen(self, session: Session, call: Call, leg: CallLeg, now: datetime) -> None:
        """The one agent to whom a call was passed on does not take it: anybody who fits may."""
        agent_id = leg.agent_id
        leg.agent_id, leg.name, leg.due_at = None, "", None
        if call.status == store.WAITING and talks_routing.widen(session, call.call_id, self._rules, now):
            store.note(session, call.call_id, "transfer_widened", {"agent": agent_id}, now)
            offering.offer_waiting(session, self._rules, now)

    def _first_of_all(
        self,
        session: Session,
        call: Call,
        leg: CallLeg,
        others: Iterable[CallLeg],
        *,
        reason: str,
        now: datetime,
        lost: bool,
    ) -> tuple[Effect, ...]:
        was_in, ends = leg.state == legs.IN, leg.ends
        details: dict[str, Any] = {"agent": _who(leg), "reason": reason}
        effects = self._drop_all(session, others, "the first one has gone", now)
        if leg.sid and not was_in:
            effects = (*effects, EndLeg(call_id=leg.sid))
        asked = talks_routing.requirements_of(session, call.call_id)
        if leg.agent_id is not None and lost:
            talks_routing.agent_lost(session, call.call_id, self._rules, now)
        elif asked is not None:
            talks_routing.pass_on(session, call.call_id, asked, self._rules, now)
        legs.close(leg, reason, now)
        _forget_first(call)
        call.status = store.WAITING
        store.note(session, call.call_id, "line_lost" if was_in else "transfer_failed", details, now)
        offering.offer_waiting(session, self._rules, now)
        return effects if was_in and ends else (*effects, BringCaller(call_id=call.call_id))

    def _with_first_alone(self, call: Call, live: Iterable[CallLeg], now: datetime) -> tuple[Effect, ...]:
        """One is left to talk with the caller: nobody is on hold, and the conference ends with that one."""
        rows = tuple(live)
        first = first_of(rows)
        effects: list[Effect] = []
        if call.hold_wanted and call.conference_id is not None:
            call.hold_wanted, call.hold_asked_at = False, now
            effects.append(Hold(call_id=call.call_id, conference_id=call.conference_id, on=False))
        if first is not None and first.sid and not first.ends and call.conference_id is not None:
            effects.append(take_part(call, first, ends=True))
            first.ends = True
        if first is not None and first.sid:
            effects.extend(
                take_part(call, row, coaches=first.sid)
                for row in rows
                if row.role == legs.SUPERVISOR and row.mode == legs.WHISPER and row.state == legs.IN
            )
        return tuple(effects)

    def _drop_all(self, session: Session, rows: Iterable[CallLeg], reason: str, now: datetime) -> tuple[Effect, ...]:
        effects: list[Effect] = []
        for row in rows:
            if row.state != legs.LEAVING:
                effects.extend(self.drop(session, row, reason, now))
        return tuple(effects)

    def _is_lost(self, session: Session, leg: CallLeg, reason: str, now: datetime) -> bool:
        """Whether the line to them broke: not hung up, or before they met the caller, or the desk is gone with the telephone."""
        if reason != HUNG_UP or leg.met_at is None:
            return True
        return leg.agent_id is not None and not talks_routing.desk_is_open(session, leg.agent_id, now)


def take_part(
    call: Call, leg: CallLeg, *, muted: bool | None = None, ends: bool | None = None, coaches: str | None = None
) -> TakePart:
    """Change how a leg in the conference takes part."""
    return TakePart(
        leg_id=leg.leg_id,
        sid=leg.sid or "",
        conference_id=call.conference_id or "",
        muted=muted,
        ends=ends,
        coaches=coaches,
    )


def _supervisors(session: Session, call: Call) -> tuple[CallLeg, ...]:
    return tuple(row for row in legs.live(session, call.call_id) if row.role == legs.SUPERVISOR)


def _who(leg: CallLeg) -> str:
    """Whom a happening names: an agent by identifier, so that the story has today's name; else the name or number."""
    return leg.agent_id or leg.name


def _leave(leg: CallLeg, reason: str, now: datetime) -> tuple[Effect, ...]:
    leg.state, leg.reason, leg.due_at = legs.LEAVING, reason[:60], now + PATIENCE
    return (EndLeg(call_id=leg.sid),) if leg.sid else ()


def _forget_first(call: Call) -> None:
    call.agent_id, call.agent_leg, call.conference_id = None, None, None
    call.on_hold, call.hold_wanted = False, False
