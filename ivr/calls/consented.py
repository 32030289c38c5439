"""Past calls that may be replayed: what a caller said and pressed at which question, of customers whose consent stands.

The purpose is `contact_history`, that what was said is remembered: it is the one that speaks of the words of a call. Who was
never asked, said no or withdrew is left out, and so is whoever was not known. Reads only; whoever asks notes it in the trail.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.calls import store
from ivr.calls.conductor import WITHHELD
from ivr.calls.tables import Call, Turn
from ivr.customers import ledger
from sealing.columns import if_it_opens

PURPOSE: Final = ledger.CONTACT_HISTORY
SPEECH, KEYS, SILENCE, HANG_UP, SECRET = "speech", "keys", "silence", "hang-up", "secret"


@dataclass(frozen=True, kw_only=True)
class PastAnswer:
    """What a caller answered at a question."""

    node: str
    kind: str  # speech, keys, silence, hang-up; secret: it was kept nowhere, the call can be followed up to here
    given: str = field(default="", repr=False)  # words or keys


@dataclass(frozen=True, kw_only=True)
class PastCall:
    """A call that may be replayed."""

    call_id: str
    customer_id: str
    started_at: datetime
    language: str
    had_agent: bool
    flow_version: int
    answers: tuple[PastAnswer, ...]


def consented_calls(session: Session, *, since: datetime, until: datetime, most: int) -> tuple[PastCall, ...]:
    """The newest ended calls of a time, `most` of them, of customers who agree that what they said is remembered."""
    consenting = ledger.who_consents(session, PURPOSE)
    query = (
        select(Call)
        .where(Call.started_at >= since, Call.started_at < until, Call.status == store.ENDED)
        # The line's own callbacks begin where no caller's words lead.
        .where(Call.customer_id.is_not(None), Call.continues_id.is_(None))
        .order_by(Call.started_at.desc())
    )
    found: list[PastCall] = []
    for call in session.scalars(query):
        if len(found) >= most:
            break
        if call.customer_id in consenting:
            found.append(_past(call, store.turns(session, call.call_id)))
    return tuple(found)


def _past(call: Call, turns: Sequence[Turn]) -> PastCall:
    answers = [_answer(asked.node, came) for asked, came in pairwise(turns) if came.ended or came.heard or came.keys]
    if turns and not _has_ended(turns[-1]):
        answers.append(PastAnswer(node=turns[-1].node, kind=HANG_UP))
    return PastCall(
        call_id=call.call_id,
        customer_id=call.customer_id or "",
        started_at=call.started_at,
        language=call.language,
        had_agent=call.agent_id is not None,
        flow_version=call.flow_version,
        answers=tuple(answers),
    )


def _answer(node: str, came: Turn) -> PastAnswer:
    words, keys = if_it_opens(came, "heard", WITHHELD), if_it_opens(came, "keys", WITHHELD)
    if WITHHELD in {words, keys}:
        return PastAnswer(node=node, kind=SECRET)
    if keys:
        return PastAnswer(node=node, kind=KEYS, given=keys)
    return PastAnswer(node=node, kind=SPEECH, given=words) if words else PastAnswer(node=node, kind=SILENCE)


def _has_ended(last: Turn) -> bool:
    """Whether the line itself took leave behind a turn: then nobody hung up at a question."""
    return '"ended"' in if_it_opens(last, "facts", "")
