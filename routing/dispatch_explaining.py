"""Why a call still waits: a receipt when it begins to, and again when the ring or the reason is another. Nothing here commits.

On a small site a receipt names everybody who is signed in; on a large one those nearest to taking the call, and counts the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from routing import store_offering, store_rounds
from routing.agents import Candidate
from routing.dispatch_rows import call_of
from routing.matching import match
from routing.queues import DEFAULT_QUEUE, Queue
from routing.receipts import Receipt, Rest, Rule, compact
from routing.store_rounds import Queuing
from routing.waiting import Rules, WaitingCall, ring_at

# A round explains no more calls than this, so that an afternoon of long queues costs each round little; the others follow.
_AT_ONCE = 50
# So often a reason is looked at again that nothing else brings to mind; judgement.
_AGAIN_AFTER = timedelta(seconds=60)
# How many of those who have the skill a large site's receipt names: as many as somebody reads.
_NAMED = 10
_LONGEST = 100  # the column's width


def explain(
    session: Session, now: datetime, rules: Rules, *, queues: Mapping[str, Queue], here: Sequence[str] | None
) -> None:
    """Write what is due; `here` are all who are signed in, or None where these are too many to name."""
    due = store_rounds.to_explain(session, now, _AT_ONCE)
    if not due:
        return
    refusals = store_rounds.refusals_of(session, [row.call_id for row in due])
    site = _Small(session, here) if here is not None else _Large(session)
    explanations = []
    for row in due:
        call, queue = call_of(row), queues.get(row.queue, DEFAULT_QUEUE)
        receipt = site.receipt(call, refusals.get(row.call_id, {}), queue, now, rules)
        explanations.append(_explanation(row, call, queue, receipt))
    store_offering.explain(session, explanations, now)


def _explanation(row: Queuing, call: WaitingCall, queue: Queue, receipt: Receipt) -> store_offering.Explanation:
    reason = _reason(receipt)
    is_new = receipt.chosen_agent_id is None and reason != row.explained
    return store_offering.Explanation(
        call_id=row.call_id,
        ring=receipt.ring,
        explained=row.explained if receipt.chosen_agent_id is not None else reason,
        explain_at=_next(call, queue, receipt.at),
        receipt=receipt.as_json() if is_new else None,
    )


def _reason(receipt: Receipt) -> str:
    """The ring, and which rules the agents fail first."""
    failing = {
        next(check.rule for check in one.checks if check.excludes) for one in receipt.considered if not one.passed
    }
    failing |= {one.rule for one in receipt.rest if one.rule is not None}
    return f"{receipt.ring}:{'+'.join(sorted(failing))}"[:_LONGEST]


def _next(call: WaitingCall, queue: Queue, now: datetime) -> datetime:
    ring = ring_at(call, now, queue.rings)
    times = [now + _AGAIN_AFTER]
    times += [call.enqueued_at + timedelta(seconds=one.after_seconds) for one in queue.rings[ring + 1 : ring + 2]]
    kept_until = call.enqueued_at + timedelta(seconds=call.requirements.preferred_seconds)
    return min([*times, *([kept_until] if kept_until > now else [])])


class _Small:
    """A site where everybody can be named."""

    def __init__(self, session: Session, here: Sequence[str]) -> None:
        self._agents = tuple(store_rounds.candidates_by_id(session, here).values())

    def receipt(
        self, call: WaitingCall, refused: Mapping[str, datetime], queue: Queue, now: datetime, rules: Rules
    ) -> Receipt:
        agents = [replace(one, refused_at=refused.get(one.agent_id)) for one in self._agents]
        return compact(match(call, agents, now, rules, queue))


class _Large:
    """A site of many: those who have the skill, some of them, and how many there are."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, tuple[tuple[Candidate, ...], tuple[int, int, int]]] = {}

    def receipt(
        self, call: WaitingCall, refused: Mapping[str, datetime], queue: Queue, now: datetime, rules: Rules
    ) -> Receipt:
        asked = call.requirements
        nearest, (signed_in, free, able) = self._of(asked.skill)
        named = {one for one in (asked.preferred_agent_id, asked.only_agent_id, *refused) if one is not None}
        beside = store_rounds.candidates_by_id(self._session, named - {one.agent_id for one in nearest})
        agents = [replace(one, refused_at=refused.get(one.agent_id)) for one in (*nearest, *beside.values())]
        receipt = compact(match(call, agents, now, rules, queue))
        rest = (
            Rest(rule=Rule.STATE, agents=max(0, signed_in - free - len(nearest))),
            Rest(rule=Rule.SKILL, agents=free - able),
        )
        listed = tuple(one for one in rest if one.agents)
        return replace(receipt, rest=(*receipt.rest, *listed), is_partial=True)

    def _of(self, skill: str) -> tuple[tuple[Candidate, ...], tuple[int, int, int]]:
        if skill not in self._known:
            busy = store_rounds.busy_with_skill(self._session, skill, _NAMED)
            free = store_rounds.free_with_skill(self._session, skill, _NAMED)
            nearest = tuple(store_rounds.candidates_by_id(self._session, {*busy, *free}).values())
            self._known[skill] = nearest, store_rounds.counts(self._session, skill)
        return self._known[skill]
