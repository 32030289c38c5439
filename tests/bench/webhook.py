"""Throughput of our whole webhook as a ratio to a bare Flask view with the same server and the same TwiML, on both databases.

A load of whole calls answered by keys and rules (no classifier: it has its own bench): each webhook is signed, checked, taken
through the flow, stored and committed. Ours and the floor are measured in alternating slices of one run, on loopback, and end by
themselves.
"""

import itertools
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import requests

from ivr import database, trial
from ivr.line.wire import signature
from tests.bench.results import Figure, tell
from tests.databases import NoServerError, postgresql_server
from tests.keys import DATA_KEYS, RING

TOKEN, ACCOUNT = "bench token", "AC" + "0" * 32
CONNECTIONS = 4
SLICE_SECONDS = 3.0
SLICES = 7
GOAL = 0.4
# What the caller answers, from the first webhook on: the status of an order on another number, proved by its postcode, a word
# that rules decide, then the score.
ANSWERS: tuple[dict[str, str], ...] = (
    {},
    {"Digits": "1"},
    {"Digits": "2358"},
    {"Digits": "00184"},
    {"SpeechResult": "no grazie"},
    {"Digits": "3"},
)


@dataclass(kw_only=True)
class Server:
    """A gunicorn of this bench."""

    port: int
    process: "subprocess.Popen[bytes]"
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(int(time.time()) << 20))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def main() -> None:
    """Measure both databases and write the figures."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        figures.extend(_measured("sqlite", f"sqlite:///{folder}/bench.db"))
    try:
        with postgresql_server() as server, server.fresh_database() as engine:
            server.be_durable()
            figures.extend(_measured("postgresql", engine.url.render_as_string(hide_password=False)))
    except NoServerError as error:
        print(f"postgresql: not measured: {error}")
    tell("webhook", figures)


def _measured(name: str, database_url: str) -> list[Figure]:
    engine = database.make_engine(database_url, RING)
    database.upgrade(engine)
    now = datetime.now(UTC)
    with database.session_factory(engine).begin() as session:
        trial.make_company(session, password="only for the bench", now=now, today=now.date())
    engine.dispose()
    with (
        _served("wsgi:application", database_url) as ours,
        _served("tests.bench.bare:application", database_url) as bare,
    ):
        for path, document in _documents(ours).items():
            requests.post(f"{bare.url}/documents", params={"path": path}, data=document.encode(), timeout=10)
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        for _ in range(SLICES):
            rates["bare"].append(_rate(bare))
            rates["ours"].append(_rate(ours))
    ratios = [one / floor for one, floor in zip(rates["ours"], rates["bare"], strict=True)]
    ratio = statistics.median(ratios)
    how = (
        f"median of {SLICES} interleaved slices of {SLICE_SECONDS:.0f} s, gunicorn gthread, one worker, {os.cpu_count()} cores,"
        f" {CONNECTIONS} connections, whole calls answered by keys; ratios {min(ratios):.2f}-{max(ratios):.2f}"
    )
    ours, bare = (round(statistics.median(rates[one])) for one in ("ours", "bare"))
    return [
        Figure(
            name=f"webhook_vs_bare_{name}",
            value=round(ratio, 3),
            unit="ratio",
            goal=f">= {GOAL}",
            holds=ratio >= GOAL,
            how=how,
        ),
        Figure(name=f"webhooks_per_second_{name}", value=ours, unit="1/s", goal="", holds=None, how=how),
        Figure(name=f"bare_per_second_{name}", value=bare, unit="1/s", goal="", holds=None, how=how),
    ]


@contextmanager
def _served(application: str, database_url: str) -> Iterator[Server]:
    port = _free_port()
    environment = {
        **os.environ,
        "CENTRALINO_SECRET_KEY": "only for the bench, but long enough",
        "CENTRALINO_AUTH_TOKEN": TOKEN,
        "CENTRALINO_DATA_KEYS": DATA_KEYS,
        "CENTRALINO_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CENTRALINO_BIND": f"127.0.0.1:{port}",
        "CENTRALINO_DATABASE_URL": database_url,
        "CENTRALINO_COOKIES_SECURE": "false",
        "CENTRALINO_TEXT_ENCODER": "none",
        "CENTRALINO_MODELS_FOLDER": "build/models",
        "CENTRALINO_LOG_LEVEL": "WARNING",
    }
    arguments = [sys.executable, "-m", "gunicorn", "-c", "python:ivr.serving", "--workers", "1", application]
    process = subprocess.Popen(arguments, env=environment, cwd=Path(__file__).parents[2])
    try:
        _wait_for(port, process)
        yield Server(port=port, process=process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the server of the bench did not start")
        try:
            requests.get(f"http://127.0.0.1:{port}/health/live", timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server of the bench did not become ready in 60 s")


def _documents(server: Server) -> dict[str, str]:
    """Every document of one call, by path, as our own service gives it."""
    documents = {}
    for path, body, headers in _call(server):
        answer = requests.post(f"{server.url}/voice/{path}", data=body, headers=headers, timeout=30)
        answer.raise_for_status()
        documents[path] = answer.text
    if "<Hangup" not in documents[f"turn/{len(ANSWERS) - 1}"]:
        raise RuntimeError("the bench's call does not go to its end: the flow has changed")
    return documents


def _call(server: Server) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The requests of a whole call: path, body, headers."""
    call_id = f"CA{next(server.numbers):032x}"
    for turn, answer in enumerate(ANSWERS):
        path = f"turn/{turn}" if turn else "start"
        parameters: dict[str, str | list[str]] = {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "CallSid": call_id,
            "CallStatus": "in-progress",
            "Called": "+390210420000",
            "Caller": trial.STRANGER,
            "Direction": "inbound",
            "From": trial.STRANGER,
            "FromCountry": "IT",
            "To": "+390210420000",
            "ToCountry": "IT",
        }
        parameters.update(answer)
        signed = signature(TOKEN, f"{server.url}/voice/{path}", parameters)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signed}
        yield path, urllib.parse.urlencode(parameters), headers


def _rate(server: Server) -> float:
    """Webhooks answered in a second of a slice."""
    until = time.monotonic() + SLICE_SECONDS
    counts = [0] * CONNECTIONS
    began = time.monotonic()
    threads = [threading.Thread(target=_load, args=(server, until, counts, one)) for one in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - began)


def _load(server: Server, until: float, counts: list[int], index: int) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        receive: Callable[[int], bytes] = connection.recv
        while time.monotonic() < until:
            for path, body, headers in _call(server):
                lines = [
                    f"POST /voice/{path} HTTP/1.1",
                    f"Host: 127.0.0.1:{server.port}",
                    f"Content-Length: {len(body)}",
                ]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
                _expect_ok(receive)
                counts[index] += 1


def _expect_ok(receive: Callable[[int], bytes]) -> None:
    answer = receive(65536)
    while b"\r\n\r\n" not in answer:
        answer += receive(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the bench got {head.splitlines()[0]!r}")
    length = int(next(line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length")))
    while len(body) < length:
        body += receive(65536)


if __name__ == "__main__":
    main()
