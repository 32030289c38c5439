"""Counts made by the database: what `figures_counted` defines record by record, in a few statements for any period.

What is read is one line for each group and second of waiting, however many calls there were.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from routing import tables
from routing.figures_counted import FIELDS, GroupBy, Question, of_span
from routing.figures_periods import stretches
from routing.figures_records import (
    ABANDONED,
    ANSWERED,
    CALL_KIND,
    CALLBACK,
    CALLBACK_KIND,
    CONSULT_KIND,
    GOES_ON,
    MESSAGE,
    OFF_DUTY,
    WAITING,
    Counts,
    summed,
)
from routing.figures_sql import begun_seconds, clock_day, clock_hour, microseconds_between, moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEYS = frozenset({"kept", "way", "seconds"})
_WAYS = ("answered_after", "abandoned_after", "other_after", "waiting_for")


def counted(session: Session, question: Question, intents: FromClause | None = None) -> Mapping[str, Counts]:
    """Count what routing knows, by group; `intents` says what each call wanted, in columns `call_id` and `intent`.

    Without it no call wants anything.
    """
    return _gathered(_all_of(session, question, intents))


def states(session: Session, question: Question) -> Mapping[str, Counts]:
    """How long agents were in each state, by group."""
    return _gathered(_of_states(session, question))


def last_talks(calls: Any) -> Subquery:
    """Who talked last in each call that a statement selects, and where: columns `call_id`, `queue`, `skill`, `agent_id`."""
    row = tables.Stay
    latest = func.row_number().over(partition_by=row.call_id, order_by=row.stay_id.desc()).label("latest")
    talks = (
        select(row.call_id, row.queue, row.skill, row.agent_id, latest)
        .where(row.call_id.in_(calls), row.connected_at.is_not(None), row.kind != CONSULT_KIND)
        .subquery()
    )
    return select(talks.c.call_id, talks.c.queue, talks.c.skill, talks.c.agent_id).where(talks.c.latest == 1).subquery()


def label_column(
    question: Question, stay: Mapping[str, ColumnElement[Any]], intent: ColumnElement[Any], at: ColumnElement[Any]
) -> ColumnElement[Any]:
    """What a line is counted under; `label_of` makes words of it."""
    match question.by:
        case GroupBy.QUEUE | GroupBy.SKILL | GroupBy.AGENT:
            return func.coalesce(stay[FIELDS[question.by]], "")
        case GroupBy.INTENT:
            return func.coalesce(intent, "")
        case GroupBy.HOUR:
            return clock_hour(at, stretches(question.period, question.zone)) % 24
        case GroupBy.DAY:
            return clock_day(at, stretches(question.period, question.zone))
        case GroupBy.ALL:
            return literal("")


def label_of(question: Question, kept: Any) -> str:
    """The label that the plain counting gives."""
    match question.by:
        case GroupBy.HOUR:
            return f"{kept:02d}"
        case GroupBy.DAY:
            return (_EPOCH + timedelta(days=kept)).date().isoformat()
        case _:
            return str(kept)


def filters(
    question: Question, stay: Mapping[str, ColumnElement[Any]], intent: ColumnElement[Any]
) -> Iterator[ColumnElement[bool]]:
    """What the question leaves in."""
    wishes = {"queue": question.queue, "skill": question.skill, "agent_id": question.agent_id}
    yield from (stay[name] == wish for name, wish in wishes.items() if wish)
    if question.intent:
        yield intent == question.intent


def _gathered(counts: Iterable[tuple[str, Counts]]) -> Mapping[str, Counts]:
    found: dict[str, list[Counts]] = defaultdict(list)
    for label, one in counts:
        found[label].append(one)
    return {label: summed(those) for label, those in found.items()}


def _all_of(session: Session, question: Question, intents: FromClause | None) -> Iterator[tuple[str, Counts]]:
    links = _links(question, intents)
    for line in session.execute(_sums(question, links)).mappings():
        added: dict[str, Any] = {name: int(number) for name, number in line.items() if name not in _KEYS}
        if line["way"] is not None:
            added[_WAYS[line["way"]]] = {int(line["seconds"]): added["offered"]}
        yield label_of(question, line["kept"]), Counts(**added)
    if not question.of_calls_only:
        yield from _of_states(session, question)


def _links(question: Question, intents: FromClause | None) -> Subquery:
    """The stays of the period's waits, each with its wait: what `figures_counted.Link` is."""
    row, period = tables.Stay, question.period
    came = select(row.call_id).where(row.enqueued_at >= period.begins_at, row.enqueued_at < period.ends_at)
    in_order: dict[str, Any] = {"partition_by": row.call_id, "order_by": row.stay_id}
    before = func.lag(row.outcome).over(**in_order)
    begins = case((before.in_(GOES_ON), 0), else_=1).label("begins")
    follows = func.lead(row.stay_id).over(**in_order).label("follows")
    transferred_next = func.lead(cast(row.transferred, Integer)).over(**in_order).label("transferred_next")
    ordered = (
        select(*tables.Stay.__table__.c, begins, follows, transferred_next)
        .where(row.call_id.in_(came), row.kind != CONSULT_KIND)
        .subquery()
    )
    of_call: dict[str, Any] = {"partition_by": ordered.c.call_id, "order_by": ordered.c.stay_id}
    numbered = select(*ordered.c, func.sum(ordered.c.begins).over(**of_call).label("wait")).subquery()
    of_wait: dict[str, Any] = {"partition_by": (numbered.c.call_id, numbered.c.wait), "order_by": numbered.c.stay_id}
    began_at = func.first_value(numbered.c.enqueued_at).over(**of_wait).label("began_at")
    intent: Any = null() if intents is None else intents.c.intent
    source: Any = numbered
    if intents is not None:
        source = numbered.outerjoin(intents, intents.c.call_id == numbered.c.call_id)
    linked = select(*numbered.c, began_at, func.coalesce(intent, "").label("intent")).select_from(source).subquery()
    return (
        select(linked)
        .where(linked.c.began_at >= period.begins_at, linked.c.began_at < period.ends_at)
        .where(*filters(question, dict(linked.c), linked.c.intent))
        .subquery()
    )


