"""A small company for routing's contract tests: agents, a clock that only moves when told, and short words for each act."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from routing import dispatch, reports, store, tables
from routing.agents import AgentEvent, AgentState, Presence
from routing.outcomes import Accepted, Offered, Queued
from routing.skills import Requirements

OPENING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ORDERS = Requirements(skill="orders", languages=("it",))


@dataclass
class Company:
    """Every act is a transaction of its own, as with the service's requests."""

    engine: Engine
    now: datetime = OPENING
    agents: list[str] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        with Session(self.engine) as session, session.begin():
            yield session

    def later(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def hire(self, agent_id: str, *, level: int = 3, languages: tuple[str, ...] = ("it",), ready: bool = True) -> None:
        with self.transaction() as session:
            store.save_agent(
                session,
                agent_id=agent_id,
                name=agent_id.capitalize(),
                address=f"client:{agent_id}",
                languages=languages,
                skills={"orders": level},
                now=self.now,
            )
            if ready:
                dispatch.set_state(session, agent_id=agent_id, event=AgentEvent.READY, now=self.now)
        self.agents.append(agent_id)

    def wish(self, agent_id: str, event: AgentEvent, reason: str = "") -> Presence:
        with self.transaction() as session:
            outcome = dispatch.set_state(session, agent_id=agent_id, event=event, now=self.now, away_reason=reason)
        assert isinstance(outcome, Presence), outcome
        return outcome

    def calls(self, call_id: str, requirements: Requirements = ORDERS, **values: int) -> Queued:
        with self.transaction() as session:
            outcome = dispatch.enqueue(session, call_id=call_id, requirements=requirements, now=self.now, **values)
        assert isinstance(outcome, Queued), outcome
        return outcome

    def dispatch(self) -> dict[str, str]:
        """Who is rung for which call: call, agent."""
        with self.transaction() as session:
            return {one.call_id: one.agent_id for one in dispatch.dispatch(session, self.now)}

    def offer_to(self, agent_id: str) -> Offered:
        with self.transaction() as session:
            found = reports.open_offer_of(session, agent_id)
        assert found is not None, f"{agent_id} is not being rung"
        return found

    def takes(self, agent_id: str) -> Accepted:
        offer_id = self.offer_to(agent_id).offer_id
        with self.transaction() as session:
            outcome = dispatch.accept(session, offer_id=offer_id, agent_id=agent_id, now=self.now)
        assert isinstance(outcome, Accepted), outcome
        return outcome

    def talks(self, agent_id: str, call_id: str) -> None:
        """From nothing to a talk of the two."""
        self.calls(call_id)
        assert self.dispatch() == {call_id: agent_id}
        self.takes(agent_id)
        with self.transaction() as session:
            dispatch.connected(session, call_id=call_id, now=self.now)

    def state(self, agent_id: str) -> AgentState:
        with self.transaction() as session:
            found = reports.state_of(session, agent_id)
        assert found is not None
        return found.state

    def queue(self) -> list[str]:
        with self.transaction() as session:
            return [line.call_id for line in reports.waiting_calls(session, self.now)]

    def assert_sound(self) -> None:
        """Rows that must agree do: what no test may leave behind, whatever it did."""
        with self.transaction() as session:
            offered = dict(
                session.execute(
                    select(tables.Offer.agent_id, tables.Offer.call_id).where(tables.Offer.state == "open")
                ).all()
            )
            talking = dict(
                session.execute(
                    select(tables.Assignment.agent_id, tables.Assignment.call_id).where(
                        tables.Assignment.ended_at.is_(None)
                    )
                ).all()
            )
            agents = dict(session.execute(select(tables.Agent.agent_id, tables.Agent.state)).all())
            calls = dict(session.execute(select(tables.Waiting.call_id, tables.Waiting.state)).all())
            wrapping = session.scalar(
                select(func.count())
                .select_from(tables.Assignment)
                .where(tables.Assignment.ended_at.is_not(None), tables.Assignment.wrap_up_ended_at.is_(None))
            )
        assert set(offered) == {name for name, state in agents.items() if state == "offered"}
        assert set(talking) == {name for name, state in agents.items() if state == "on_call"}
        assert wrapping == sum(state == "wrap_up" for state in agents.values())
        assert sorted(offered.values()) == sorted(name for name, state in calls.items() if state == "offered")
        assert sorted(talking.values()) == sorted(name for name, state in calls.items() if state == "assigned")


def company_on(engine: Engine) -> Company:
    """An empty company, on a database that has routing's tables."""
    tables.Base.metadata.create_all(engine)
    return Company(engine)
