"""Reading and keeping calls, their turns and what happened to them. The session comes from outside; nothing here commits.

The story that an agent reads is put together in `ivr.calls.story`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, event, func, insert, inspect, select, update
from sqlalchemy.orm import Session, object_session

from ivr.calls.tables import Call, CallLeg, Effort, Happening, Turn
from routing import changes
from sealing.columns import Cell, if_it_opens

IN_LINE, WAITING, TALKING, ENDED = "in_line", "waiting", "talking", "ended"
# Between an agent's leaving and the carrier's asking what the caller shall do next lies no work of anybody's; judgement.
LONGEST_WAY_BACK = timedelta(seconds=5)
# The carrier answers a question for the caller after a minute of speech at most (Gather page), a goodbye takes less: far beyond
# both, no webhook means that the caller is gone and the carrier's word of it was lost.
LONGEST_ANSWER = timedelta(minutes=10)
# A leg of the carrier's lives four hours at most (Dial page, timeLimit); waiting and talking leave no trace of their own.
LONGEST_TALK = timedelta(hours=5)
# Somebody has listened to what a caller said: it happened to the call's record, not on its line.
LISTENED = "listened"
# What takes a caller from a person back to the queue.
WAYS_BACK = ("line_lost", "transferred", "taken_off", "transfer_failed")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """What one webhook adds to a call: what came back to the last prompt, and the prompt that answers it."""

    heard: str
    keys: str
    intent: str
    confidence: float | None
    ended: str
    node: str
    prompt: str
    facts: Sequence[Mapping[str, Any]]
    answer: str
    hearing: Mapping[str, Any] = field(default_factory=dict)  # how it was heard, as `ivr.calls.explained` reads it
    path: Sequence[str] = ()  # the nodes that were entered since the prompt before, in order
    traces: Sequence[tuple[str, str]] = ()  # what happened at which node (`ivr.flow.traces`)


@dataclass(frozen=True, kw_only=True)
class LiveCall:
    """A call that is not over, in one line, for whoever watches."""

    call_id: str
    status: str  # in_line, waiting, talking
    started_at: datetime
    language: str
    flow: str
    flow_version: int
    node: str
    from_number: str
    customer_id: str | None
    reason: str
    agent_id: str | None
    words_so_far: str  # of the turn that is being spoken, "" between turns


_CALL = select(Call).where(Call.call_id == bindparam("wanted"))
_LOCKED_CALL = _CALL.with_for_update()
# A turn's own statements go past the unit of work, which costs more than the database does (bench webhook).
_ATTRIBUTES = {attribute.columns[0].key: attribute.key for attribute in inspect(Call).column_attrs}
_TAKE_CALL = select(Call.__table__).where(Call.call_id == bindparam("wanted")).with_for_update()
_ADD_CALL = insert(Call)
_KEEP_CALL = update(Call).where(Call.call_id == bindparam("wanted"))
_ADD_TURN = insert(Turn)
_ADD_HAPPENING = insert(Happening)


@event.listens_for(Call, "after_update")
def _changed_by_the_unit_of_work(_mapper: Any, _connection: Any, row: Call) -> None:
    if (session := object_session(row)) is not None:
        changes.mark(session, changes.call(row.call_id))


def call(session: Session, call_id: str, *, lock: bool = False) -> Call | None:
    """One call; `lock` keeps every other webhook of it waiting until this transaction is over."""
    return session.scalar(_LOCKED_CALL if lock else _CALL, {"wanted": call_id})


def take(session: Session, call_id: str) -> Call | None:
    """One call, locked, as a record outside the unit of work: what changes on it counts only with `keep`."""
    session.flush()
    row = session.connection().execute(_TAKE_CALL, {"wanted": call_id}).mappings().first()
    return None if row is None else Call(**{_ATTRIBUTES[name]: value for name, value in row.items()})


def keep(session: Session, row: Call) -> None:
    """Keep what has changed on a record of `take`; the turn has gone on, so nothing is being said in it any more."""
    changes.mark(session, changes.call(row.call_id))
    session.connection().execute(_KEEP_CALL, {"wanted": row.call_id, **_values(row), "words_so_far": ""})


def add(session: Session, row: Call) -> None:
    """Keep a new call; what changes on the record afterwards counts only with `keep`."""
    changes.mark(session, changes.call(row.call_id))
    # What is not set yet is left to the columns' own defaults.
    session.connection().execute(_ADD_CALL, {name: value for name, value in _values(row).items() if value is not None})


def _values(row: Call) -> dict[str, Any]:
    return {name: getattr(row, attribute) for name, attribute in _ATTRIBUTES.items()}


def answer_given(session: Session, call_id: str, turn: int) -> str | None:
    """The document that was given at a turn, for a webhook that is delivered again."""
    kept = session.scalar(select(Turn.answer.column).where(Turn.call_id == call_id, Turn.turn == turn))
    return None if kept is None else Turn.answer.opened(kept, call_id=call_id, turn=turn)


def change_answer(session: Session, call_id: str, turn: int, answer: str) -> None:
    """Keep another document for a turn: the one that was given first no longer stands."""
    kept = Turn.answer.kept(answer, call_id=call_id, turn=turn)
    session.execute(update(Turn).where(Turn.call_id == call_id, Turn.turn == turn).values({Turn.answer.column: kept}))


def add_turn(session: Session, call_id: str, turn: int, exchange: Exchange, at: datetime) -> None:
    """Keep one webhook's exchange."""
    key = {"call_id": call_id, "turn": turn}
    session.connection().execute(
        _ADD_TURN,
        {
            **key,
            "at": at,
            "heard": Turn.heard.kept(exchange.heard, **key),
            "keys": Turn.keys.kept(exchange.keys, **key),
            "intent": exchange.intent,
            "confidence": exchange.confidence,
            "ended": exchange.ended,
            "hearing": Turn.hearing.kept(json.dumps(exchange.hearing, ensure_ascii=False), **key),
            "node": exchange.node,
            "prompt": Turn.prompt.kept(exchange.prompt, **key),
            "facts": Turn.facts.kept(json.dumps(exchange.facts, ensure_ascii=False), **key),
            "answer": Turn.answer.kept(exchange.answer, **key),
            "path": json.dumps(exchange.path),
            "traces": json.dumps(exchange.traces),
        },
    )


