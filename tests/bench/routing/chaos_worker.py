"""One process of the chaos: it ticks as every process of the service does, and plays callers and agents for whoever it meets.

Nothing is remembered here: what there is to do stands in the database, so that any process can be killed at any moment. Which
callers give up and which agents miss is settled by the identifiers, so that all processes play the same people.
"""

import random
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.database import make_engine
from routing import dispatch, tables
from routing.agents import AgentEvent
from routing.skills import Requirements
from routing.waiting import Rules

SKILLS = ("orders", "returns", "billing", "repairs")
# A day in minutes: everything that takes seconds takes parts of them.
RULES = Rules(offer_seconds=6, again_after_seconds=1, wrap_up_seconds=1, lease_seconds=6)
AT_ONCE = 12


class Worker:
    def __init__(self, url: str, seed: int, calls: int, per_second: float, said: Path) -> None:
        self.engine = make_engine(url)
        self.chance = random.Random(seed)  # noqa: S311  # a test's dice
        self.calls = calls
        self.per_second = per_second
        self.said = said

    def work(self) -> None:
        """Tick and play until somebody ends this process."""
        acts = (self.tick, self.come, self.answer, self.meet, self.part, self.write_down, self.return_, self.give_up)
        while True:
            for act in acts:
                # A database that is away, or a transaction that lost against another one: the next time.
                try:
                    act()
                except (SQLAlchemyError, dispatch.InvariantBrokenError) as error:
                    if not isinstance(error, OperationalError):
                        with self.said.open("a", encoding="utf-8") as file:
                            file.write(
                                f"{act.__name__}: {type(error).__name__} {error}"[:300].replace("\n", " ") + "\n"
                            )
                    time.sleep(0.05)
            time.sleep(0.01)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def tick(self) -> None:
        with Session(self.engine) as session, session.begin():
            dispatch.tick(session, self.now, RULES)

    def come(self) -> None:
        """The next calls, as many as should have come by now; two processes may bring the same one."""
        with Session(self.engine) as session, session.begin():
            count, first = session.execute(
                select(func.count(), func.min(tables.Stay.enqueued_at))
                .select_from(tables.Waiting)
                .outerjoin(
                    tables.Stay, (tables.Stay.call_id == tables.Waiting.call_id) & (tables.Waiting.call_id == "CA00000")
                )
            ).one()
            due = AT_ONCE if first is None else int((self.now - first).total_seconds() * self.per_second) + 1
        for number in range(count, min(self.calls, due, count + AT_ONCE)):
            dice = zlib.crc32(f"CA{number}".encode())
            with Session(self.engine) as session, session.begin():
                dispatch.enqueue(
                    session,
                    call_id=f"CA{number:05}",
                    requirements=Requirements(skill=SKILLS[dice % len(SKILLS)], languages=("it",)),
                    priority=dice // 7 % 2,
                    now=self.now,
                    rules=RULES,
                )

    def answer(self) -> None:
        """Agents who are rung accept, decline, leave, miss, or their desks are gone."""
        row = tables.Offer
        with Session(self.engine) as session, session.begin():
            rung = session.execute(
                select(row.offer_id, row.agent_id).where(row.state == "open").order_by(func.random()).limit(AT_ONCE)
            ).all()
        for offer_id, agent_id in rung:
            fate = zlib.crc32(f"offer {offer_id}".encode()) % 100
            with Session(self.engine) as session, session.begin():
                if fate < 80:
                    dispatch.accept(session, offer_id=offer_id, agent_id=agent_id, now=self.now)
                elif fate < 88:
                    dispatch.decline(session, offer_id=offer_id, agent_id=agent_id, now=self.now)
                elif fate < 92:
                    dispatch.set_state(session, agent_id=agent_id, event=AgentEvent.STEP_AWAY, now=self.now)
                elif fate < 95:
                    agent = tables.Agent
                    session.execute(
                        update(agent)
                        .where(agent.agent_id == agent_id, agent.lease_until.is_(None))
                        .values(lease_until=self.now)
                    )

    def meet(self) -> None:
        """Agents' telephones answer, nearly all."""
        row = tables.Assignment
        self._each(
            select(row.call_id).where(row.ended_at.is_(None), row.connected_at.is_(None)),
            lambda session, call_id: (
                dispatch.agent_failed(session, call_id=call_id, now=self.now, rules=RULES)
                if self.chance.random() < 0.04
                else dispatch.connected(session, call_id=call_id, now=self.now)
            ),
        )

    def part(self) -> None:
        """Talks end, from either side, or break."""

        def end(session: Session, call_id: str) -> None:
            dice = self.chance.random()
            if dice < 0.02:
                dispatch.agent_failed(session, call_id=call_id, now=self.now, rules=RULES)
            elif dice < 0.3:
                dispatch.withdraw(session, call_id=call_id, reason="hang-up", now=self.now, rules=RULES)
            else:
                dispatch.talk_ended(session, call_id=call_id, now=self.now, rules=RULES)

        row = tables.Assignment
        long_ago = self.now - timedelta(seconds=1.5)
        self._each(select(row.call_id).where(row.ended_at.is_(None), row.connected_at < long_ago), end)

    def write_down(self) -> None:
        """Half of the agents end their wrap-up, for the others time does."""
        row = tables.Agent
        self._each(
            select(row.agent_id).where(row.state == "wrap_up"),
            lambda session, agent_id: (
                dispatch.wrap_up_done(session, agent_id=agent_id, now=self.now) if self.chance.random() < 0.5 else None
            ),
        )

    def return_(self) -> None:
        """Whoever missed, stepped away or was gone comes back after a while."""

        def ready(session: Session, agent_id: str) -> None:
            row = tables.Agent
            session.execute(update(row).where(row.agent_id == agent_id).values(lease_until=None))
            dispatch.set_state(session, agent_id=agent_id, event=AgentEvent.READY, now=self.now)

        row = tables.Agent
        while_ago = self.now - timedelta(seconds=1)
        gone = row.state.in_(("missed", "away", "offline"))
        self._each(select(row.agent_id).where(gone, row.state_since < while_ago), ready)

    def give_up(self) -> None:
        """Some callers hang up while they wait or while an agent is rung."""
        row = tables.Waiting
        with Session(self.engine) as session, session.begin():
            waiting = session.scalars(
                select(row.call_id)
                .where(row.state.in_(("waiting", "offered")), row.enqueued_at < self.now - timedelta(seconds=0.5))
                .order_by(func.random())
                .limit(AT_ONCE)
            ).all()
        for call_id in waiting:
            if zlib.crc32(f"patience {call_id}".encode()) % 100 < 8:
                with Session(self.engine) as session, session.begin():
                    dispatch.withdraw(session, call_id=call_id, reason="hang-up", now=self.now, rules=RULES)

    def _each(self, wanted: Select[Any], act: Callable[[Session, str], object]) -> None:
        with Session(self.engine) as session, session.begin():
            found = session.scalars(wanted.order_by(func.random()).limit(AT_ONCE)).all()
        for one in found:
            with Session(self.engine) as session, session.begin():
                act(session, one)


def work(url: str, seed: int, calls: int, per_second: float, said: Path) -> None:
    """What a process does from its start to its end."""
    Worker(url, seed, calls, per_second, said).work()
