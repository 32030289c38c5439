"""A supervisor in a talk: listens unheard, whispers to the agent alone, or joins. The caller hears nothing of the first two.

Every beginning, change and end stands in the call's story (docs/privacy.md says who may, and who is told).
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from ivr.calls import legs, store, talks_routing
from ivr.calls.company import Company
from ivr.calls.desk import NOT_CONNECTED_YET, Done, Outcome, Refused
from ivr.calls.meeting import Meeting
from ivr.calls.numbers import Wrong, dialable
from ivr.calls.tables import Call, CallLeg
from ivr.calls.talks_goings import take_part
from ivr.calls.talks_table import first_of
from ivr.calls.talks_targets import AGENT_UNKNOWN, NOT_NOW
from routing import reports
from routing.agents import AgentState

# What a supervisor asks for, and the mode of the leg that it is.
MODES: Mapping[str, str] = MappingProxyType({"listen": legs.LISTEN, "whisper": legs.WHISPER, "join": legs.TALK})
# Who is about to talk, or talks, has no ear for another call.
_BUSY = frozenset({AgentState.OFFERED, AgentState.ON_CALL})


class Supervising:
    """The acts of supervisors in a talk."""

    def __init__(self, company: Company, meeting: Meeting) -> None:
        self._company = company
        self._meeting = meeting

    def supervise(
        self,
        session: Session,
        *,
        agent_id: str | None,
        call_id: str,
        mode: str,
        now: datetime,
        number: str = "",
        name: str = "",
    ) -> Outcome:
        """Listen, whisper to the agent, or join (`mode`); asked again by the same supervisor it changes the mode.

        The telephone is that of the supervisor's own agent, else the `number` typed, with the `name` of the account.
        """
        call = store.call(session, call_id, lock=True)
        if call is None or mode not in MODES:
            return Refused(reason="call_unknown" if call is None else NOT_NOW)
        live = legs.live(session, call_id)
        first = first_of(live)
        if call.status != store.TALKING or first is None or first.state != legs.IN or call.conference_id is None:
            return Refused(reason=NOT_CONNECTED_YET)
        telephone = self._telephone(session, agent_id, number, name)
        if isinstance(telephone, Refused):
            return telephone
        address, known_as = telephone
        own = next((row for row in live if row.role == legs.SUPERVISOR and row.address == address), None)
        if own is not None and own.state != legs.LEAVING:
            return self._change(session, call, own, first, mode=MODES[mode], now=now)
        if agent_id is not None and self._is_busy(session, agent_id):
            return Refused(reason=NOT_NOW)
        if agent_id is not None:
            talks_routing.step_away(session, agent_id, now)
        wanted = legs.wanted(
            call_id,
            legs.SUPERVISOR,
            now=now,
            mode=MODES[mode],
            agent_id=agent_id,
            name=known_as,
            address=address,
            asked_by=agent_id or known_as[:64],
        )
        return Done(effects=(self._meeting.comings.ring(legs.add(session, wanted), now),))

    def stop(
        self, session: Session, *, call_id: str, now: datetime, agent_id: str | None = None, number: str = ""
    ) -> Outcome:
        """Take the supervisor's leg out of the call; nobody else notices."""
        call = store.call(session, call_id, lock=True)
        if call is None:
            return Refused(reason="call_unknown")
        telephone = self._telephone(session, agent_id, number, "")
        if isinstance(telephone, Refused):
            return telephone
        rows = [row for row in legs.live(session, call_id) if row.role == legs.SUPERVISOR]
        own = next((row for row in rows if row.address == telephone[0] and row.state != legs.LEAVING), None)
        if own is None:
            return Done()
        if own.state == legs.IN:
            store.note(session, call_id, "supervising_ended", {"by": own.name}, now)
        return Done(effects=self._meeting.goings.drop(session, own, "stopped", now))

    def _change(
        self, session: Session, call: Call, leg: CallLeg, first: CallLeg, *, mode: str, now: datetime
    ) -> Outcome:
        if leg.mode == mode:
            return Done()
        leg.mode = mode
        if leg.state != legs.IN:
            return Done()
        store.note(session, call.call_id, "supervising", {"by": leg.name, "mode": mode}, now)
        coaches = (first.sid or "") if mode == legs.WHISPER else ""
        # One request for both, so that no word slips through between them.
        return Done(effects=(take_part(call, leg, muted=mode == legs.LISTEN, coaches=coaches),))

    def _telephone(self, session: Session, agent_id: str | None, number: str, name: str) -> tuple[str, str] | Refused:
        """Where the supervisor is rung, and how they are called."""
        if agent_id is None:
            match dialable(number, country=self._company.hours.country):
                case Wrong() as wrong:
                    return Refused(reason=wrong.value)
                case found:
                    return found.number, name or found.number
        presence = reports.state_of(session, agent_id)
        if presence is None:
            return Refused(reason=AGENT_UNKNOWN)
        return (presence.address, presence.name) if presence.address else Refused(reason="no_address")

    @staticmethod
    def _is_busy(session: Session, agent_id: str) -> bool:
        presence = reports.state_of(session, agent_id)
        return presence is not None and presence.state in _BUSY
