"""The legs of calls beyond the callers': rows and views of them. The session comes from outside; nothing here commits.

What a leg's coming and going does to its call is `ivr.calls.talks_goings`'.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

CALLER, AGENT, CONSULTED, SUPERVISOR = "caller", "agent", "consulted", "supervisor"
TALK, LISTEN, WHISPER = "talk", "listen", "whisper"
# A leg is wanted (routing looks for who takes it), rings, is in the conference, is on its way out of it; it has left, or it
# never came in.
WANTED, RINGING, IN, LEAVING, LEFT, FAILED = "wanted", "ringing", "in", "leaving", "left", "failed"
HELD = "held"  # the caller's alone
LIVE = (WANTED, RINGING, IN, LEAVING)
COMING = (WANTED, RINGING)


@dataclass(frozen=True, kw_only=True)
class LegView:
    """One leg of a call, the caller's included, for a desk or a board."""

    leg_id: int  # 0 for the caller's
    name: str  # of an agent, a supervisor, or the number; "" for the caller and where it is not known yet who takes it
    role: str  # caller, agent, consulted, supervisor
    mode: str  # talk, listen, whisper
    state: str  # wanted, ringing, in, held, leaving
    since: datetime
    agent_id: str | None
    address: str
    is_muted: bool


def views(session: Session, call_id: str) -> tuple[LegView, ...]:  # noqa: ARG001 - the table comes next
    """The live legs of a call, the caller's first; nothing for a call that is over or unknown."""
    return ()


def call_of(session: Session, work_id: str) -> str:  # noqa: ARG001 - the table comes next
    """The call that a piece of routing's work is about: its own, or that of a consultation."""
    return work_id
