"""The carrier's side for the hearing bench: media messages as the protocol has them, sent in real time over many sockets."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psutil
from websockets.sync.client import ClientConnection, connect

FRAME_SECONDS = 0.02


def beginning(call_id: str, parameters: dict[str, str] | None = None) -> list[str]:
    """The two messages that every stream begins with."""
    start = {
        "accountSid": "AC" + "0" * 32,
        "streamSid": f"MZ{call_id[2:]}",
        "callSid": call_id,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": parameters or {},
    }
    return [
        json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}),
        json.dumps({"event": "start", "sequenceNumber": "1", "start": start, "streamSid": start["streamSid"]}),
    ]


def media(call_id: str, count: int, frame_ulaw: bytes) -> str:
    """The message of frame `count`, from 0."""
    return json.dumps(
        {
            "event": "media",
            "sequenceNumber": str(count + 2),
            "media": {
                "track": "inbound",
                "chunk": str(count + 1),
                "timestamp": str(20 * count),
                "payload": base64.b64encode(frame_ulaw).decode(),
            },
            "streamSid": f"MZ{call_id[2:]}",
        }
    )


def cpu_seconds(process_id: int) -> float:
    """CPU time that a process and its children have taken so far, in seconds."""
    parent = psutil.Process(process_id)
    return sum(sum(one.cpu_times()[:2]) for one in (parent, *parent.children(recursive=True)))


def open_sockets(urls: Iterable[str]) -> list[ClientConnection]:
    """Open a socket to each address."""
    return [connect(url, compression=None, max_queue=None) for url in urls]


def send_in_real_time(sockets: Sequence[ClientConnection], messages: Sequence[Sequence[str]], first: int) -> None:
    """Send each socket its messages, one every 20 ms; the sockets' beats are spread over the 20 ms."""
    began = time.monotonic()
    share = FRAME_SECONDS / len(sockets)
    for beat in range(len(messages[0])):
        for index, socket in enumerate(sockets):
            wait = began + beat * FRAME_SECONDS + index * share - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            socket.send(messages[index][first + beat] if first else messages[index][beat])


def start_process(arguments: Sequence[str], *, core: int | None = None, **environment: str) -> "subprocess.Popen[str]":
    """Start a server of the bench, on one core where wanted."""
    process = subprocess.Popen(
        list(arguments),
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    if core is not None:
        psutil.Process(process.pid).cpu_affinity([core])
    return process


def free_port(many: int = 1) -> int:
    """The first of so many ports that nobody listens on."""
    import socket  # noqa: PLC0415 - used here alone

    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = int(probe.getsockname()[1])
        taken = False
        for port in range(first, first + many):
            with socket.socket() as probe:
                taken = taken or port > 65535 or probe.connect_ex(("127.0.0.1", port)) == 0
        if not taken:
            return first


def wait_for_port(port: int, process: Any, *, limit_seconds: float = 60.0) -> None:
    """Wait until something listens there; raises RuntimeError where nothing does."""
    import socket  # noqa: PLC0415 - used here alone

    until = time.monotonic() + limit_seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("a server of the bench did not start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port} after {limit_seconds:.0f} s")
