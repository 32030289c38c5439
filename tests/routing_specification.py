"""The table of routing_specification.yaml, read into the records of routing, and what a receipt says in the table's words."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from routing.agents import AgentState, Candidate
from routing.queues import DEFAULT_QUEUE, AgentOrder, Queue
from routing.receipts import Bearing, Check, Receipt
from routing.skills import Droppable, Requirements, SkillWanted
from routing.waiting import Ring, WaitingCall

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
CALL = "CA1"
_NOT_SKILLS = {"speaks", "idle", "is", "refused", "calls", "calls_yesterday"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: a moment, and what must come of it."""

    says: str
    agents: tuple[Candidate, ...]
    call: WaitingCall
    queue: Queue
    expected: dict[str, Any]
    calls_yesterday: dict[str, int] = field(default_factory=dict)


def rows() -> tuple[Row, ...]:
    """The whole table."""
    text = Path(__file__).with_suffix(".yaml").read_text("utf-8")
    return tuple(_row(one) for one in yaml.safe_load(text))


def told(receipt: Receipt) -> dict[str, Any]:
    """A receipt in the table's words."""
    fails = {one.agent_id: [_failed(check) for check in one.checks if not check.passed] for one in receipt.considered}
    return {
        "chosen": receipt.chosen_agent_id,
        "by": receipt.tie_break.value,
        "ring": receipt.ring,
        "fails": {agent_id: failed for agent_id, failed in fails.items() if failed},
    }


def _row(one: dict[str, Any]) -> Row:
    queue = _queue(one.get("queue"))
    return Row(
        says=one["it"],
        agents=tuple(_agent(name, told) for name, told in one["agents"].items()),
        call=replace(_call(one.get("call", {})), queue=queue.queue_id),
        queue=queue,
        expected={"ring": 0, "fails": {}, **one["expect"]},
        calls_yesterday={name: told.get("calls_yesterday", 0) for name, told in one["agents"].items()},
    )


def _agent(agent_id: str, told: dict[str, Any]) -> Candidate:
    refused = told.get("refused")
    return Candidate(
        agent_id=agent_id,
        name=agent_id.capitalize(),
        state=AgentState(told.get("is", "available")),
        idle_since=NOW - timedelta(seconds=told.get("idle", 60)),
        languages=tuple(told.get("speaks", ("it",))),
        skills={name: level for name, level in told.items() if name not in _NOT_SKILLS},
        refused_at=None if refused is None else NOW - timedelta(seconds=refused),
        calls_today=told.get("calls", 0),
    )


def _call(told: dict[str, Any]) -> WaitingCall:
    told = {"skill": "orders", "level": 3, "languages": ["it"], **told}
    waited = told.pop("waited", 0)
    if "never_dropped" in told:
        told["never_dropped"] = frozenset(Droppable(name) for name in told["never_dropped"])
    for name in ("languages", "excluded_agent_ids"):
        told[name] = tuple(told.get(name, ()))
    told["also"] = tuple(SkillWanted(**wanted) for wanted in told.get("also", ()))
    return WaitingCall(call_id=CALL, requirements=Requirements(**told), enqueued_at=NOW - timedelta(seconds=waited))


def _queue(told: dict[str, Any] | None) -> Queue:
    if told is None:
        return DEFAULT_QUEUE
    values: dict[str, Any] = {"queue_id": "orders", "team": tuple(told.get("team", ()))}
    if "order" in told:
        values["order"] = AgentOrder(told["order"])
    if "rings" in told:
        values["rings"] = tuple(
            Ring(after_seconds=one["after"], drops=frozenset(Droppable(name) for name in one.get("drops", ())))
            for one in told["rings"]
        )
    return Queue(**values)


def _failed(check: Check) -> str:
    return check.rule.value if check.bearing is Bearing.MUST else f"{check.bearing.value} {check.rule.value}"
