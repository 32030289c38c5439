"""Live pages by server-sent events: look every half second, send the parts of the page that changed, say that we are alive.

What is looked at and how it is drawn comes from the views; the browser's side is `static/live.js`.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from flask import Response, stream_with_context

from ivr.web import transaction
from ivr.web.wiring import wiring

Look = TypeVar("Look")

# A comment at least this often, so that a browser that has gone is noticed and no proxy takes the silence for the end
# (nginx proxy_read_timeout: 60 s).
HEARTBEAT_SECONDS = 10.0
# Every stream ends by itself and is asked for again by the page: a thread is never held for good.
LONGEST_STREAM_SECONDS = 600.0
# What the browser waits before it asks again.
RETRY_MILLISECONDS = 1500


def stream(look: Callable[[], Look | None], draw: Callable[[Look], Mapping[str, str]]) -> Response:
    """Answer with a stream: `look` until it gives None (then `gone`), `draw` whatever differs from the last look.

    `draw` gives HTML per region of the page; only regions whose HTML differs from what was last sent are sent.
    """
    # The request's own session would be held for as long as the stream lasts.
    transaction.abandon()
    events = stream_with_context(_events(look, draw, pause_seconds=wiring().live_seconds))
    response = Response(events, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # nginx hands each event on at once
    return response


def event(name: str, **content: str) -> str:
    """One event as it goes over the wire, its data JSON."""
    return f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"


def _events(
    look: Callable[[], Look | None], draw: Callable[[Look], Mapping[str, str]], *, pause_seconds: float
) -> Iterator[str]:
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    seen: Look | None = None
    sent: dict[str, str] = {}
    quiet_seconds = 0.0
    for _ in range(int(LONGEST_STREAM_SECONDS / pause_seconds)):
        current = look()
        if current is None:
            yield event("gone")
            return
        if current != seen:
            seen = current
            for region, html in draw(current).items():
                if sent.get(region) != html:
                    sent[region] = html
                    quiet_seconds = 0.0
                    yield event("part", region=region, html=html)
        if quiet_seconds >= HEARTBEAT_SECONDS:
            quiet_seconds = 0.0
            yield ": alive\n\n"
        time.sleep(pause_seconds)
        quiet_seconds += pause_seconds
