"""What an agent's desk shows at one moment, as one record: it is compared with the last one, so nothing in it ticks by itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from sqlalchemy.orm import Session

from ivr.calls.context import CallContext
from ivr.web.doors import Assigned, Doors, Offered
from routing.agents import AgentState, Presence

BROWSER_PHONE = "client:"  # an agent's address on the carrier's or the local line's browser phone


class Phase(StrEnum):
    """What the agent has before them."""

    IDLE = "idle"
    OFFERED = "offered"
    CONNECTING = "connecting"  # accepted; the agent's telephone is being rung
    TALKING = "talking"
    WRAP_UP = "wrap_up"


@dataclass(frozen=True, kw_only=True)
class DeskView:
    """Everything on an agent's desk."""

    presence: Presence
    phase: Phase
    offer: Offered | None
    assignment: Assigned | None
    context: CallContext | None  # of the call that is offered, talked about or wrapped up

    @property
    def receipt(self) -> tuple[str, ...]:
        """Why this agent."""
        shown = self.offer or self.assignment
        return shown.receipt if shown is not None else ()

    @property
    def call_id(self) -> str:
        """The call in question, "" for none."""
        shown = self.offer or self.assignment
        return shown.call_id if shown is not None else ""


def look(session: Session, doors: Doors, *, agent_id: str, language: str, now: datetime) -> DeskView | None:
    """The desk as it is now; none when the agent no longer exists."""
    presence = doors.presence_of(session, agent_id)
    if presence is None:
        return None
    offer = doors.offer_of(session, agent_id, language, now) if presence.state is AgentState.OFFERED else None
    busy = presence.state in {AgentState.ON_CALL, AgentState.WRAP_UP}
    assignment = doors.assignment_of(session, agent_id, language) if busy else None
    shown = offer or assignment
    context = doors.context_of(session, shown.call_id, language, now) if shown is not None else None
    phase = _phase(presence, offer, assignment)
    return DeskView(presence=presence, phase=phase, offer=offer, assignment=assignment, context=context)


def phone_address(line_url: str, address: str) -> str:
    """The page of the agent's browser phone on the local line, "" for an agent with another telephone."""
    if not line_url or not address.startswith(BROWSER_PHONE):
        return ""
    name = address.removeprefix(BROWSER_PHONE)
    return f"{line_url}/agent-phone/{quote(name, safe='')}?answer=auto" if name else ""


def _phase(presence: Presence, offer: Offered | None, assignment: Assigned | None) -> Phase:
    if offer is not None:
        return Phase.OFFERED
    if assignment is None:
        return Phase.IDLE
    if presence.state is AgentState.WRAP_UP or assignment.ended_at is not None:
        return Phase.WRAP_UP
    return Phase.TALKING if assignment.connected_at is not None else Phase.CONNECTING
