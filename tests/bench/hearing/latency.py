"""From the caller's last word to the carrier's next webhook: the whole service with Vosk, real speech, several callers at once.

The carrier's side is played here: signed webhooks, a signed socket for each turn, 20 ms messages in real time. The last word
is where the clean recording's voice ends; the next webhook is due when the service has closed the socket.
"""

import os
import re
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from ivr import audio, database, trial
from ivr.line.wire import signature
from tests.bench.hearing.carrier import FRAME_SECONDS, beginning, free_port, media, start_process
from tests.bench.hearing.real_speech import recordings, telephone_ulaw
from tests.bench.results import Figure
from tests.keys import DATA_KEYS, RING
from tests.listeners import korean_model

CALLERS = 4
SECONDS = 120.0
TOKEN, ACCOUNT = "bench token", "AC" + "0" * 32
BEFORE_SPEECH_SECONDS = 0.4
LONGEST_TURN_SECONDS = 30.0
# Within so much of its loudest frame a recording still holds a voice.
VOICE_WITHIN_DB = 35.0


@dataclass(kw_only=True)
class Measured:
    """What the callers have seen."""

    last_word_to_close: list[float] = field(default_factory=list)  # seconds
    webhook: list[float] = field(default_factory=list)  # seconds for the answer to the webhook behind it
    left_out: int = 0  # turns that ended before the caller did, or were never closed
    lock: threading.Lock = field(default_factory=threading.Lock)


def figures() -> list[Figure]:
    """Measure turns of several callers at once."""
    measured = Measured()
    with _service() as url:
        until = time.monotonic() + SECONDS
        calls = count(int(time.time()) << 20)
        files = recordings("an4/*/*.flac", seed=3)
        shares = [files[number::CALLERS] for number in range(CALLERS)]
        callers = [threading.Thread(target=_calls, args=(url, share, calls, until, measured)) for share in shares]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    closes = [1000 * one for one in measured.last_word_to_close]
    cuts = statistics.quantiles(closes, n=100)
    how = (
        f"{len(closes)} turns of open questions, {CALLERS} callers at once, {os.cpu_count()} cores; from the last voiced frame to"
        f" the closed socket, the wait of the end of speech included; left out: {measured.left_out} turns that ended before the"
        " last voiced frame, or not at all"
    )
    return [
        Figure(name="turn_end_to_webhook_ms_p50", value=round(cuts[49]), unit="ms", goal="", holds=None, how=how),
        Figure(name="turn_end_to_webhook_ms_p99", value=round(cuts[98]), unit="ms", goal="", holds=None, how=how),
        Figure(
            name="webhook_after_turn_ms_p50",
            value=round(1000 * statistics.median(measured.webhook)),
            unit="ms",
            goal="",
            holds=None,
            how="the service's answer to that webhook, understanding included",
        ),
    ]


