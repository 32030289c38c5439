"""Live pages by server-sent events: look when something that is shown has changed, send the parts that differ, say we are alive.

What is looked at and how it is drawn comes from the views; that something has changed comes from the changes bus; the browser's
side is `static/live.js`.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from flask import Response, abort, stream_with_context

from ivr.changes import Changes
from ivr.web import transaction
from ivr.web.wiring import wiring

Look = TypeVar("Look")
# What a page shows changes with these topics; where they depend on what is seen, they are told by each look.
Topics = Iterable[str] | Callable[[Look], Iterable[str]]

# Everything that live pages show: for a page that names nothing narrower.
EVERYTHING = ("queues", "agents", "calls")
# Whatever passes by time alone (a sign-in that ends, say), and whatever a killed process did not tell, is seen so soon.
# A look at a desk takes some 9 ms of processor time, and it is most of what a page that sleeps costs.
AT_LATEST_SECONDS = 15.0
# Changes may come by the dozen: a page is looked at ten times a second at most.
BETWEEN_LOOKS_SECONDS = 0.1
# A comment at least this often, so that a browser that has gone is noticed and no proxy takes the silence for the end
# (nginx proxy_read_timeout: 60 s).
HEARTBEAT_SECONDS = 10.0
# Every stream ends by itself and is asked for again by the page: a thread is never held for good.
LONGEST_STREAM_SECONDS = 600.0
# So many live pages a process serves, each on a thread that sleeps: beyond them a page is refused and tries again, at another
# process perhaps, and never takes a webhook's thread.
MOST_PAGES = 400
# What the browser waits before it asks again.
RETRY_MILLISECONDS = 1500


def stream(
    look: Callable[[], Look | None],
    draw: Callable[[Look], Mapping[str, str]],
    *,
    topics: Topics[Look] = EVERYTHING,
    at_latest_seconds: float = AT_LATEST_SECONDS,
) -> Response:
    """Answer with a stream: `look` when a topic has changed, until it gives None (then `gone`); `draw` whatever differs.

    `draw` gives HTML per region of the page; only regions whose HTML differs from what was last sent are sent.
    """
    sent: dict[str, str] = {}

    def tell(seen: Look) -> Iterator[str]:
        for region, html in draw(seen).items():
            if sent.get(region) != html:
                sent[region] = html
                yield event("part", region=region, html=html)

    return stream_of(look, tell, topics=topics, at_latest_seconds=at_latest_seconds)


def stream_of(
    look: Callable[[], Look | None],
    tell: Callable[[Look], Iterator[str]],
    *,
    topics: Topics[Look] = EVERYTHING,
    at_latest_seconds: float = AT_LATEST_SECONDS,
) -> Response:
    """Answer with a stream whose events `tell` makes of each look that differs from the one before."""
    # The request's own session would be held for as long as the stream lasts.
    transaction.abandon()
    changes, places = wiring().changes, wiring().live_places
    if not places.acquire(blocking=False):
        abort(503)
    events = stream_with_context(_events(changes, look, tell, topics=topics, at_latest_seconds=at_latest_seconds))
    response = Response(events, mimetype="text/event-stream")
    response.call_on_close(places.release)
    response.headers["X-Accel-Buffering"] = "no"  # nginx hands each event on at once
    return response


def event(name: str, **content: object) -> str:
    """One event as it goes over the wire, its data JSON."""
    return f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"


def _events(
    changes: Changes,
    look: Callable[[], Look | None],
    tell: Callable[[Look], Iterator[str]],
    *,
    topics: Topics[Look],
    at_latest_seconds: float,
) -> Iterator[str]:
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    seen: Look | None = None
    began_at = told_at = time.monotonic()
    while time.monotonic() < began_at + LONGEST_STREAM_SECONDS and not changes.is_over:
        version, looked_at = changes.version, time.monotonic()
        current = look()
        if current is None:
            yield event("gone")
            return
        if current != seen:
            seen = current
            for one in tell(current):
                told_at = time.monotonic()
                yield one
        if time.monotonic() >= told_at + HEARTBEAT_SECONDS:
            told_at = time.monotonic()
            yield ": alive\n\n"
        changes.wait(topics(current) if callable(topics) else topics, version, at_latest_seconds)
        time.sleep(max(0.0, looked_at + BETWEEN_LOOKS_SECONDS - time.monotonic()))
