"""Counts records into groups: the plain definition of every count, one record after the other. Pure.

The same counts are made by statements in `figures_queries`, for whole years; tests hold both against each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from routing.figures_periods import Period, day_of, days_within, hour_of, hours_within
from routing.figures_records import (
    ABANDONED,
    ANSWERED,
    CALL_KIND,
    CALLBACK,
    CALLBACK_KIND,
    CONSULT_KIND,
    GOES_ON,
    MESSAGE,
    NONE_YET,
    OFF_DUTY,
    WAITING,
    Contact,
    Counts,
    Effort,
    StateSpan,
    Stay,
    begun_seconds,
    microseconds,
    summed,
)

# Within so long the same reason of the same customer counts as the same matter; the usual span of such reports.
REPEAT_WITHIN = timedelta(days=7)
# What an agent wrote down of a contact that did not solve the matter.
UNSOLVED = frozenset({"not_solved", "to_follow_up", "passed_on"})


class GroupBy(StrEnum):
    """What a report's lines stand for."""

    ALL = "all"
    QUEUE = "queue"
    SKILL = "skill"
    INTENT = "intent"
    AGENT = "agent"
    HOUR = "hour"  # of the day, on the company's clock
    DAY = "day"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a report is asked for; "" in a filter is no filter."""

    period: Period
    zone: tzinfo
    now: datetime
    by: GroupBy = GroupBy.ALL
    queue: str = ""
    skill: str = ""
    agent_id: str = ""
    intent: str = ""

    @property
    def of_calls_only(self) -> bool:
        """Whether it asks for something that an agent's time cannot be divided by: an agent serves several at once."""
        return self.by in {GroupBy.QUEUE, GroupBy.SKILL, GroupBy.INTENT} or any((self.queue, self.skill, self.intent))


@dataclass(frozen=True, kw_only=True)
class Records:
    """Everything that figures are counted from; what a call wanted, by its id, comes from outside of routing."""

    stays: Sequence[Stay] = ()
    spans: Sequence[StateSpan] = ()
    contacts: Sequence[Contact] = ()
    efforts: Sequence[Effort] = ()
    intents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Link:
    """A stay and its place among the stays of its call: several are one wait where the call waited on elsewhere."""

    stay: Stay
    began_at: datetime  # the wait, in its first stay
    is_first_wait: bool
    ends_the_wait: bool
    is_handed_on: bool  # a transfer comes next


def links_of(stays: Iterable[Stay]) -> Iterator[Link]:
    """Put the stays of each call together as waits; consultations are no stays of the caller's."""
    of_call: dict[str, list[Stay]] = defaultdict(list)
    for stay in sorted(stays, key=lambda one: one.stay_id):
        if stay.kind != CONSULT_KIND:
            of_call[stay.call_id].append(stay)
    for own in of_call.values():
        began_at, waits = own[0].enqueued_at, 1
        for stay, following in zip(own, (*own[1:], None), strict=True):
            goes_on = following is not None and stay.outcome in GOES_ON
            yield Link(
                stay=stay,
                began_at=began_at,
                is_first_wait=waits == 1,
                ends_the_wait=not goes_on,
                is_handed_on=following is not None and following.transferred,
            )
            if following is not None and not goes_on:
                began_at, waits = following.enqueued_at, waits + 1


def counted(question: Question, records: Records) -> Mapping[str, Counts]:
    """Count everything that the question asks for, by group."""
    found: dict[str, list[Counts]] = defaultdict(list)
    for label, one in _all_of(question, records):
        found[label].append(one)
    return {label: summed(those) for label, those in found.items()}


def total(groups: Mapping[str, Counts]) -> Counts:
    """All groups together."""
    return summed(groups.values())


def counts_of_link(link: Link, now: datetime) -> Counts:
    """What one stay adds to its group."""
    stay = link.stay
    wait = _counts_of_wait(link, now) if link.ends_the_wait else Counts(went_on=1)
    if stay.connected_at is None:
        return wait
    talks = Counts(talks=1, handed_on=int(link.is_handed_on))
    if stay.ended_at is None or stay.wrap_up_ended_at is None:
        return wait + talks
    hold_us = stay.held_seconds * 1_000_000
    return (
        wait
        + talks
        + Counts(
            handled=1,
            talk_us=max(0, microseconds(stay.connected_at, stay.ended_at) - hold_us),
            hold_us=hold_us,
            wrap_up_us=microseconds(stay.ended_at, stay.wrap_up_ended_at),
        )
    )


def _counts_of_wait(link: Link, now: datetime) -> Counts:
    stay = link.stay
    if stay.kind == CALLBACK_KIND:
        is_over = stay.outcome != WAITING
        return Counts(callbacks_called=int(is_over), callbacks_reached=int(is_over and stay.connected_at is not None))
    if stay.kind != CALL_KIND:
        return NONE_YET
    if not link.is_first_wait:
        if stay.connected_at is None:
            return NONE_YET
        return Counts(again=1, again_us=microseconds(link.began_at, stay.connected_at))
    return _counts_of_first_wait(stay, link.began_at, now)


def _counts_of_first_wait(stay: Stay, began_at: datetime, now: datetime) -> Counts:
    if stay.connected_at is not None:
        waited_us = microseconds(began_at, stay.connected_at)
        return Counts(offered=1, answered_after={begun_seconds(waited_us): 1}, answer_us=waited_us)
    # Accepted, but they have not met: the caller still waits, until somebody has gone.
    over_at = stay.ended_at if stay.outcome == ANSWERED else stay.left_at
    if stay.outcome == WAITING or over_at is None:
        return Counts(offered=1, waiting_for={begun_seconds(microseconds(began_at, now)): 1})
    after = {begun_seconds(microseconds(began_at, over_at)): 1}
    if stay.outcome in {ABANDONED, ANSWERED}:
        return Counts(offered=1, abandoned_after=after)
    return Counts(
        offered=1, other_after=after, callbacks=int(stay.outcome == CALLBACK), messages=int(stay.outcome == MESSAGE)
    )


