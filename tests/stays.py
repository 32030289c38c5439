"""Stays, states of agents, contacts and scores for tests of figures: single ones in few words, and a believable week.

The week is made by chance from a seed: tests and pictures only, nothing that a person is shown as their own.
"""

import random
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.orm import Session

from ivr.calls import store as calls
from ivr.calls.tables import Call
from ivr.calls.tables import Effort as EffortRow
from ivr.customers import tables as kept
from ivr.customers.tables import Customer
from routing import tables
from routing.figures_counted import Records
from routing.figures_records import Contact, Effort, StateSpan, Stay

ROME = ZoneInfo("Europe/Rome")
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
# Queue, skill, and what callers want there.
QUEUES = {
    "orders": ("orders", ("order_status",)),
    "returns": ("returns", ("return",)),
    "recovery": ("recovery", ("complaint",)),
    "products": ("products", ("product_question", "person")),
}
AGENTS = {
    "giulia": ("recovery", "orders"),
    "luca": ("orders", "returns"),
    "sara": ("products", "recovery"),
    "ugo": ("orders",),
}


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def stay(number: int = 1, call: str = "", *, came: float = 0, **times: Any) -> Stay:
    """A stay whose times are seconds from noon: `left`, `accepted`, `connected`, `ended`, `wrapped`."""
    names = {"left": "left_at", "accepted": "accepted_at", "connected": "connected_at", "ended": "ended_at"}
    names["wrapped"] = "wrap_up_ended_at"
    values = {names.get(name, name): at(value) if name in names else value for name, value in times.items()}
    values = {"queue": "orders", "skill": "orders", **values}
    return Stay(stay_id=number, call_id=call or f"CA{number}", enqueued_at=at(came), **values)


def answered(number: int, *, came: float = 0, waited: float = 10, talked: float = 100, **more: Any) -> Stay:
    """A call that an agent took and finished, with 30 s of wrap-up."""
    begun = came + waited
    values: dict[str, Any] = {"outcome": "answered", "agent_id": "giulia", "left": begun, "accepted": begun}
    values |= {"connected": begun, "ended": begun + talked, "wrapped": begun + talked + 30}
    return stay(number, came=came, **(values | more))


def abandoned(number: int, *, came: float = 0, waited: float = 10, **more: Any) -> Stay:
    """A call whose caller hung up."""
    return stay(number, came=came, **({"outcome": "abandoned", "left": came + waited} | more))


@dataclass(frozen=True, kw_only=True)
class Busy:
    """How one hour of the week goes."""

    calls: float
    patience: float  # seconds


def week(first: date = date(2026, 11, 16), *, days: int = 7, calls_an_hour: float = 14, seed: int = 5) -> Records:
    """A week of a shop with four queues and four agents, from 8 to 19 with the peaks of late morning and afternoon."""
    chance = random.Random(seed)  # noqa: S311 - a made week, no secret
    made = _Week(chance)
    for offset in range(days):
        day = first + timedelta(days=offset)
        share = (
            0.25 if day.isoweekday() == 7 else 0.6 if day.isoweekday() == 6 else 1.25 if day.isoweekday() == 1 else 1
        )
        for hour in range(8, 19):
            peak = 1.7 if hour in {10, 11} else 1.4 if hour in {15, 16} else 0.7 if hour in {8, 13, 18} else 1
            for _ in range(round(calls_an_hour * share * peak * chance.uniform(0.8, 1.2))):
                begun = datetime(day.year, day.month, day.day, hour, tzinfo=ROME) + timedelta(
                    seconds=chance.uniform(0, 3600)
                )
                made.call(begun.astimezone(UTC), load=peak * share)
        made.duty(day)
    return Records(
        stays=tuple(made.stays),
        spans=tuple(made.spans),
        contacts=tuple(made.contacts),
        efforts=tuple(made.efforts),
        intents=made.intents,
    )


