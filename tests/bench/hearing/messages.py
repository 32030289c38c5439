"""What one 20 ms message costs without recognition: ours, a bare socket (picows), and pipecat with its Twilio serializer.

Each is a process of its own on loopback; the same real speech goes to all of them in real time over the same number of
sockets, in alternating slices of one run. The cost is the server's CPU time, kernel included, divided by the messages.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.hearing.carrier import (
    beginning,
    cpu_seconds,
    free_port,
    media,
    open_sockets,
    send_in_real_time,
    start_process,
    wait_for_port,
)
from tests.bench.hearing.real_speech import frames_of_calls
from tests.bench.results import Figure

SOCKETS = 10
SLICE_SECONDS = 8.0
SLICES = 3
PIPECAT_AT_LEAST = 3.0
HERE = Path(__file__).parents[3]
PEERS_PYTHON = HERE / "build/bench/peers/bin/python"


@dataclass(frozen=True, kw_only=True)
class Server:
    """One of the three."""

    name: str
    urls: tuple[str, ...]
    process: "subprocess.Popen[str]"


def figures() -> list[Figure]:
    """Measure all three, or ours alone where the peers' environment is not made."""
    frames = frames_of_calls(SOCKETS, SLICE_SECONDS)
    calls = [f"CA{number:032x}" for number in range(SOCKETS)]
    messages = [
        [media(call, count, frame) for count, frame in enumerate(one)] for call, one in zip(calls, frames, strict=True)
    ]
    costs: dict[str, list[float]] = {}
    with _ours() as ours:
        servers = [ours]
        if not PEERS_PYTHON.is_file():
            print(f"ours alone: no {PEERS_PYTHON.relative_to(HERE)}; `make peers` makes it")
            costs = _measured(servers, calls, messages)
        else:
            with _picows() as bare, _pipecat() as pipeline, _pipecat(vad=True) as with_vad:
                costs = _measured([bare, ours, pipeline, with_vad], calls, messages)
    microseconds = {name: statistics.median(values) for name, values in costs.items()}
    how = (
        f"server CPU time per message, median of {SLICES} interleaved slices of {SLICE_SECONDS:.0f} s, {SOCKETS} sockets in real"
        " time on loopback, real speech, each server a process of its own; "
        + ", ".join(f"{name} {value:.0f} us" for name, value in microseconds.items())
    )
    return [
        *(
            Figure(name=f"message_us_{name}", value=round(value, 1), unit="us", goal="", holds=None, how=how)
            for name, value in microseconds.items()
        ),
        *_ratios(microseconds, how),
    ]


def _ratios(microseconds: dict[str, float], how: str) -> list[Figure]:
    if len(microseconds) == 1:
        return []
    ours = microseconds["ours"]
    against = microseconds["pipecat_with_vad"] / ours
    return [
        Figure(
            name="message_vs_picows",
            value=round(ours / microseconds["picows"], 2),
            unit="ratio",
            goal="",
            holds=None,
            how=how,
        ),
        Figure(
            name="pipecat_message_vs_ours",
            value=round(against, 2),
            unit="ratio",
            goal=f">= {PIPECAT_AT_LEAST:g}",
            holds=against >= PIPECAT_AT_LEAST,
            how=f"its usual pipeline, with its Silero detector as ours has one; {how}",
        ),
        Figure(
            name="pipecat_message_without_vad_vs_ours",
            value=round(microseconds["pipecat"] / ours, 2),
            unit="ratio",
            goal="",
            holds=None,
            how=f"transport and serializer alone, while ours tells voice from noise; {how}",
        ),
    ]


def _measured(servers: list[Server], calls: list[str], messages: list[list[str]]) -> dict[str, list[float]]:
    costs: dict[str, list[float]] = {server.name: [] for server in servers}
    for _ in range(SLICES):
        for server in servers:
            sockets = open_sockets(server.urls)
            for socket, call in zip(sockets, calls, strict=True):
                for message in beginning(call):
                    socket.send(message)
            time.sleep(0.5)
            before = cpu_seconds(server.process.pid)
            send_in_real_time(sockets, messages, 0)
            time.sleep(0.5)
            count = sum(len(one) for one in messages)
            costs[server.name].append((cpu_seconds(server.process.pid) - before) / count * 1e6)
            for socket in sockets:
                socket.close()
            time.sleep(0.5)
    return costs


@contextmanager
def _running(name: str, arguments: list[str], ports: list[int], path: str) -> Iterator[Server]:
    process = start_process(arguments)
    try:
        for port in ports:
            wait_for_port(port, process)
        urls = tuple(f"ws://127.0.0.1:{ports[number % len(ports)]}{path}" for number in range(SOCKETS))
        yield Server(name=name, urls=urls, process=process)
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def _ours() -> Iterator[Server]:
    port = free_port()
    arguments = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", "64"]
    arguments += ["-b", f"127.0.0.1:{port}", "--log-level", "error", "tests.bench.hearing.our_socket:application"]
    with _running("ours", arguments, [port], "/media") as server:
        yield server


@contextmanager
def _picows() -> Iterator[Server]:
    port = free_port()
    with _running(
        "picows", [str(PEERS_PYTHON), "tests/bench/peers/picows_server.py", str(port)], [port], "/"
    ) as server:
        yield server


@contextmanager
def _pipecat(*, vad: bool = False) -> Iterator[Server]:
    first = free_port(SOCKETS)
    arguments = [str(PEERS_PYTHON), "tests/bench/peers/pipecat_server.py", str(first), str(SOCKETS)]
    name = "pipecat_with_vad" if vad else "pipecat"
    ports = list(range(first, first + SOCKETS))
    with _running(name, [*arguments, *(["--vad"] if vad else [])], ports, "/") as server:
        yield server
