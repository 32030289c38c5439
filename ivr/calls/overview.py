"""The calls of this moment in one statement, whatever their number: for a board that is looked at several times a second.

The story of one call is put together in `ivr.calls.story`.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.calls.store import ENDED
from ivr.calls.tables import Call
from sealing.keys import SealBrokenError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CallNow:
    """A call that is not over."""

    call_id: str
    status: str  # in_line, waiting, talking
    started_at: datetime
    language: str
    node: str
    from_number: str
    customer_id: str | None
    reason: str
    agent_id: str | None
    on_hold: bool
    words_so_far: str  # of the turn that is being spoken, "" between turns


def calls_now(session: Session) -> tuple[CallNow, ...]:
    """Every call that is not over, the oldest first."""
    rows = session.execute(
        select(
            Call.call_id,
            Call.status,
            Call.started_at,
            Call.language,
            Call.node,
            Call.from_number,
            Call.customer_id,
            Call.reason,
            Call.agent_id,
            Call.on_hold,
            Call.words_so_far.column,
        )
        .where(Call.status != ENDED)
        .order_by(Call.started_at, Call.call_id)
    )
    return tuple(
        CallNow(
            call_id=call_id,
            status=status,
            started_at=started_at,
            language=language,
            node=node,
            from_number=from_number,
            customer_id=customer_id,
            reason=reason,
            agent_id=agent_id,
            on_hold=on_hold,
            words_so_far=_words(call_id, words),
        )
        for (
            call_id,
            status,
            started_at,
            language,
            node,
            from_number,
            customer_id,
            reason,
            agent_id,
            on_hold,
            words,
        ) in rows
    )


def _words(call_id: str, kept: object) -> str:
    try:
        return Call.words_so_far.opened(kept, call_id=call_id)  # type: ignore[arg-type]  # what its own column gave
    except SealBrokenError as error:
        _log.error("a sealed value does not open: %s", error)
        return ""