class _Week:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.stays: list[Stay] = []
        self.spans: list[StateSpan] = []
        self.contacts: list[Contact] = []
        self.efforts: list[Effort] = []
        self.intents: dict[str, str] = {}

    def call(self, came_at: datetime, *, load: float) -> None:
        chance = self.chance
        call_id = f"CA{len(self.intents):032d}"
        queue = chance.choices(tuple(QUEUES), weights=(5, 3, 1.5, 2))[0]
        skill, wishes = QUEUES[queue]
        self.intents[call_id] = chance.choice(wishes)
        patience = timedelta(seconds=chance.expovariate(1 / 150))
        wait = timedelta(seconds=chance.expovariate(1 / (9 * load**3)))
        if wait > timedelta(seconds=90) and chance.random() < 0.3:
            self._add(call_id, queue, skill, came_at, outcome="callback", left_at=came_at + timedelta(seconds=75))
        elif patience < wait:
            self._add(call_id, queue, skill, came_at, outcome="abandoned", left_at=came_at + patience)
        else:
            ended_at = self._talk(call_id, queue, skill, came_at, came_at + wait)
            if chance.random() < 0.06:
                other = chance.choice([name for name in QUEUES if name != queue])
                again = ended_at + timedelta(seconds=chance.uniform(2, 60))
                self._talk(call_id, other, QUEUES[other][0], ended_at, again, transferred=True)
            customer = f"W{chance.randrange(900):04d}"
            outcome = chance.choices(("solved", "to_follow_up", "not_solved", ""), weights=(80, 9, 4, 7))[0]
            self.contacts.append(
                Contact(
                    customer_id=customer, at=came_at, reason=self.intents[call_id], outcome=outcome, call_id=call_id
                )
            )
            if chance.random() < 0.35:
                score = min(7, max(1, round(chance.gauss(2.2 + wait.total_seconds() / 60, 1.3))))
                self.efforts.append(Effort(call_id=call_id, at=came_at, score=score))

    def _talk(
        self, call_id: str, queue: str, skill: str, came_at: datetime, met_at: datetime, *, transferred: bool = False
    ) -> datetime:
        chance = self.chance
        agent = chance.choice([name for name, skills in AGENTS.items() if skill in skills])
        ended_at = met_at + timedelta(seconds=chance.lognormvariate(5.2, 0.5))
        wrapped_at = ended_at + timedelta(seconds=chance.uniform(8, 70))
        self._add(
            call_id, queue, skill, came_at, outcome="answered", agent_id=agent, left_at=met_at, accepted_at=met_at,
            connected_at=met_at, ended_at=ended_at, wrap_up_ended_at=wrapped_at, transferred=transferred,
            held_seconds=chance.choice((0, 0, 0, 12, 40)),
        )  # fmt: skip
        return ended_at

    def _add(self, call_id: str, queue: str, skill: str, came_at: datetime, **values: Any) -> None:
        number = len(self.stays) + 1
        self.stays.append(
            Stay(stay_id=number, call_id=call_id, queue=queue, skill=skill, enqueued_at=came_at, **values)
        )

    def duty(self, day: date) -> None:
        """Each agent's day: available, on a call, in wrap-up, with a lunch."""
        for agent in AGENTS:
            at_desk = datetime(day.year, day.month, day.day, 8, tzinfo=ROME).astimezone(UTC)
            for _ in range(50):
                for state, mean in (("available", 260), ("offered", 12), ("on_call", 420), ("wrap_up", 60)):
                    until = at_desk + timedelta(seconds=self.chance.expovariate(1 / mean))
                    self.spans.append(StateSpan(agent_id=agent, state=state, begins_at=at_desk, ends_at=until))
                    at_desk = until
            lunch = at_desk + timedelta(minutes=40)
            self.spans.append(StateSpan(agent_id=agent, state="away", begins_at=at_desk, ends_at=lunch))


def keep(session: Session, records: Records) -> None:
    """Write stays and states into routing's tables."""
    if records.stays:
        names = {field.name for field in fields(Stay)}
        more = {"level": 1, "requirements": {}, "priority": 0, "boosts": {}, "offers": 0, "ring": 0, "language": "it"}
        rows = [
            {name: getattr(one, name) for name in names} | {"came_at": one.enqueued_at} | more for one in records.stays
        ]
        session.execute(insert(tables.Stay), rows)
    changes = []
    last: dict[str, StateSpan] = {}
    for span in sorted(records.spans, key=lambda one: (one.begins_at, one.agent_id)):
        before = last.get(span.agent_id)
        if before is not None and before.ends_at < span.begins_at:
            changes.append(_change(span.agent_id, "offline", before.ends_at))
        changes.append(_change(span.agent_id, span.state, span.begins_at))
        last[span.agent_id] = span
    for agent_id, span in last.items():
        changes.append(_change(agent_id, "offline", span.ends_at))
        if session.get(tables.Agent, agent_id) is not None:
            continue
        session.add(
            tables.Agent(
                agent_id=agent_id, name=agent_id.capitalize(), address=f"client:{agent_id}", state="offline",
                state_since=span.ends_at, idle_since=span.ends_at, away_reason="", languages=["it"],
            )
        )  # fmt: skip
    if changes:
        session.execute(insert(tables.AgentStateChange), changes)
    session.flush()


def _change(agent_id: str, state: str, moment: datetime) -> dict[str, Any]:
    return {"agent_id": agent_id, "state": state, "at": moment, "idle_since": moment, "away_reason": "", "by": ""}


def keep_calls(session: Session, records: Records) -> None:
    """Write what the line knows of the calls: what was wanted, contacts and scores; behind `keep`."""
    began = {one.call_id: one.enqueued_at for one in reversed(records.stays)}
    began |= {one.call_id: one.at for one in records.contacts} | {one.call_id: one.at for one in records.efforts}
    for customer_id in sorted({one.customer_id for one in records.contacts}):
        session.add(Customer(customer_id=customer_id, name=customer_id, language="it", email=""))
    session.flush()
    of_call = {one.call_id: one.customer_id for one in records.contacts}
    for call_id, began_at in began.items():
        if call_id:
            calls.add(
                session,
                Call(
                    call_id=call_id, from_number="", to_number="", flow="shop", flow_version=1, listening="carrier",
                    language="it", status="ended", started_at=began_at, ended_at=began_at, turn=0,
                    customer_id=of_call.get(call_id), reason=records.intents.get(call_id, ""), route_reason="",
                ),
            )  # fmt: skip
    for one in records.contacts:
        session.add(
            kept.Contact(
                customer_id=one.customer_id, at=one.at, channel="phone" if one.call_id else "email", reason=one.reason,
                outcome=one.outcome, note="", call_id=one.call_id or None,
            )
        )  # fmt: skip
    session.flush()
    for score in records.efforts:
        session.add(EffortRow(call_id=score.call_id, score=score.score, at=score.at))
    session.flush()
