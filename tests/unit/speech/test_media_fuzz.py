"""A million messages that no carrier would send, and some that it would: nothing raises, every turn ends, memory stays flat."""

import base64
import gc
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from ivr import audio
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Listening, Question, Turn
from ivr.speech.scripted import Fails, Hears, ScriptedRecognition
from tests.listeners import quiet, spoken
from tests.unit.speech.carrier_side import CALL, SENTENCE, STOP, STREAM, key, mark, start

MESSAGES: Final = 1_000_000
# Memory is looked at from here on: by then everything has been loaded and every buffer has had its largest size.
SETTLED_AT: Final = 150_000
# A leak of 100 bytes a message would be 85 MB by the end.
MOST_GROWTH_BYTES: Final = 30_000_000
STRANGE: Final = (None, True, -1, 0, 1e400, 10**40, "", "\ud800", "\0", [], [[]], {}, {"a": {}}, "💥", "9" * 30, 0.5)

_QUESTIONS: Final = tuple(
    Question(kind=kind, language=language, max_keys=keys, barge_in=barge_in, least_digits=2, most_digits=4)
    for kind, language, keys, barge_in in (
        (AnswerKind.REQUEST, "it", 1, True),
        (AnswerKind.DIGITS, "en", 6, True),
        (AnswerKind.YES_NO, "it", 1, False),
        (AnswerKind.CHOICE, "ko", 3, False),
    )
)


class Fuzz:
    """One stream after another, of messages of chance; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a test's chance must be the same each time
        self.chunk = 0
        self.noise = self.chance.randbytes(1 << 16)
        # A caller who says a sentence and falls silent, again and again, so that turns end in all ways.
        self.voice = audio.pcm_to_ulaw(spoken(SENTENCE) + quiet(6))
        self.voice_at = 0
        self.turns: dict[str, int] = {}
        self.kinds: tuple[tuple[Callable[[], str | bytes], int], ...] = (
            (self.in_order, 600),
            (self.anywhere, 80),
            (self.bent, 80),
            (self.strange, 80),
            (self.rubbish, 50),
            (self.not_base64, 50),
            (lambda: key(self.chance.choice("0123456789*#")), 2),
            (lambda: mark(self.chance.choice(("prompt", "x", ""))), 60),
            (lambda: start(stream_sid=self.chance.choice((STREAM, "MZother"))), 5),
        )

    def sound(self) -> bytes:
        size = self.chance.choice((160, 160, 160, 1, 20, 37, 80, 161, 400))
        if self.chance.random() < 0.02:
            at = self.chance.randrange(len(self.noise) - size)
            return self.noise[at : at + size]
        self.voice_at = (self.voice_at + size) % (len(self.voice) - 400)
        return self.voice[self.voice_at : self.voice_at + size]

    def media(self, **changed: Any) -> dict[str, Any]:
        self.chunk += 1
        inside = {"track": "inbound", "chunk": str(self.chunk), "timestamp": str(20 * self.chunk)}
        inside["payload"] = base64.b64encode(self.sound()).decode()
        return {"event": "media", "streamSid": STREAM, "media": inside | changed}

    def in_order(self) -> str:
        return json.dumps(self.media())

    def anywhere(self) -> str:
        """Out of order, twice, of another track, of another stream."""
        message = self.media(
            chunk=str(self.chance.randrange(self.chunk + 2)), track=self.chance.choice(("inbound", "x"))
        )
        message["streamSid"] = self.chance.choice((STREAM, STREAM, "MZother"))
        return json.dumps(message)

    def bent(self) -> str:
        """A message with some characters wrong, cut off, or doubled."""
        message = self.chance.choice((self.in_order, lambda: STOP, start, lambda: key("5")))()
        at = self.chance.randrange(len(message))
        return self.chance.choice(
            (
                message[:at],
                message[at:],
                message[:at] + chr(self.chance.randrange(0x110000)) + message[at + 1 :],
                message[:at] + message,
                message.replace('"', "", 1),
            )
        )

    def strange(self) -> str:
        """A message with a value that no field should have."""
        message = self.media() if self.chance.random() < 0.6 else json.loads(start())
        where = message
        while self.chance.random() < 0.6:
            inner = [value for value in where.values() if isinstance(value, dict)]
            if not inner:
                break
            where = self.chance.choice(inner)
        where[self.chance.choice(list(where))] = self.chance.choice(STRANGE)
        return json.dumps(message)

    def rubbish(self) -> str | bytes:
        what = self.chance.randbytes(self.chance.randrange(300))
        return what if self.chance.random() < 0.5 else what.decode("latin-1")

    def not_base64(self) -> str:
        letters = "ABCDabcd0189+/=-_ \u00e8"
        return json.dumps(self.media(payload="".join(self.chance.choices(letters, k=self.chance.randrange(60)))))

    def listening(self) -> Listening:
        self.chunk = 0
        line = Fails(reason="broken") if self.chance.random() < 0.1 else Hears(text="quattro due sì no zero uno")
        recognizer = ScriptedRecognition([line]).open("it", rate_hz=8000)
        prompt = self.voice[:8000] if self.chance.random() < 0.3 else b""
        question = self.chance.choice(_QUESTIONS)
        listening = Listening(question, recognizer, call_sid=CALL, prompt_ulaw=prompt, on_words=str.split)
        if self.chance.random() < 0.97:
            listening.accept(start())
        return listening

    def run(self, messages: int) -> None:
        makers, weights = zip(*self.kinds, strict=True)
        listening = self.listening()
        for maker in self.chance.choices(makers, weights, k=messages):
            reply = listening.accept(maker(), late_seconds=2.0 if self.chance.random() < 0.02 else 0.0)
            turn = reply.turn
            if self.chance.random() < 0.0005:
                turn = listening.wait(self.chance.choice((0.5, 4.0))).turn or turn
            if self.chance.random() < 0.0002:
                turn = listening.close()
            if turn is not None:
                self.check(turn)
                listening = self.listening()

    def check(self, turn: Turn) -> None:
        self.turns[turn.ended.value] = self.turns.get(turn.ended.value, 0) + 1
        assert turn.call_sid in {"", CALL}
        assert len(turn.keys) <= 6
        assert 0 <= turn.speech_seconds <= turn.seconds <= 70
        assert 0 <= turn.recognized_seconds <= turn.seconds
        assert not (turn.text and turn.keys)


def _resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


@pytest.mark.timeout(900)  # 75 s on a machine that has nothing else to do
def test_a_million_fuzzed_messages_crash_nothing_and_leave_nothing_behind() -> None:
    fuzz = Fuzz(seed=3)
    fuzz.run(SETTLED_AT)
    before = _resident_bytes() if Path("/proc/self/statm").exists() else 0
    fuzz.run(MESSAGES - SETTLED_AT)
    grown = _resident_bytes() - before if before else 0
    assert grown < MOST_GROWTH_BYTES
    # All the ways in which a turn can end were walked, most of them often.
    assert set(fuzz.turns) >= {"speech", "keys", "silence", "stopped", "stalled", "refused"}
    assert sum(fuzz.turns.values()) > 1000


def test_a_leak_would_be_seen() -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("memory is told by /proc, which is not on this machine")
    before = _resident_bytes()
    kept = [bytes(100) for _ in range(MESSAGES - SETTLED_AT)]
    assert _resident_bytes() - before > MOST_GROWTH_BYTES
    assert kept
