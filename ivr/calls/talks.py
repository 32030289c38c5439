# ruff: noqa: ARG002 - the signatures stand before what they do
"""What an agent or a supervisor can do in a talk: mute, consult, pass on, join all, and listen, whisper, join.

Each answers `ivr.calls.desk.Outcome`: `Done` with what must go out after the commit, or `Refused` with the reason.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.orm import Session

from ivr.calls import legs
from ivr.calls.company import Company
from ivr.calls.desk import Outcome, Refused
from ivr.calls.legs import LegView
from ivr.calls.meeting import Meeting

NOT_YET = "not_in_this_state"


@dataclass(frozen=True, kw_only=True)
class ToAgent:
    """One agent, and no other."""

    agent_id: str


@dataclass(frozen=True, kw_only=True)
class ToSkill:
    """Any agent with this skill at this level or above."""

    skill: str
    level: int = 1


@dataclass(frozen=True, kw_only=True)
class ToNumber:
    """A telephone number, as it was typed."""

    number: str


Target: TypeAlias = ToAgent | ToSkill | ToNumber


class Talks:
    """The acts of agents and supervisors in a talk; the session and the time come in."""

    def __init__(self, company: Company, meeting: Meeting) -> None:
        self._company = company
        self._meeting = meeting

    def legs_of(self, session: Session, call_id: str) -> tuple[LegView, ...]:
        """Who is in a live call or on the way there, the caller first."""
        return legs.views(session, call_id)

    def mute(self, session: Session, *, agent_id: str, call_id: str, on: bool) -> Outcome:
        """Mute the agent's own leg, or let it be heard again."""
        return Refused(reason=NOT_YET)

    def consult(
        self, session: Session, *, agent_id: str, call_id: str, target: Target, note: str, now: datetime
    ) -> Outcome:
        """Put the caller on hold with music and ring somebody to be asked in private."""
        return Refused(reason=NOT_YET)

    def cancel_consult(self, session: Session, *, agent_id: str, call_id: str, now: datetime) -> Outcome:
        """Let the consulted one go, or stop the ringing: the caller is back with the agent."""
        return Refused(reason=NOT_YET)

    def join_all(self, session: Session, *, agent_id: str, call_id: str, now: datetime) -> Outcome:
        """Bring the caller to the two who consult: a conference of three."""
        return Refused(reason=NOT_YET)

    def complete_transfer(self, session: Session, *, agent_id: str, call_id: str, now: datetime) -> Outcome:
        """Leave the call to the consulted one (warm transfer): the agent goes to wrap-up."""
        return Refused(reason=NOT_YET)

    def transfer(
        self, session: Session, *, agent_id: str, call_id: str, target: Target, note: str, now: datetime
    ) -> Outcome:
        """Pass the call on at once (cold transfer): the caller is told and waits first of all, the agent goes to wrap-up."""
        return Refused(reason=NOT_YET)

    def move(self, session: Session, *, call_id: str, target: Target, by: str, now: datetime) -> Outcome:
        """A supervisor takes a talking call off its agent, or moves a waiting one: to an agent, a skill or a number."""
        return Refused(reason=NOT_YET)

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
        return Refused(reason=NOT_YET)

    def stop_supervising(
        self, session: Session, *, call_id: str, now: datetime, agent_id: str | None = None, number: str = ""
    ) -> Outcome:
        """Take the supervisor's leg out of the call; nobody else notices."""
        return Refused(reason=NOT_YET)
