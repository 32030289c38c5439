"""Calls that lose their words, or the person: what is left of them counts calls, steps and effort, and says nothing of anybody.

The session comes from outside; nothing here commits.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from ivr.calls import store
from ivr.calls.tables import Call, Turn

# What stays of a happening's details: codes, counts and people of the company; never words, numbers or identifiers of anybody.
KEPT_DETAILS = frozenset({
    "about", "agent", "by", "days_late", "granted", "kind", "level", "node", "outcome", "proof", "purpose", "score",
    "skill", "status", "turn", "way",
})  # fmt: skip
# Of the codes alone: a word longer than any of ours is none of ours.
_LONGEST_CODE = 40


def calls_of(session: Session, customer_id: str, numbers: Collection[str]) -> tuple[str, ...]:
    """The calls of a customer: known as theirs, or known as nobody's and from a number that is theirs alone."""
    from_theirs = Call.customer_id.is_(None) & Call.from_number.in_(numbers)
    theirs = or_(Call.customer_id == customer_id, from_theirs)
    return tuple(session.scalars(select(Call.call_id).where(theirs).order_by(Call.started_at)))


def going_on(session: Session, calls: Collection[str]) -> tuple[str, ...]:
    """Those of these calls that are not over."""
    return tuple(session.scalars(select(Call.call_id).where(Call.call_id.in_(calls), Call.status != store.ENDED)))


def forget_person(session: Session, calls: Collection[str], numbers: Collection[str]) -> int:
    """Take the person out of these ended calls, and their own numbers out of everybody's; how many calls were theirs."""
    for call_id in calls:
        _empty_words(session, call_id)
        for row in store.happenings(session, call_id):
            row.details = json.dumps(_codes(json.loads(row.details)))
    anonymous = {"from_number": "", "customer_id": None}
    session.execute(update(Call).where(Call.call_id.in_(calls)).values(**anonymous))
    _forget_numbers(session, numbers)
    session.flush()
    session.expire_all()
    return len(calls)


def forget_old_words(session: Session, before: datetime, *, most: int) -> int:
    """Empty the words of calls that ended before a time, at most so many at once; who called and what came of it stays."""
    query = select(Call.call_id).where(Call.status == store.ENDED, Call.ended_at < before, Call.turn > 0, _has_words())
    calls = session.scalars(query.order_by(Call.ended_at).limit(most)).all()
    for call_id in calls:
        _empty_words(session, call_id)
    session.flush()
    return len(calls)


def count_old_words(session: Session, before: datetime) -> int:
    """How many calls that ended before a time still have words."""
    query = select(func.count()).select_from(Call)
    return (
        session.scalar(query.where(Call.status == store.ENDED, Call.ended_at < before, Call.turn > 0, _has_words()))
        or 0
    )


def _has_words() -> ColumnElement[bool]:
    # Every turn of a call that has one gave the carrier a document: an empty one was emptied here.
    columns = Turn.__table__.c
    return select(columns.turn).where(columns.call_id == Call.call_id, columns.answer != "").exists()


def _empty_words(session: Session, call_id: str) -> None:
    call = store.call(session, call_id, lock=True)
    if call is None:
        return
    call.state = call.expecting = call.heard = call.words_so_far = ""
    for turn in store.turns(session, call_id):
        turn.heard = turn.keys = turn.prompt = turn.answer = ""
        turn.facts, turn.hearing = "[]", "{}"
    session.flush()


def _codes(details: dict[str, object]) -> dict[str, object]:
    return {
        name: value
        for name, value in details.items()
        if name in KEPT_DETAILS and not (isinstance(value, str) and len(value) > _LONGEST_CODE)
    }


def _forget_numbers(session: Session, numbers: Collection[str]) -> None:
    """What somebody else did from the person's telephone is theirs, but not the number."""
    others = session.scalars(select(Call).where(Call.from_number.in_(numbers))).all()
    for call in others:
        call.from_number = ""
        for row in store.happenings(session, call.call_id):
            row.details = json.dumps(_without(json.loads(row.details), numbers), ensure_ascii=False)


def _without(details: dict[str, object], numbers: Iterable[str]) -> dict[str, object]:
    return {name: value for name, value in details.items() if value not in set(numbers)}