def turns(session: Session, call_id: str) -> Sequence[Turn]:
    """All turns of a call in order."""
    return session.scalars(select(Turn).where(Turn.call_id == call_id).order_by(Turn.turn)).all()


def note(session: Session, call_id: str, kind: str, details: Mapping[str, Any], at: datetime) -> None:
    """Keep something that happened to a call."""
    kept = Happening.details.kept(json.dumps(details, ensure_ascii=False), call_id=call_id)
    values = {"call_id": call_id, "kind": kind, "details": kept, "at": at}
    session.connection().execute(_ADD_HAPPENING, values)
    changes.mark(session, changes.call(call_id))


def happenings(session: Session, call_id: str) -> Sequence[Happening]:
    """What happened to a call outside its turns, in order."""
    return session.scalars(select(Happening).where(Happening.call_id == call_id).order_by(Happening.happening_id)).all()


def happened_in(session: Session, calls: Collection[str], kind: str) -> Sequence[Happening]:
    """What happened of a kind in these calls, in order."""
    query = select(Happening).where(Happening.call_id.in_(calls), Happening.kind == kind)
    return session.scalars(query.order_by(Happening.happening_id)).all()


def calls_of_customer(session: Session, customer_id: str, *, most: int) -> Sequence[Call]:
    """The last calls of a customer, the newest first."""
    query = select(Call).where(Call.customer_id == customer_id).order_by(Call.started_at.desc())
    return session.scalars(query.limit(most)).all()


