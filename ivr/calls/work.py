"""What one webhook's work on a call has at hand, for whoever performs a part of it."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from ivr.calls import store
from ivr.calls.company import Company, FlowVersion
from ivr.calls.effects import Effect
from ivr.calls.tables import Call
from ivr.flow.events import Value
from ivr.flow.state import State


@dataclass(frozen=True, kw_only=True)
class TakenUp:
    """Where a dropped call stood, for this one to go on from."""

    state: State
    is_known: bool  # whether who calls is as well known as in that call


@dataclass(kw_only=True)
class Work:
    """One webhook's work on one call: the open transaction, the time, and what must go out after the commit."""

    session: Session
    company: Company
    version: FlowVersion
    call: Call
    now: datetime
    # What this webhook brought, not yet among the call's turns: the words, and the keys.
    heard: str = ""
    keys: str = ""
    effects: list[Effect] = field(default_factory=list)
    # What an act has found that takes the place of the call's own state.
    taken_up: TakenUp | None = None

    @property
    def today(self) -> date:
        """The day in the company's time zone."""
        return self.now.astimezone(self.company.zone).date()

    def note(self, kind: str, /, **details: Value) -> None:
        """Keep something that happened, for the agent's screen."""
        store.note(self.session, self.call.call_id, kind, details, self.now)
