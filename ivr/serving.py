"""gunicorn's configuration for real use: `centralino serve`, or `gunicorn -c python:ivr.serving wsgi:application`.

One thread a live page or media socket, a few for the webhooks. Read by gunicorn, so its names are gunicorn's settings.
"""

import os
import signal
import threading
from types import FrameType
from typing import Any

from ivr.settings import load
from ivr.trials.house import MOST_PAGES as MOST_TRIALS
from ivr.web.live import MOST_PAGES
from ivr.web.media import MOST_SOCKETS
from ivr.web.voice_socket import MOST_FORKS
from ivr.web.wiring import EXTENSION

_settings = load()

bind = _settings.bind
worker_class = "gthread"
# SQLite has one writer and the local line one process; beyond that, processes on as many machines as PostgreSQL serves.
workers = 1 if _settings.database_url.startswith("sqlite") else max(2, os.cpu_count() or 2)
# Live pages and sockets hold a thread each, and the webhooks run between them. A thread is made when it is needed first, and one
# that waits for changes costs no processor time and some 60 kB.
threads = MOST_SOCKETS + MOST_FORKS + MOST_PAGES + MOST_TRIALS + 60
worker_connections = 2 * threads
# The carrier gives up after 15 s (Twilio error 11205); a worker that is silent for so long is stuck.
timeout = 60
graceful_timeout = 30
keepalive = 75  # longer than a load balancer's 60 s, so that it is never we who close an idle connection first
forwarded_allow_ips = "127.0.0.1"
accesslog = None  # addresses hold identifiers of calls; what matters is logged by the service, redacted
errorlog = "-"
loglevel = _settings.log_level.lower()


def post_worker_init(worker: Any) -> None:
    """A worker that is asked to end ends its live pages at once: they open again at another one, and nobody waits for them."""
    wiring = worker.app.callable.extensions.get(EXTENSION)
    if wiring is None:
        return  # the floor of the webhook bench, which has no pages
    before = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        # On a thread: the signal may have come in the middle of anything.
        threading.Thread(target=wiring.changes.stop, daemon=True).start()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, end)
