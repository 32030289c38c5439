"""Assignments a second with thousands of agents and of waiting calls, as a ratio to a bare one-statement claim.

Ours is the whole round: the order of the calls, the matcher's own choice, locks, the offer with its receipt, the stay, the
agent's history, one transaction for as many offers as a tick makes. The bare claim takes an agent for one call in one statement
and one transaction, and keeps nothing else. It is measured in two forms, as one would write it at first (which sorts) and as our
own index allows it (which does not); the quicker one is what we are compared with. Slices alternate on one database.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session

from routing import dispatch, tables
from routing.skills import Requirements
from tests.bench.results import Figure
from tests.databases import NoServerError, postgresql_server, sqlite_database

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SKILLS = tuple(f"skill{number:02}" for number in range(20))
SKILLS_EACH = 5
CALLS = 10_000
MANY, FEW = 10_000, 1_000
ROUND = 150  # offers a transaction: a round of a busy second, less than `dispatch_round.AT_MOST`
SLICES = 9
ONE_BY_ONE = 8  # rounds of one offer in each slice
GOAL, GOAL_OF_SCALE = 0.7, 0.8

SORTING = """
WITH candidate AS (
  SELECT a.agent_id FROM routing_agents a JOIN routing_agent_skills s ON s.agent_id = a.agent_id
  WHERE s.skill = :skill AND s.level >= :level AND a.state = 'available'
  ORDER BY s.level, a.idle_since LIMIT 1 {lock})
UPDATE routing_agents SET state = 'offered', state_since = :now
WHERE agent_id = (SELECT agent_id FROM candidate) AND state = 'available' RETURNING agent_id
"""
# The same by our index, which it has to keep true for the next one: the skills of whoever is taken are no longer free.
BY_INDEX = """
WITH candidate AS (
  SELECT s.agent_id FROM routing_agent_skills s JOIN routing_agents a ON a.agent_id = s.agent_id
  WHERE s.skill = :skill AND s.level >= :level AND s.free_since IS NOT NULL AND a.state = 'available'
  ORDER BY s.level, s.free_since LIMIT 1 {lock})