def last_of_customer(session: Session, customer_id: str, kind: str) -> Happening | None:
    """What happened last of a kind in any call of a customer."""
    of_customer = select(Happening).join(Call, Call.call_id == Happening.call_id).where(Call.customer_id == customer_id)
    newest = of_customer.where(Happening.kind == kind).order_by(Happening.happening_id.desc())
    return session.scalar(newest.limit(1))


def last_happened(session: Session, call_id: str, kind: str) -> datetime | None:
    """When something happened to a call the last time; None for never."""
    return session.scalar(select(func.max(Happening.at)).where(Happening.call_id == call_id, Happening.kind == kind))


def times_happened(session: Session, call_id: str) -> Mapping[str, int]:
    """How often each kind of thing has happened to a call."""
    query = (
        select(Happening.kind, func.count().label("times")).where(Happening.call_id == call_id).group_by(Happening.kind)
    )
    return {row.kind: row.times for row in session.execute(query)}


def is_on_the_way_back(session: Session, call_id: str) -> bool:
    """Whether a waiting caller was with a person, and the queue has not taken them back yet."""
    happened = times_happened(session, call_id)
    return sum(happened.get(kind, 0) for kind in WAYS_BACK) > happened.get("back_in_queue", 0)


def last_way_back(session: Session, call_id: str) -> str:
    """What brought a caller back to the queue last, one of `WAYS_BACK`; "" for nothing."""
    ways = select(Happening.kind).where(Happening.call_id == call_id, Happening.kind.in_(WAYS_BACK))
    return session.scalar(ways.order_by(Happening.happening_id.desc()).limit(1)) or ""


def stranded_calls(session: Session, now: datetime) -> tuple[tuple[str, int], ...]:
    """The calls, with their turns, whose agent is gone and whose caller has not come back from where they were to meet."""
    coming = select(CallLeg.leg_id).where(
        CallLeg.call_id == Call.call_id, CallLeg.role == "agent", CallLeg.state.in_(("ringing", "in"))
    )
    rows = session.execute(
        select(Call.call_id, Call.turn, Call.status, coming.exists()).where(Call.status.in_((WAITING, TALKING)))
    ).all()
    stranded = []
    for call_id, turn, status, has_first in rows:
        if status == TALKING and has_first:
            continue
        is_missing = status == TALKING or is_on_the_way_back(session, call_id)
        last = select(func.max(Happening.at)).where(Happening.call_id == call_id, Happening.kind != LISTENED)
        if is_missing and (session.scalar(last) or now) < now - LONGEST_WAY_BACK:
            stranded.append((call_id, turn))
    return tuple(stranded)


def calls_held_otherwise(session: Session, before: datetime) -> Sequence[Call]:
    """The calls of talks whose caller is not, or still, on hold as was asked of the carrier before a time."""
    talking = select(Call).where(Call.status == TALKING, Call.on_hold != Call.hold_wanted)
    return session.scalars(talking.where(Call.hold_asked_at < before)).all()


def silent_calls(session: Session, now: datetime) -> tuple[str, ...]:
    """The calls that nothing has been heard of for so long that their end must have been missed."""
    last_turn = select(func.max(Turn.at)).where(Turn.call_id == Call.call_id).scalar_subquery()
    of_the_line = (Happening.call_id == Call.call_id, Happening.kind != LISTENED)
    last_happening = select(func.max(Happening.at)).where(*of_the_line).scalar_subquery()
    query = select(Call.call_id, Call.status, Call.agent_leg, Call.started_at, last_turn, last_happening)
    live = query.where(Call.status.in_((IN_LINE, WAITING, TALKING)), Call.started_at < now - LONGEST_ANSWER)
    silent = []
    for call_id, status, agent_leg, *times in session.execute(live):
        heard_of_at = max(time for time in times if time is not None)
        is_answering = status == IN_LINE or (status == TALKING and agent_leg is None)
        if heard_of_at < now - (LONGEST_ANSWER if is_answering else LONGEST_TALK):
            silent.append(call_id)
    return tuple(silent)