@contextmanager
def _service() -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        database_url = f"sqlite:///{folder}/bench.db"
        engine = database.make_engine(database_url, RING)
        database.upgrade(engine)
        now = datetime.now(UTC)
        with database.session_factory(engine).begin() as session:
            trial.make_company(session, password="only for the bench", now=now, today=now.date())
        engine.dispose()
        url = f"http://127.0.0.1:{port}"
        process = start_process(
            [sys.executable, "-m", "gunicorn", "-c", "python:ivr.serving", "--workers", "1", "wsgi:application"],
            CENTRALINO_SECRET_KEY="only for the bench, but long enough",
            CENTRALINO_AUTH_TOKEN=TOKEN,
            CENTRALINO_DATA_KEYS=DATA_KEYS,
            CENTRALINO_PUBLIC_URL=url,
            CENTRALINO_BIND=f"127.0.0.1:{port}",
            CENTRALINO_DATABASE_URL=database_url,
            CENTRALINO_COOKIES_SECURE="false",
            CENTRALINO_TEXT_ENCODER="none",
            CENTRALINO_MODELS_FOLDER="build/models",
            CENTRALINO_LOG_LEVEL="WARNING",
            CENTRALINO_PROMPT_VOICE="carrier",
            CENTRALINO_LISTENING='{"it": "stream", "en": "carrier"}',
            CENTRALINO_VOSK_MODELS=f'{{"it": "{korean_model()}"}}',
        )
        try:
            _wait_until_ready(url)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_ready(url: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            if requests.get(f"{url}/health/ready", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.3)
    raise RuntimeError("the service of the bench did not become ready in two minutes")


def _calls(url: str, files: list[Path], calls: Iterator[int], until: float, measured: Measured) -> None:
    speech = iter(files)
    while time.monotonic() < until:
        call_id, path = f"CA{next(calls):032x}", "/voice/start"
        while time.monotonic() < until:
            began = time.monotonic()
            document = _webhook(url, path, call_id)
            if path != "/voice/start":
                with measured.lock:
                    measured.webhook.append(time.monotonic() - began)
            if "<Stream" not in document:
                break
            path = re.findall(r"/voice/turn/\d+", document)[-1]
            _turn(url, call_id, document, telephone_ulaw(next(speech)), measured)


def _webhook(url: str, path: str, call_id: str) -> str:
    parameters: dict[str, str | list[str]] = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "CallSid": call_id,
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "From": trial.STRANGER,
        "To": "+390210420000",
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature(TOKEN, f"{url}{path}", parameters),
    }
    answer = requests.post(f"{url}{path}", data=urllib.parse.urlencode(parameters), headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.text


def _turn(url: str, call_id: str, document: str, ulaw: bytes, measured: Measured) -> None:
    given = dict(re.findall(r'<Parameter name="(\w+)" value="([^"]+)"', document))
    address = url.replace("http", "ws", 1) + "/voice/media"
    mark = signature(TOKEN, address, {})
    closed_at: list[float] = []
    with connect(address, compression=None, additional_headers={"X-Twilio-Signature": mark}) as socket:
        reader = threading.Thread(target=_read, args=(socket, closed_at))
        reader.start()
        last_word_at = _speak(socket, call_id, given, ulaw, closed_at)
        reader.join(timeout=5)
    with measured.lock:
        if closed_at and last_word_at:
            measured.last_word_to_close.append(closed_at[0] - last_word_at)
        else:
            measured.left_out += 1


def _read(socket: ClientConnection, closed_at: list[float]) -> None:
    try:
        while True:
            socket.recv()
    except ConnectionClosed:
        closed_at.append(time.monotonic())


def _speak(
    socket: ClientConnection, call_id: str, given: dict[str, str], ulaw: bytes, closed_at: list[float]
) -> float | None:
    """Stream quiet, the speech, and quiet until the socket is closed; when the last voiced frame went out."""
    quiet = bytes([audio.ULAW_SILENCE]) * audio.FRAME_BYTES
    before = [quiet] * round(BEFORE_SPEECH_SECONDS / FRAME_SECONDS)
    frames = [*before, *audio.frames_of_ulaw(ulaw)]
    last_voiced = len(before) + _last_voiced(audio.frames_of_ulaw(ulaw))
    last_word_at = None
    began = time.monotonic()
    try:
        for message in beginning(call_id, given):
            socket.send(message)
        for beat in range(round(LONGEST_TURN_SECONDS / FRAME_SECONDS)):
            wait = began + beat * FRAME_SECONDS - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            if closed_at:
                break
            socket.send(media(call_id, beat, frames[beat] if beat < len(frames) else quiet))
            if beat == last_voiced:
                last_word_at = time.monotonic()
    except ConnectionClosed:
        pass
    return last_word_at


def _last_voiced(frames: list[bytes]) -> int:
    levels = [audio.loudness_dbfs(audio.ulaw_to_pcm(frame)) for frame in frames]
    loudest = max(levels)
    return max(at for at, level in enumerate(levels) if level > loudest - VOICE_WITHIN_DB)
