"""What the pages on routing show: queues and agents as lines, what changed between two versions, and who could take a call.

Nothing here writes.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ivr.accounts import store as accounts
from ivr.web.words import worded
from routing import reports, store
from routing.agents import AgentState, Candidate, Presence
from routing.hours import Closed, Hours
from routing.matching import match
from routing.queues import TO_QUEUE, Queue, on_the_terms_of, queue_of
from routing.receipts import Receipt, compact
from routing.skills import Requirements
from routing.waiting import Rules, WaitingCall

# "Who could take this call now, and after 60 s?"
LOOKS_SECONDS = (0, 60, 120)
_CHANGES = 30


@dataclass(frozen=True, kw_only=True)
class QueueLine:
    """A queue in the list."""

    queue: Queue
    version: int
    waiting: int
    closed: str  # why it is closed now, "" while it is open
    able: int  # agents signed in who have a skill that it serves


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    """What somebody changed: each field with before and after, in words."""

    at: datetime
    by: str
    what: str
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Look:
    """Who could take a call after some waiting."""

    waited_seconds: int
    receipt: Receipt
    words: tuple[str, ...]
    chosen: str  # name, "" for nobody
    able: tuple[str, ...]  # names, the first to be offered it first
    chosen_as_saved: str | None  # with the rules as they are saved; None where these are they


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The call that a preview is about."""

    skill: str
    level: int
    language: str
    agent_id: str
    kept_seconds: int
    all_free: bool


def queue_lines(session: Session, *, company: Hours, now: datetime) -> tuple[QueueLine, ...]:
    """Every queue, by its code."""
    waiting = Counter(line.queue for line in reports.waiting_calls(session, now))
    queues = store.queues(session)
    signed_in = [one for one in reports.agents(session) if one.state is not AgentState.OFFLINE]
    return tuple(
        QueueLine(
            queue=queue,
            version=store.queue_version(session, queue.queue_id),
            waiting=waiting[queue.queue_id],
            closed=_closed(queue, company, now),
            able=sum(_serves(one, queue, queues) for one in signed_in),
        )
        for queue in sorted(queues.values(), key=lambda one: one.queue_id)
    )


def known_skills(session: Session) -> tuple[str, ...]:
    """Skills that an agent has or a queue serves."""
    of_agents = {skill for agent in reports.agents(session) for skill in agent.skills}
    of_queues = {skill for queue in store.queues(session).values() for skill in queue.team}
    return tuple(sorted(of_agents | of_queues))


def changes(session: Session, what: str | None = None) -> tuple[ChangeLine, ...]:
    """What people changed, the newest first."""
    names = {str(one.account_id): one.display_name for one in accounts.everyone(session)}
    return tuple(
        ChangeLine(
            at=row.at,
            by=names.get(row.by, row.by),
            what=row.what,
            fields=changed_fields(row.before or {}, row.after),
        )
        for row in store.changes(session, what=what, limit=_CHANGES)
    )


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """The fields that differ, each with what it was and what it is, in words."""
    names = dict.fromkeys((*after, *before))
    lines = (
        (worded(name, "routing_field"), said(name, before.get(name)), said(name, after.get(name))) for name in names
    )
    return tuple(line for line in lines if line[1] != line[2])


def said(name: str, value: Any) -> str:
    """A field of a queue or an agent, as its JSON keeps it, in words."""
    if value is None or value in ("", [], {}):
        return "-"
    if name in _SAID:
        return _SAID[name](value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value)


def look_ahead(
    session: Session, asked: Asked, queue: Queue, *, saved: Queue | None, now: datetime, rules: Rules, language: str
) -> tuple[Look, ...]:
    """Who could take such a call now and after some waiting; beside `queue` the one that is saved, where it is another."""
    agents = _agents(session, all_free=asked.all_free)
    return tuple(
        _look(asked, agents, seconds, queue, saved=saved, now=now, rules=rules, language=language)
        for seconds in LOOKS_SECONDS
    )


def _look(
    asked: Asked,
    agents: Sequence[Candidate],
    seconds: int,
    queue: Queue,
    *,
    saved: Queue | None,
    now: datetime,
    rules: Rules,
    language: str,
) -> Look:
    requirements = Requirements(
        skill=asked.skill,
        level=asked.level,
        languages=(asked.language,) if asked.language else (),
        preferred_agent_id=asked.agent_id or None,
        preferred_seconds=asked.kept_seconds if asked.agent_id else 0,
    )
    call = WaitingCall(call_id="preview", requirements=requirements, enqueued_at=now - timedelta(seconds=seconds))
    receipt = match(on_the_terms_of(queue, call, rules), agents, now, rules, queue)
    before = None if saved is None else match(on_the_terms_of(saved, call, rules), agents, now, rules, saved)
    names = {one.agent_id: one.name for one in agents}
    short = compact(receipt)
    return Look(
        waited_seconds=seconds,
        receipt=short,
        words=short.in_words(language),
        chosen=names.get(receipt.chosen_agent_id or "", ""),
        able=tuple(one.name for one in short.considered if one.passed),
        chosen_as_saved=None if before is None else names.get(before.chosen_agent_id or "", ""),
    )


def _agents(session: Session, *, all_free: bool) -> tuple[Candidate, ...]:
    if not all_free:
        return tuple(store.candidates(session))
    signed_in = {one.agent_id: one for one in store.candidates(session)}
    return tuple(
        replace(signed_in.get(one.agent_id) or _absent(one), state=AgentState.AVAILABLE)
        for one in reports.agents(session)
    )


def _absent(agent: Presence) -> Candidate:
    return Candidate(
        agent_id=agent.agent_id,
        name=agent.name,
        state=agent.state,
        idle_since=agent.since,
        languages=agent.languages,
        skills=agent.skills,
    )


def _serves(agent: Presence, queue: Queue, queues: Mapping[str, Queue]) -> bool:
    return any(skill in queue.team or queue_of(skill, queues) == queue for skill in agent.skills)


def _closed(queue: Queue, company: Hours, now: datetime) -> str:
    state = (queue.hours or company).at(now)
    return worded(state.reason, "closed") if isinstance(state, Closed) else ""


def _destination(value: str) -> str:
    return f"→ {value.removeprefix(TO_QUEUE)}" if value.startswith(TO_QUEUE) else worded(value, "destination")


def _rings(value: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{ring['after_seconds']} s"
        + (": " + ", ".join(worded(drop, "drops") for drop in ring["drops"]) if ring["drops"] else "")
        for ring in value
    )


def _hours(value: Mapping[str, Any]) -> str:
    days = " ".join(worded(str(day), "weekday") for day in value["open_days"])
    own = [f"{value['opens_at']} - {value['closes_at']}", days, value.get("subdivision", "")]
    own += [f"- {day}" for day in value.get("closed_on", ())] + [f"+ {day}" for day in value.get("open_on", ())]
    return " ".join(filter(None, own))


_SAID: Mapping[str, Callable[[Any], str]] = {
    "order": lambda value: worded(value, "agent_order"),
    "overflow_to": _destination,
    "closed_does": _destination,
    "rings": _rings,
    "hours": _hours,
    "service_share": lambda value: f"{value:.0%}",
    "boosts": lambda value: ", ".join(f"{worded(name, 'boost')} {seconds} s" for name, seconds in value.items()),
    "names": lambda value: " / ".join(value.values()),
}