def words_of(session: Session, call_id: str) -> str:
    """Everything the caller has said so far, one utterance a line."""
    said = select(Turn.turn, Turn.heard.column).where(Turn.call_id == call_id, Turn.heard.column != "")
    rows = session.execute(said.order_by(Turn.turn)).all()
    return "\n".join(Turn.heard.opened(heard, call_id=call_id, turn=turn) for turn, heard in rows)


def keep_heard(session: Session, *, call_id: str, turn: int, heard: Mapping[str, Any]) -> bool:
    """Keep what the media socket heard for the open question; False when the question is no longer open."""
    kept = Call.heard.kept(json.dumps({"turn": turn, **heard}, ensure_ascii=False), call_id=call_id)
    return _on_open_question(session, call_id, turn, {Call.heard.column: kept, Call.words_so_far.column: ""})


def keep_words_so_far(session: Session, *, call_id: str, turn: int, words: str) -> bool:
    """Keep what the caller has said so far of the turn that is being spoken; False, and nothing kept, once it is over."""
    kept = Call.words_so_far.kept(words, call_id=call_id)
    return _on_open_question(session, call_id, turn, {Call.words_so_far.column: kept}, Call.heard.column == "")


def _on_open_question(
    session: Session, call_id: str, turn: int, values: Mapping[Any, Cell], *also: ColumnElement[bool]
) -> bool:
    is_open = (Call.call_id == call_id, Call.turn == turn, Call.ended_at.is_(None), *also)
    result = session.execute(update(Call).where(*is_open).values(values))
    changes.mark(session, changes.call(call_id))
    return bool(result.rowcount)  # type: ignore[attr-defined] # an UPDATE answers with a CursorResult, which has it


def record_effort(session: Session, call_id: str, score: int, at: datetime) -> None:
    """Keep the effort score of a call; a second answer replaces the first."""
    session.merge(Effort(call_id=call_id, score=score, at=at))
    changes.mark(session, changes.call(call_id))


def effort(session: Session, call_id: str) -> int | None:
    """The effort score of a call, None while there is none."""
    return session.scalar(select(Effort.score).where(Effort.call_id == call_id))


def efforts_of(session: Session, calls: Collection[str]) -> Mapping[str, int]:
    """The effort scores of those of these calls that have one."""
    rows = session.execute(select(Effort.call_id, Effort.score).where(Effort.call_id.in_(calls)))
    return {row.call_id: row.score for row in rows}


def effort_of_agent(session: Session, agent_id: str, since: datetime) -> float | None:
    """The average effort score that the callers of an agent have given since a time; None without any."""
    query = select(func.avg(Effort.score)).join(Call, Call.call_id == Effort.call_id)
    average = session.scalar(query.where(Call.agent_id == agent_id, Effort.at >= since))
    return None if average is None else float(average)


def live_calls(session: Session) -> tuple[LiveCall, ...]:
    """Every call that is not over, the oldest first."""
    rows = session.scalars(select(Call).where(Call.status != ENDED).order_by(Call.started_at))
    return tuple(
        LiveCall(
            call_id=row.call_id,
            status=row.status,
            started_at=row.started_at,
            language=row.language,
            flow=row.flow,
            flow_version=row.flow_version,
            node=row.node,
            from_number=row.from_number,
            customer_id=row.customer_id,
            reason=row.reason,
            agent_id=row.agent_id,
            words_so_far=if_it_opens(row, "words_so_far", ""),
        )
        for row in rows
    )


def recent_calls(session: Session, *, most: int = 50) -> Sequence[Call]:
    """The calls that began last, live or ended, the newest first."""
    return session.scalars(select(Call).order_by(Call.started_at.desc()).limit(most)).all()
