"""What a live call costs: ours and pipecat with its Twilio serializer and detector, with the same Vosk model, on the same audio.

Both are servers behind real sockets, each bound to the same core in turn, in alternating slices of one run; the callers' side
runs on another core. The dialogues are those of `one_core`: 40% talk, four questions. pipecat has one stream a call and a
recogniser for each, fed with everything and warm from the slices before; ours has a stream and a question a turn. The figure is
by CPU time: how many such calls would fill a core.
"""

import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.bench.hearing.carrier import (
    beginning,
    cpu_seconds,
    free_port,
    media,
    start_process,
    wait_for_port,
)
from tests.bench.hearing.messages import HERE, PEERS_PYTHON
from tests.bench.hearing.one_core import FRAME, dialogue, length
from tests.bench.hearing.our_socket import RECOGNISES
from tests.bench.results import Figure
from tests.listeners import korean_model

CALLS = 4
SLICES = 3
AT_MOST = 1 / 3


def figures() -> list[Figure]:
    """Measure both, or nothing where the peers' environment is not made."""
    if not PEERS_PYTHON.is_file():
        print(f"pipecat: not measured: no {PEERS_PYTHON.relative_to(HERE)}; `make peers` makes it")
        return []
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    shares: dict[str, list[float]] = {"ours": [], "pipecat": []}
    with _ours(cores[0]) as ours, _pipecat(cores[0]) as pipecat:
        sides = {"ours": (ours, _our_call), "pipecat": (pipecat, _their_call)}
        for _ in range(SLICES + 1):
            for name, ((process, urls), call) in sides.items():
                shares[name].append(_slice(process, urls, call))
    # The first slice is what a fresh process pays once.
    share = {name: statistics.median(values[1:]) for name, values in shares.items()}
    ratio = share["ours"] / share["pipecat"]
    how = (
        f"calls that fill one core by CPU time, kernel included: ours {1 / share['ours']:.1f}, pipecat"
        f" {1 / share['pipecat']:.1f}; median of {SLICES} interleaved slices of {length(dialogue(0)):.0f} s with {CALLS} calls"
        " in real time, 40% talk"
    )
    return [
        Figure(
            name="pipecat_calls_per_core_vs_ours",
            value=round(ratio, 3),
            unit="ratio",
            goal=f"<= {AT_MOST:.2f}",
            holds=ratio <= AT_MOST,
            how=how,
        )
    ]


def _slice(process: psutil.Process, urls: list[str], call: object) -> float:
    """The share of a core that one live call took."""
    before, began = cpu_seconds(process.pid), time.monotonic()
    threads = [threading.Thread(target=call, args=(urls[number], number)) for number in range(CALLS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return (cpu_seconds(process.pid) - before) / (time.monotonic() - began) / CALLS


def _our_call(url: str, variant: int) -> None:
    began = time.monotonic()
    for number, slot in enumerate(dialogue(variant)):
        _wait_until(began + slot.begins_seconds)
        call_id = f"CA{variant:016d}{number:016d}"
        messages = [(0.0, one) for one in beginning(call_id, {"variant": str(variant), "slot": str(number)})]
        with connect(url, compression=None, max_queue=None) as socket:
            _send(socket, [*messages, *slot.messages[2:]], began + slot.begins_seconds)


def _their_call(url: str, variant: int) -> None:
    frames = [frame for slot in dialogue(variant) for frame in slot.frames]
    call_id = f"CA{variant:032d}"
    messages = [(0.0, one) for one in beginning(call_id)]
    messages += [((count + 1) * FRAME, media(call_id, count, frame)) for count, frame in enumerate(frames)]
    began = time.monotonic()
    with connect(url, compression=None, max_queue=None) as socket:
        _send(socket, messages, began)


def _send(socket: ClientConnection, messages: list[tuple[float, str]], at: float) -> None:
    try:
        for due, message in messages:
            _wait_until(at + due)
            socket.send(message)
    except ConnectionClosed:
        return  # the turn is over


def _wait_until(at: float) -> None:
    time.sleep(max(0.0, at - time.monotonic()))


@contextmanager
def _ours(core: int) -> Iterator[tuple[psutil.Process, list[str]]]:
    port = free_port()
    arguments = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "1", "--threads", "64", "--timeout", "300"]
    arguments += ["-b", f"127.0.0.1:{port}", "--log-level", "error", "tests.bench.hearing.our_socket:application"]
    with _running(arguments, [port], core, **{RECOGNISES: "yes"}) as process:
        yield process, [f"ws://127.0.0.1:{port}/turn"] * CALLS


@contextmanager
def _pipecat(core: int) -> Iterator[tuple[psutil.Process, list[str]]]:
    first = free_port(CALLS)
    arguments = [str(PEERS_PYTHON), "tests/bench/peers/pipecat_server.py", str(first), str(CALLS), "--vad"]
    arguments += ["--vosk", str(korean_model())]
    ports = list(range(first, first + CALLS))
    with _running(arguments, ports, core) as process:
        yield process, [f"ws://127.0.0.1:{port}/" for port in ports]


@contextmanager
def _running(arguments: list[str], ports: list[int], core: int, **environment: str) -> Iterator[psutil.Process]:
    started = start_process(arguments, core=core, **environment)
    try:
        for port in ports:
            wait_for_port(port, started, limit_seconds=120)
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        started.wait(timeout=30)