def _label(question: Question, links: Subquery) -> ColumnElement[Any]:
    return label_column(question, dict(links.c), links.c.intent, links.c.began_at).label("kept")


def _sums(question: Question, links: Subquery) -> Select[Any]:
    """What the stays add up to: one line for each group, way out of the first wait, and second that it took."""
    way, seconds = _way(links, question.now)
    each = select(links, _label(question, links), way.label("way"), seconds.label("seconds")).subquery()
    keys = (each.c.kept, each.c.way, each.c.seconds)
    return select(*keys, *_added(each)).group_by(*keys)


def _added(links: Subquery) -> tuple[ColumnElement[Any], ...]:
    its = links.c
    met = its.connected_at.is_not(None)
    ends = or_(its.follows.is_(None), its.outcome.not_in(GOES_ON))
    of_call = and_(ends, its.kind == CALL_KIND)
    first = and_(of_call, its.wait == 1)
    again = and_(of_call, its.wait > 1, met)
    called = and_(ends, its.kind == CALLBACK_KIND, its.outcome != WAITING)
    chose = and_(first, ~met, its.left_at.is_not(None))
    handled = and_(met, its.ended_at.is_not(None), its.wrap_up_ended_at.is_not(None))
    hold_us = its.held_seconds * 1_000_000
    talk_us = microseconds_between(its.connected_at, its.ended_at) - hold_us
    sums: dict[str, tuple[ColumnElement[bool], Any]] = {
        "offered": (first, 1),
        "answer_us": (and_(first, met), microseconds_between(its.began_at, its.connected_at)),
        "callbacks": (and_(chose, its.outcome == CALLBACK), 1),
        "messages": (and_(chose, its.outcome == MESSAGE), 1),
        "again": (again, 1),
        "again_us": (again, microseconds_between(its.began_at, its.connected_at)),
        "went_on": (~ends, 1),
        "callbacks_called": (called, 1),
        "callbacks_reached": (and_(called, met), 1),
        "talks": (met, 1),
        "handed_on": (and_(met, its.transferred_next == 1), 1),
        "handled": (handled, 1),
        "talk_us": (and_(handled, talk_us > 0), talk_us),
        "hold_us": (handled, hold_us),
        "wrap_up_us": (handled, microseconds_between(its.ended_at, its.wrap_up_ended_at)),
    }
    return tuple(func.sum(case((which, what), else_=0)).label(name) for name, (which, what) in sums.items())