def counts_of_contacts(contacts: Iterable[Contact], now: datetime) -> Iterator[tuple[Contact, Counts]]:
    """What each contact adds: whether it repeats an earlier one, and whether it stayed the only one."""
    of_matter: dict[tuple[str, str], list[Contact]] = defaultdict(list)
    for contact in sorted(contacts, key=lambda one: one.at):
        if contact.reason:
            of_matter[contact.customer_id, contact.reason].append(contact)
    for own in of_matter.values():
        for before, contact, after in zip((None, *own[:-1]), own, (*own[1:], None), strict=True):
            yield (
                contact,
                counts_of_contact(
                    at=contact.at,
                    before=None if before is None else before.at,
                    after=None if after is None else after.at,
                    outcome=contact.outcome,
                    now=now,
                ),
            )


def counts_of_contact(
    *, at: datetime, before: datetime | None, after: datetime | None, outcome: str, now: datetime
) -> Counts:
    """What a contact adds, by the times of the same matter's contacts before and after it."""
    if before is not None and at - before <= REPEAT_WITHIN:
        return Counts(contacts=1, repeats=1)
    if at + REPEAT_WITHIN > now:
        return Counts(contacts=1)
    came_back = after is not None and after - at <= REPEAT_WITHIN
    return Counts(contacts=1, first_contacts=1, solved_first=int(not came_back and outcome not in UNSOLVED))


def _all_of(question: Question, records: Records) -> Iterator[tuple[str, Counts]]:
    links = tuple(links_of(records.stays))
    yield from _of_stays(question, records, links)
    if not question.of_calls_only:
        yield from _of_spans(question, records.spans)
    last_talks = {link.stay.call_id: link.stay for link in links if link.stay.connected_at is not None}
    for contact, counts in counts_of_contacts(records.contacts, question.now):
        # Other channels tell whether a matter came back; what is reported is the line.
        if contact.call_id and contact.at in question.period:
            talk = last_talks.get(contact.call_id)
            if _wanted(question, talk, contact.reason):
                yield _label(question, talk, contact.reason, contact.at), counts
    for effort in records.efforts:
        talk, intent = last_talks.get(effort.call_id), records.intents.get(effort.call_id, "")
        if effort.at in question.period and _wanted(question, talk, intent):
            yield _label(question, talk, intent, effort.at), Counts(efforts=1, effort_sum=effort.score)


def _of_stays(question: Question, records: Records, links: Iterable[Link]) -> Iterator[tuple[str, Counts]]:
    for link in links:
        intent = records.intents.get(link.stay.call_id, "")
        if link.began_at in question.period and _wanted(question, link.stay, intent):
            yield _label(question, link.stay, intent, link.began_at), counts_of_link(link, question.now)


def _of_spans(question: Question, spans: Iterable[StateSpan]) -> Iterator[tuple[str, Counts]]:
    period = question.period
    for span in spans:
        if span.state == OFF_DUTY or question.agent_id not in {"", span.agent_id}:
            continue
        begins_at, ends_at = max(span.begins_at, period.begins_at), min(span.ends_at, period.ends_at, question.now)
        for label, length_us in of_span(question, span.agent_id, begins_at, ends_at):
            yield label, Counts(in_state_us={span.state: length_us})


def of_span(question: Question, agent_id: str, begins_at: datetime, ends_at: datetime) -> Iterator[tuple[str, int]]:
    """The microseconds that a span of an agent's time adds to each group: cut where groups are hours or days."""
    match question.by:
        case GroupBy.HOUR:
            pieces = hours_within(begins_at, ends_at, question.zone)
        case GroupBy.DAY:
            pieces = days_within(begins_at, ends_at, question.zone)
        case _:
            pieces = iter(((begins_at, ends_at),) if begins_at < ends_at else ())
    for piece_begins_at, piece_ends_at in pieces:
        label = agent_id if question.by is GroupBy.AGENT else time_label(question, piece_begins_at)
        yield label, microseconds(piece_begins_at, piece_ends_at)


def time_label(question: Question, at: datetime) -> str:
    """The hour or day of a time; "" where neither is asked for."""
    match question.by:
        case GroupBy.HOUR:
            return hour_of(at, question.zone)
        case GroupBy.DAY:
            return day_of(at, question.zone)
        case _:
            return ""


def _wanted(question: Question, stay: Stay | None, intent: str) -> bool:
    own = ("", "", "") if stay is None else (stay.queue, stay.skill, stay.agent_id or "")
    asked = (question.queue, question.skill, question.agent_id, question.intent)
    return all(wish in {"", value} for wish, value in zip(asked, (*own, intent), strict=True))


def _label(question: Question, stay: Stay | None, intent: str, at: datetime) -> str:
    match question.by:
        case GroupBy.INTENT:
            return intent
        case GroupBy.QUEUE | GroupBy.SKILL | GroupBy.AGENT:
            return "" if stay is None else str(getattr(stay, FIELDS[question.by]) or "")
        case _:
            return time_label(question, at)


# What a stay is counted under.
FIELDS: Mapping[GroupBy, str] = {GroupBy.QUEUE: "queue", GroupBy.SKILL: "skill", GroupBy.AGENT: "agent_id"}
