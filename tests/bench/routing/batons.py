"""Four processes that dispatch at once, with the baton and without: how many offers a second, and who was overtaken.

Without it each process chooses the same calls and agents, skips what the others have locked, and chooses again: what it gives
then goes to calls behind those that another process has not committed yet.
"""

import multiprocessing
import random
import time
from datetime import datetime
from multiprocessing.synchronize import Barrier
from unittest import mock

from rich.console import Console
from sqlalchemy import select
from sqlalchemy.orm import Session

from ivr.database import make_engine
from routing import dispatch, store_rounds, tables
from tests.bench.results import Figure
from tests.bench.routing import claims
from tests.bench.routing.claims import NOW, Site
from tests.databases import NoServerError, postgresql_server

PROCESSES = 4
AGENTS = 2_000
OFFERS = 1_200  # together; then it ends
ROUND = 20


def figures() -> list[Figure]:
    try:
        found = {name: _measured(has_baton=has_baton) for name, has_baton in (("with", True), ("without", False))}
    except NoServerError as error:
        Console().print(f"without PostgreSQL: {error}")
        return []
    Console().print(f"batons: {found}")
    (rate, overtaken), (bare_rate, bare_overtaken) = found["with"], found["without"]
    how = f"{PROCESSES} processes, rounds of {ROUND}, {AGENTS} agents, {claims.CALLS} waiting, PostgreSQL"
    return [
        Figure(
            name="baton_vs_none",
            value=rate / bare_rate,
            unit="rate / rate",
            goal="",
            holds=None,
            how=f"{how}; {rate:.0f} and {bare_rate:.0f} offers/s; without a baton {bare_overtaken} calls were overtaken",
        ),
        Figure(name="overtaken_with_baton", value=overtaken, unit="calls", goal="= 0", holds=overtaken == 0, how=how),
    ]


def _measured(*, has_baton: bool) -> tuple[float, int]:
    with postgresql_server() as server, server.fresh_database() as engine:
        server.be_durable()
        Site(engine, AGENTS, random.Random(3)).fill()  # noqa: S311  # a bench's dice
        with Session(engine) as session, session.begin():
            assert store_rounds.take_baton(session)
        url = engine.url.render_as_string(hide_password=False)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.bench.routing.batons"])
        barrier = context.Barrier(PROCESSES + 1)
        running = [context.Process(target=_dispatch, args=(url, has_baton, barrier)) for _ in range(PROCESSES)]
        for one in running:
            one.start()
        barrier.wait()
        began = time.perf_counter()
        for one in running:
            one.join()
        seconds = time.perf_counter() - began
        with Session(engine) as session:
            return _offers(session) / seconds, _overtaken(session)


def _dispatch(url: str, has_baton: bool, barrier: Barrier) -> None:  # noqa: FBT001  # a process takes no names
    engine = make_engine(url)
    with Session(engine) as session:
        _offers(session)
    barrier.wait()
    with mock.patch.object(store_rounds, "take_baton", store_rounds.take_baton if has_baton else lambda _: True):
        while True:
            with Session(engine) as session, session.begin():
                made = dispatch.dispatch(session, NOW, at_most=ROUND)
            with Session(engine) as session:
                if _offers(session) >= OFFERS:
                    return
            if not made:
                time.sleep(0.002)


def _offers(session: Session) -> int:
    return len(session.scalars(select(tables.Offer.offer_id)).all())


def _overtaken(session: Session) -> int:
    """Calls that were offered after one that asks for the same and came later."""
    call, offer = tables.Waiting, tables.Offer
    rows = session.execute(
        select(call.skill, call.requirements, call.ranked_at)
        .join(offer, offer.call_id == call.call_id)
        .order_by(offer.offer_id)
    )
    latest: dict[tuple[str, int], datetime] = {}
    overtaken = 0
    for skill, wanted, ranked_at in rows:
        key = skill, wanted["level"]
        overtaken += key in latest and ranked_at < latest[key]
        latest[key] = max(ranked_at, latest.get(key, ranked_at))
    return overtaken
