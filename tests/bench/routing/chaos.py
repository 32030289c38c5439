"""An afternoon in which everything breaks: processes are killed, the database is restarted, agents vanish.

Four processes dispatch and play thousands of calls on a PostgreSQL server of this bench's own. What became of everybody is
proved from the history that routing keeps (`chaos_proof`).
"""

import multiprocessing
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ivr.database import make_engine
from routing import dispatch, store, tables
from routing.agents import AgentEvent
from tests.bench.results import Figure
from tests.bench.routing import chaos_worker
from tests.bench.routing.chaos_proof import Proof, prove
from tests.bench.routing.chaos_worker import RULES, SKILLS
from tests.databases import _packaged_server

PROCESSES = 4


@dataclass(kw_only=True)
class Afternoon:
    """How much is played, and how much breaks."""

    calls: int
    agents: int
    per_second: float  # calls that come
    kill_every_seconds: float
    restarts: int
    at_most_seconds: float
    kills: int = 0
    restarted: int = 0
    broken: list[str] = field(default_factory=list)

    def play(self) -> Proof:
        """Let it happen, and read what became of everybody."""
        with _server() as server:
            url = server.get_uri(driver="psycopg")
            engine = make_engine(url)
            self._hire(engine)
            began = time.monotonic()
            workers = _Workers(url, self.calls, self.per_second)
            try:
                self._break_things(server, engine, workers, began)
            finally:
                self.broken += workers.end()
            _settle(engine)
            proof = prove(engine, self.calls)
            engine.dispose()
        return proof

    def _hire(self, engine: Engine) -> None:
        tables.Base.metadata.create_all(engine)
        chance = random.Random(5)  # noqa: S311  # a test's dice
        now = datetime.now(UTC)
        with Session(engine) as session, session.begin():
            for number in range(self.agents):
                agent_id = f"agent{number:03}"
                able = dict.fromkeys(chance.sample(SKILLS, 2), 3)
                store.save_agent(
                    session, agent_id=agent_id, name=agent_id, address="", languages=("it",), skills=able, now=now
                )
                dispatch.set_state(session, agent_id=agent_id, event=AgentEvent.READY, now=now)

    def _break_things(self, server: Any, engine: Engine, workers: "_Workers", began: float) -> None:
        killed_at = began
        while time.monotonic() - began < self.at_most_seconds:
            time.sleep(0.25)
            if time.monotonic() - killed_at >= self.kill_every_seconds:
                killed_at = time.monotonic()
                workers.kill_one(self.kills)
                self.kills += 1
            done = _ended(engine)
            if done is None:
                continue
            if self.restarted < self.restarts and done >= self.calls * (self.restarted + 1) / (self.restarts + 1):
                self.restarted += 1
                server.stop()
                server.start()
            if done >= self.calls:
                return


class _Workers:
    """The processes that are killed and come back: forked off one that has imported everything, so they are there at once."""

    def __init__(self, url: str, calls: int, per_second: float) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.bench.routing.chaos_worker"])
        self._folder = Path(tempfile.mkdtemp(prefix="centralino-chaos-said-"))
        self._arguments = (url, calls, per_second)
        self._started = 0
        self._running = [self._start() for _ in range(PROCESSES)]

    def kill_one(self, number: int) -> None:
        """Kill the next one without a word, and start another in its place."""
        index = number % PROCESSES
        self._running[index].kill()
        self._running[index].join()
        self._running[index] = self._start()

    def end(self) -> list[str]:
        """End all of them; returns what they complained of."""
        for one in self._running:
            one.kill()
            one.join()
        lines = [line for file in self._folder.iterdir() for line in file.read_text(encoding="utf-8").splitlines()]
        shutil.rmtree(self._folder)
        return lines

    def _start(self) -> BaseProcess:
        self._started += 1
        said = self._folder / f"{self._started}.txt"
        arguments = (self._arguments[0], self._started, *self._arguments[1:], said)
        process = self._context.Process(target=chaos_worker.work, args=arguments, daemon=True)
        process.start()
        return process


def figures() -> list[Figure]:
    afternoon = Afternoon(
        calls=10_000, agents=500, per_second=60, kill_every_seconds=3, restarts=2, at_most_seconds=600
    )
    began = time.monotonic()
    proof = afternoon.play()
    tell(afternoon, proof, time.monotonic() - began)
    how = (
        f"{PROCESSES} processes, {afternoon.agents} agents, {afternoon.kills} processes killed, the database restarted"
        f" {afternoon.restarted} times, {proof.offers} offers; proved from the history"
    )
    outcomes = ", ".join(f"{name} {count}" for name, count in sorted(proof.outcomes.items()))

    def figure(name: str, value: int, goal: int, said: str = "") -> Figure:
        return Figure(
            name=name, value=value, unit="", goal=f"= {goal}", holds=value == goal, how=f"{how}{said and '; ' + said}"
        )

    return [
        figure("calls", proof.calls, afternoon.calls),
        figure("outcomes", sum(proof.outcomes.values()), afternoon.calls, outcomes),
        figure("double_offers", proof.double_offers, 0),
        figure("stuck_agents", proof.stuck_agents, 0),
        figure("lost_calls", proof.lost_calls, 0),
        figure("overtaken_calls", proof.overtaken, 0, "first offers, the same skill and priority"),
    ]


def tell(afternoon: Afternoon, proof: Proof, seconds: float) -> None:
    """Print the counts."""
    Console().print(
        f"chaos: {proof.calls} of {afternoon.calls} calls in {seconds:.0f} s, {proof.offers} offers, outcomes {proof.outcomes},"
        f" double offers {proof.double_offers}, stuck agents {proof.stuck_agents}, lost calls {proof.lost_calls},"
        f" overtaken {proof.overtaken}; {afternoon.kills} processes killed, {afternoon.restarted} restarts of the database,"
        f" invariants broken {len(afternoon.broken)} {afternoon.broken[:3]}"
    )


def _ended(engine: Engine) -> int | None:
    row = tables.Waiting
    try:
        with Session(engine) as session:
            return session.scalar(select(func.count()).where(row.state == "ended"))
    except SQLAlchemyError:
        return None


def _settle(engine: Engine) -> None:
    """Let time do the rest, as any process would: offers that nobody answers, wrap-ups that nobody ends."""
    for _ in range(20):
        with Session(engine) as session, session.begin():
            dispatch.tick(session, datetime.now(UTC), RULES)
        with Session(engine) as session:
            row = tables.Agent
            if not session.scalar(select(func.count()).where(row.state.in_(("offered", "wrap_up")))):
                return
        time.sleep(0.25)


@contextmanager
def _server() -> Iterator[object]:
    """A PostgreSQL server of our own, since it is going to be restarted; raises `NoServerError` where there is none."""
    get_server = _packaged_server()
    folder = Path(tempfile.mkdtemp(prefix="centralino-chaos-"))
    server = get_server(folder / "cluster", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
