"""How long after a commit the board's viewers have it: 500 agents, 200 who wait, changes as a busy house makes them, 20 viewers.

The service is gunicorn with its own settings; what changes is committed by another process, as by a second web process; the
viewers read the event stream over HTTP. Measured from the commit to the row's arrival, on SQLite and on PostgreSQL.
"""

import contextlib
import http.client
import json
import multiprocessing
import os
import random
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from sqlalchemy.orm import Session

from ivr import database
from ivr.calls import store as calls
from ivr.changes import Changes
from routing import dispatch, store
from routing.agents import AgentEvent
from tests import large_house
from tests.bench.results import Figure
from tests.bench.webhook import _served
from tests.databases import NoServerError, postgresql_server
from tests.keys import RING
from tests.service import desks

VIEWERS = 20
SECONDS = 20.0
# 500 agents with talks of four minutes and a wrap-up of half a minute: a hundred ends, ends of wrap-ups, answers a minute each
# and as many offers; the 60 callers in the line speak half of their time.
AGENT_CHANGES_PER_SECOND = 7
WORDS_PER_SECOND = 30
GOAL_SECONDS = 1.0
AT = re.compile(r'data-row="(a\d+)"[^>]*data-at="([^"]+)"')


def figures() -> list[Figure]:
    """Measure both databases."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        found["sqlite"] = _measured(f"sqlite:///{folder}/bench.db")
    try:
        with postgresql_server() as server, server.fresh_database() as engine:
            server.be_durable()
            found["postgresql"] = _measured(engine.url.render_as_string(hide_password=False))
    except NoServerError as error:
        print(f"postgresql: not measured: {error}")
    how = (
        f"{large_house.AGENTS} agents, {large_house.WAITING} waiting, {large_house.IN_LINE} in the line, {VIEWERS} viewers of one"
        f" gunicorn worker, {AGENT_CHANGES_PER_SECOND} changes of agents and {WORDS_PER_SECOND} of words a second for"
        f" {SECONDS:.0f} s from another process, {os.cpu_count()} cores; from the commit to the event at the client"
    )
    worst = max(_p95(one) for one in found.values())
    goal = f"<= {GOAL_SECONDS}"
    return [
        Figure(name="board_update_seconds_p95", value=round(worst, 3), unit="s", goal=goal, holds=worst <= GOAL_SECONDS,
               how=f"the slower database; {how}"),
        *(
            Figure(name=f"board_update_seconds_{kind}_{name}", value=round(value, 3), unit="s", goal="", holds=None, how=how)
            for name, one in found.items()
            for kind, value in (("p50", statistics.median(one)), ("p95", _p95(one)), ("max", max(one)))
        ),
    ]  # fmt: skip


def _p95(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=20)[-1]


def _measured(url: str) -> list[float]:
    engine = database.make_engine(url, RING)
    database.upgrade(engine)
    now = datetime.now(UTC)
    with database.session_factory(engine).begin() as session:
        large_house.queues(session, now)
        large_house.supervisor(session, now)
        large_house.hire(session, now)
        large_house.be_busy(session, now)
    engine.dispose()
    with _served("wsgi:application", url) as server:
        cookie = _sign_in(server.url)
        arrived: list[dict[tuple[str, str], float]] = [{} for _ in range(VIEWERS)]
        ready = threading.Barrier(VIEWERS + 1)
        over = threading.Event()
        viewers = [
            threading.Thread(target=_view, args=(server.port, cookie, one, ready, over), daemon=True) for one in arrived
        ]
        for viewer in viewers:
            viewer.start()
        ready.wait(timeout=120)
        told = multiprocessing.get_context("spawn").Queue()
        driver = multiprocessing.get_context("spawn").Process(target=_drive, args=(url, told))
        driver.start()
        committed: dict[tuple[str, str], float] = told.get(timeout=SECONDS + 120)
        driver.join()
        time.sleep(3.0)
        over.set()
    waits = [seen[key] - at for key, at in committed.items() for seen in arrived if key in seen]
    missed = sum(key not in seen for key in committed for seen in arrived)
    if missed > len(committed) * VIEWERS * 0.05:
        raise RuntimeError(f"{missed} of {len(committed) * VIEWERS} changes never arrived")
    return waits


def _sign_in(url: str) -> str:
    with requests.Session() as browser:
        page = browser.get(f"{url}/sign-in", timeout=30).text
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)
        if token is None:
            raise RuntimeError("the page to sign in has no token")
        form = {"csrf_token": token[1], "email": large_house.SUPERVISOR, "password": desks.PASSWORD}
        browser.post(f"{url}/sign-in", data=form, timeout=30).raise_for_status()
        browser.get(f"{url}/admin/board", timeout=60).raise_for_status()
        return "; ".join(f"{one.name}={one.value}" for one in browser.cookies)


def _view(
    port: int, cookie: str, arrived: dict[tuple[str, str], float], ready: threading.Barrier, over: threading.Event
) -> None:
    """One viewer: when which agent's change came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/admin/board/events", headers={"Cookie": cookie})
    answer = connection.getresponse()
    is_first = True
    with contextlib.suppress(OSError, http.client.HTTPException):
        while not over.is_set():
            line = answer.readline()
            if not line.startswith(b"data: "):
                continue
            at = time.monotonic()
            content: dict[str, Any] = json.loads(line[6:])
            if content["region"] != "agents":
                continue
            for html in content.get("rows", {}).values():
                found = AT.search(html)
                if found is not None and not is_first:
                    arrived.setdefault((found[1], found[2]), at)
            if is_first:
                is_first = False
                ready.wait(timeout=120)


