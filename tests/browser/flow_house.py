"""A house whose draft has a flow of 300 nodes, served on loopback; and how long its drawing takes in the browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from werkzeug.serving import make_server

from ivr.audit.store import Actor
from ivr.editing import drafts
from ivr.editing.documents import Documents
from tests.large_flow import large_flow
from tests.service import desks
from tests.service.desks import House


@contextmanager
def flow_house(folder: Path, *, nodes: int) -> Iterator[tuple[House, str]]:
    """Open it; the house and its address. 0 nodes: the shipped flow."""
    with desks.open_house(folder, clock=lambda: datetime.now(UTC), line_url="") as house:
        if nodes:
            with house.sessions.begin() as session:
                now = datetime.now(UTC)
                flow, prompts = large_flow(nodes)
                intents = drafts.draft(session, now=now).documents.intents
                documents = Documents(flow=flow, prompts=prompts, intents=intents)
                drafts.replace(session, documents, by=Actor(account_id=1, name="Paolo Riva"), now=now, label="large")
        server = make_server("127.0.0.1", 0, house.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield house, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def watch_long_tasks(page: Page) -> None:
    """Count from now on what blocks the page for more than 50 ms."""
    page.evaluate(
        """() => { window.longTasks = [];
          new PerformanceObserver((seen) => seen.getEntries().forEach((one) => window.longTasks.push(one.duration)))
            .observe({ type: "longtask" }); }"""
    )


def measured(page: Page) -> dict[str, Any]:
    """Milliseconds: until all was drawn, of the last edit until laid out anew, of the last redraw; and the longest task."""
    found: dict[str, Any] = page.evaluate(
        """() => { const last = (name) => performance.getEntriesByName(name, "measure").at(-1)?.duration ?? null;
          return { drawn: last("flow:drawn"), edit: last("flow:edit"), redraw: last("flow:redraw"),
            longest_task: Math.max(0, ...(window.longTasks ?? [])) }; }"""
    )
    return found