def _way(links: Subquery, now: datetime) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """How a first wait ended, as a place in `_WAYS`, and after how many seconds; null for every other stay."""
    its = links.c
    met = its.connected_at.is_not(None)
    over_at = case((its.outcome == ANSWERED, its.ended_at), else_=its.left_at)
    waits_still = or_(its.outcome == WAITING, over_at.is_(None))
    first = and_(or_(its.follows.is_(None), its.outcome.not_in(GOES_ON)), its.kind == CALL_KIND, its.wait == 1)
    way = case((~first, null()), (met, 0), (waits_still, 3), (its.outcome.in_((ABANDONED, ANSWERED)), 1), else_=2)
    until = case((met, its.connected_at), (waits_still, moment(now)), else_=over_at)
    return way, case((first, begun_seconds(microseconds_between(its.began_at, until))), else_=null())


def _of_states(session: Session, question: Question) -> Iterator[tuple[str, Counts]]:
    spans = _spans(question)
    its, over_edge = spans.c, _over_edge(question, spans)
    label = label_column(question, {"agent_id": its.agent_id}, null(), its.begins_at)
    within = select(label.label("kept"), its.state, microseconds_between(its.begins_at, its.ends_at).label("us"))
    each = within.where(~over_edge).subquery()
    sums = select(each.c.kept, each.c.state, func.sum(each.c.us)).group_by(each.c.kept, each.c.state)
    for kept, state, length_us in session.execute(sums):
        yield label_of(question, kept), Counts(in_state_us={state: int(length_us)})
    if question.by in {GroupBy.HOUR, GroupBy.DAY}:
        # Few spans reach over the edge of an hour or a day: those are cut one by one.
        cut = select(its.agent_id, its.state, its.begins_at, its.ends_at).where(over_edge)
        pieces: dict[tuple[str, str], int] = defaultdict(int)
        for agent_id, state, begins_at, ends_at in session.execute(cut.execution_options(yield_per=1000)):
            for label_cut, length_us in of_span(question, agent_id, begins_at, ends_at):
                pieces[label_cut, state] += length_us
        for (label_cut, state), length_us in pieces.items():
            yield label_cut, Counts(in_state_us={state: length_us})


def _over_edge(question: Question, spans: Subquery) -> ColumnElement[bool]:
    changes = stretches(question.period, question.zone)
    match question.by:
        case GroupBy.HOUR:
            return clock_hour(spans.c.begins_at, changes) != clock_hour(spans.c.ends_at, changes)
        case GroupBy.DAY:
            return clock_day(spans.c.begins_at, changes) != clock_day(spans.c.ends_at, changes)
        case _:
            return false()


def _spans(question: Question) -> Subquery:
    """Who was in which state, from when until when, within the period and until now."""
    agent, change, begins_at = tables.Agent, tables.AgentStateChange, question.period.begins_at
    ends_at = max(min(question.period.ends_at, question.now), begins_at)
    within = select(change.agent_id, change.state, change.at, change.change_id)
    within = within.where(change.at > begins_at, change.at < ends_at)
    # The state that an agent came into the period with: one look into the index for each, whatever lies before.
    before = select(change.state).where(change.agent_id == agent.agent_id, change.at <= begins_at)
    latest = before.order_by(change.at.desc(), change.change_id.desc()).limit(1).correlate(agent).scalar_subquery()
    came_with = select(
        agent.agent_id, latest.label("state"), moment(begins_at).label("at"), literal(0).label("change_id")
    )
    if question.agent_id:
        within = within.where(change.agent_id == question.agent_id)
        came_with = came_with.where(agent.agent_id == question.agent_id)
    changes = union_all(within, came_with).subquery()
    until = func.lead(changes.c.at).over(partition_by=changes.c.agent_id, order_by=(changes.c.at, changes.c.change_id))
    points = select(changes.c.agent_id, changes.c.state, changes.c.at, until.label("until")).subquery()
    its = points.c
    clipped = select(
        its.agent_id,
        its.state,
        its.at.label("begins_at"),
        func.coalesce(its.until, moment(ends_at)).label("ends_at"),
    ).where(its.state != OFF_DUTY)
    spans = clipped.subquery()
    return select(spans).where(spans.c.begins_at < spans.c.ends_at).subquery()