def _drive(url: str, told: Any) -> None:
    """The changes of another process: when which agent's was committed."""
    engine = database.make_engine(url, RING)
    bus = Changes()
    bus.start(engine)
    sessions = database.session_factory(engine, bus)
    chance = random.Random(7)  # noqa: S311  # a load, not a secret
    committed: dict[tuple[str, str], float] = {}
    acts = _acts(chance)
    began = time.monotonic()
    while (passed := time.monotonic() - began) < SECONDS:
        agent_id = next(acts)
        now = datetime.now(UTC)
        with sessions.begin() as session:
            if agent_id:
                event = AgentEvent.STEP_AWAY if int(agent_id[1:]) % 10 == 8 else AgentEvent.SIGN_OFF
                _change(session, agent_id, event, now)
            else:
                call_id = f"CA{chance.randrange(2000, 2000 + large_house.IN_LINE):032}"
                words = " ".join(["vorrei"] * chance.randrange(1, 12))
                calls.keep_words_so_far(session, call_id=call_id, turn=3, words=words)
        if agent_id:
            committed[agent_id, now.isoformat()] = time.monotonic()
        rest = 1 / (AGENT_CHANGES_PER_SECOND + WORDS_PER_SECOND) - (time.monotonic() - began - passed)
        time.sleep(max(0.0, rest))
    told.put(committed)
    bus.stop()
    engine.dispose()


def _acts(chance: random.Random) -> Iterator[str]:
    """Who changes next: an agent out of call, or "" for a caller's words."""
    share = AGENT_CHANGES_PER_SECOND / (AGENT_CHANGES_PER_SECOND + WORDS_PER_SECOND)
    idle = [f"a{number:03}" for number in range(large_house.AGENTS) if number % 10 == 8]
    while True:
        yield chance.choice(idle) if chance.random() < share else ""


def _change(session: Session, agent_id: str, event: AgentEvent, now: datetime) -> None:
    """Away again with another reason: a state that begins anew and is nobody's to answer."""
    before = store.presence(session, agent_id)
    reason = "training" if before is not None and before.away_reason == "break" else "break"
    dispatch.heartbeat(session, agent_id=agent_id, now=now + timedelta(hours=1))
    dispatch.set_state(session, agent_id=agent_id, event=event, now=now, away_reason=reason)


if __name__ == "__main__":
    for figure in figures():
        print(figure.name, figure.value, figure.holds)