UPDATE routing_agents SET state = 'offered', state_since = :now
WHERE agent_id = (SELECT agent_id FROM candidate) AND state = 'available' RETURNING agent_id
"""
KEPT_TRUE = "UPDATE routing_agent_skills SET free_since = NULL WHERE agent_id = :agent_id"


@dataclass
class Site:
    """A database full of agents and waiting calls, and the seconds that each kind of claim took."""

    engine: Engine
    agents: int
    chance: random.Random
    ours: list[float] = field(default_factory=list)  # a transaction of ROUND offers
    single: list[float] = field(default_factory=list)  # a transaction of one offer
    bare: dict[str, list[float]] = field(default_factory=lambda: {"sorting": [], "by index": []})

    def fill(self) -> None:
        tables.Base.metadata.create_all(self.engine)
        agents, skills = [], []
        for number in range(self.agents):
            since = NOW - timedelta(seconds=self.chance.random() * 3600)
            agent_id = f"agent{number:05}"
            agents.append(
                {
                    "agent_id": agent_id,
                    "name": agent_id,
                    "address": f"client:{agent_id}",
                    "state": "available",
                    "state_since": since,
                    "idle_since": since,
                    "away_reason": "",
                    "languages": ["it"] if self.chance.random() < 0.8 else ["it", "en"],
                }
            )
            skills += [
                {"agent_id": agent_id, "skill": skill, "level": self.chance.randint(1, 5), "free_since": since}
                for skill in self.chance.sample(SKILLS, SKILLS_EACH)
            ]
        calls, stays = [], []
        for number in range(CALLS):
            came_at = NOW - timedelta(seconds=CALLS * 0.05 - number * 0.05)
            wanted = Requirements(skill=self.chance.choice(SKILLS), level=self.chance.randint(1, 3), languages=("it",))
            common = {"call_id": f"CA{number:05}", "skill": wanted.skill, "requirements": wanted.as_json()}
            common |= {"priority": 0, "boosts": {}, "enqueued_at": came_at, "queue": "general", "kind": "call"}
            stays.append(
                common
                | {"stay_id": number + 1, "level": wanted.level, "language": "it", "came_at": came_at, "outcome": ""}
            )
            calls.append(common | {"ranked_at": came_at, "state": "waiting", "stay_id": number + 1})
        with Session(self.engine) as session, session.begin():
            for table, rows in (
                (tables.Agent, agents),
                (tables.AgentSkill, skills),
                (tables.Stay, stays),
                (tables.Waiting, calls),
            ):
                session.execute(insert(table), rows)
        with self.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()

    def slice(self) -> None:
        """A round of ours, some of one call each, and as many of both bare claims; which is first changes."""
        kinds: list[Callable[[], None]] = [self._claim, self._claim_one_by_one, self._bare_sorting, self._bare_by_index]
        self.chance.shuffle(kinds)
        for kind in kinds:
            kind()
        self._restore()

    def _restore(self) -> None:
        """Not measured: everybody is free and waits again, so that every slice finds the same."""
        free = "(SELECT a.idle_since FROM routing_agents a WHERE a.agent_id = routing_agent_skills.agent_id)"
        with self.engine.begin() as connection:
            for statement in (
                "DELETE FROM routing_offers",
                "UPDATE routing_waiting SET state = 'waiting' WHERE state = 'offered'",
                f"UPDATE routing_agent_skills SET free_since = {free} WHERE free_since IS NULL",  # noqa: S608  # no input
                "UPDATE routing_agents SET state = 'available' WHERE state = 'offered'",
            ):
                connection.execute(text(statement))

    def _claim(self) -> None:
        self.ours.append(self._round(ROUND))

    def _claim_one_by_one(self) -> None:
        self.single += [self._round(1) for _ in range(ONE_BY_ONE)]

    def _round(self, offers: int) -> float:
        began = time.perf_counter()
        with Session(self.engine) as session, session.begin():
            made = dispatch.dispatch(session, NOW, at_most=offers)
        seconds = time.perf_counter() - began
        assert len(made) == offers, f"{len(made)} offers instead of {offers}"
        return seconds

    def _bare_sorting(self) -> None:
        self._bare("sorting", SORTING)

    def _bare_by_index(self) -> None:
        self._bare("by index", BY_INDEX)

    def _bare(self, name: str, statement: str) -> None:
        lock = "" if self.engine.dialect.name == "sqlite" else "FOR UPDATE OF a SKIP LOCKED"
        claim, kept_true, claimed = text(statement.format(lock=lock)), text(KEPT_TRUE), []
        now = NOW if self.engine.dialect.name != "sqlite" else str(NOW)
        for _ in range(ROUND):
            wanted = {"skill": self.chance.choice(SKILLS), "level": self.chance.randint(1, 3), "now": now}
            began = time.perf_counter()
            with self.engine.begin() as connection:
                agent_id = connection.execute(claim, wanted).scalar_one_or_none()
                if name == "by index":
                    connection.execute(kept_true, {"agent_id": agent_id})
            self.bare[name].append(time.perf_counter() - began)
            assert agent_id is not None
            claimed.append({"agent_id": agent_id})
        # Not measured: what the bare claim leaves undone, so that nobody after it meets agents who only look free.
        with self.engine.begin() as connection:
            connection.execute(
                text("UPDATE routing_agent_skills SET free_since = NULL WHERE agent_id = :agent_id"), claimed
            )

    def ours_seconds(self) -> float:
        """Seconds an assignment, the median round."""
        return statistics.median(self.ours) / ROUND

    def bare_seconds(self, name: str) -> float:
        """Seconds a bare claim, the median of the means of its slices: single claims vary in steps of the disk."""
        seconds = self.bare[name]
        means = [statistics.fmean(seconds[at : at + ROUND]) for at in range(0, len(seconds), ROUND)]
        return statistics.median(means)

    def quickest_bare(self) -> float:
        return min(self.bare_seconds(name) for name in self.bare)


def figures() -> list[Figure]:
    found: list[Figure] = []
    table = Table(
        "database",
        "agents",
        "ours, ms each",
        "one by one, ms",
        "bare, sorting, ms",
        "bare, by index, ms",
        title="claims",
    )
    scale: dict[str, float] = {}
    for name in ("sqlite", "postgresql"):
        try:
            with _site(name, MANY) as many, _site(name, FEW) as few:
                for number in range(SLICES + 1):
                    for site in (many, few):
                        site.slice()
                    if number == 0:
                        # Statements are compiled and pages are read: the first slice is not counted.
                        for site in (many, few):
                            site.ours.clear()
                            site.single.clear()
                            for seconds in site.bare.values():
                                seconds.clear()
        except NoServerError as error:
            Console().print(f"without PostgreSQL: {error}")
            continue
        for site in (many, few):
            ms = [site.ours_seconds(), statistics.median(site.single), *map(site.bare_seconds, site.bare)]
            table.add_row(name, str(site.agents), *(f"{1000 * seconds:.3f}" for seconds in ms))
        found += _figures_of(name, many)
        scale[name] = few.ours_seconds() / many.ours_seconds()
    Console().print(table)
    if scale:
        found.append(
            Figure(
                name="claim_10k_vs_1k_agents",
                value=min(scale.values()),
                unit="rate / rate",
                goal=f">= {GOAL_OF_SCALE}",
                holds=min(scale.values()) >= GOAL_OF_SCALE,
                how=f"the worse of {', '.join(f'{key} {value:.2f}' for key, value in scale.items())};"
                f" {CALLS} waiting calls, {MANY} and {FEW} agents of {SKILLS_EACH} skills",
            )
        )
    return found


def _figures_of(name: str, site: Site) -> Sequence[Figure]:
    ratio = site.quickest_bare() / site.ours_seconds()
    single = site.quickest_bare() / statistics.median(site.single)
    compared = min(site.bare, key=site.bare_seconds)
    bare = sorted(site.bare[compared])
    how = f"{site.agents} agents of {SKILLS_EACH} skills, {CALLS} waiting, rounds of {ROUND}, receipts and history included"
    return [
        Figure(
            name=f"claim_vs_bare_{name}",
            value=ratio,
            unit="rate / rate",
            goal=f">= {GOAL}",
            holds=ratio >= GOAL,
            how=f"{how}; bare: one statement and one commit each, the quicker of two forms ({compared}); slices alternate",
        ),
        Figure(
            name=f"claim_one_by_one_vs_bare_{name}",
            value=single,
            unit="rate / rate",
            goal="",
            holds=None,
            how="the same, but each offer in a round and a transaction of its own",
        ),
        Figure(
            name=f"assignments_per_second_{name}",
            value=1 / site.ours_seconds(),
            unit="1/s",
            goal="",
            holds=None,
            how=how,
        ),
        Figure(
            name=f"assignment_p99_seconds_{name}",
            value=max(site.ours) if len(site.ours) < 100 else sorted(site.ours)[len(site.ours) * 99 // 100],
            unit="s",
            goal="",
            holds=None,
            how=f"from the begin of a round to its commit, the slowest of {len(site.ours)} rounds: every offer of it waits so"
            f" long; one by one {sorted(site.single)[len(site.single) * 99 // 100]:.4f} s",
        ),
        Figure(
            name=f"bare_p99_seconds_{name}",
            value=bare[len(bare) * 99 // 100],
            unit="s",
            goal="",
            holds=None,
            how=f"a bare claim, {compared}",
        ),
    ]


@contextmanager
def _site(name: str, agents: int) -> Iterator[Site]:
    with _database(name) as engine:
        site = Site(engine, agents, random.Random(agents))  # noqa: S311  # a bench's dice, the same every run
        site.fill()
        yield site


@contextmanager
def _database(name: str) -> Iterator[Engine]:
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder, sqlite_database(Path(folder)) as engine:
            yield engine
        return
    with postgresql_server() as server, server.fresh_database() as engine:
        server.be_durable()
        yield engine
