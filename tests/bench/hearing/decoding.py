"""What decoding costs: our whole path beside a bare fresh and a bare pooled recogniser on the same real speech, interleaved.

Whole path: media messages as JSON -> Listening -> Decoding -> Vosk. Processor time is the process's own, so that whatever else
runs on the machine changes little; the calls of one core are played in real time (`one_core`), which wants a quiet machine.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psutil

from ivr import audio
from ivr.speech.decoding import Decoding
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Listening
from ivr.speech.load import Limits
from ivr.speech.recognizer import Busy, Hearsay, Loaded, NoModel, Progress, Recognizer
from ivr.speech.turn import Question, Turn
from ivr.speech.turns_waiting import Patience
from ivr.speech.vosk_recognizer import VoskRecognition
from tests.bench.hearing.carrier import beginning, media
from tests.bench.hearing.one_core import LATEST_SECONDS, Slot, dialogue, length, line_noise
from tests.bench.hearing.real_speech import recordings, telephone_ulaw
from tests.bench.results import Figure
from tests.listeners import KOREAN, korean_model

UTTERANCES, WARMING, DIALOGUES, SPEAKING = 24, 8, 4, 4
# Both sides decode in pieces of 0.4 s here: a stall is the longest of them.
PIECE_BYTES = 6400
MIB = 1 << 20
NO_LIMITS = Limits(full_share=1e9, full_wait_seconds=1e9)
# The whole of the calls on one core may take so long; a level takes two dialogues.
CORE_SECONDS = 200.0
FIRST_OURS, FIRST_BARE, MOST = 12, 4, 48


@dataclass(kw_only=True)
class Timed:
    """A recognition whose pieces are timed on the thread that decodes them; the words are the other's."""

    inner: VoskRecognition
    pieces: list[float] = field(default_factory=list)  # CPU seconds of the decoding thread

    def open(
        self, language: str, *, rate_hz: int, phrases: tuple[str, ...] = (), only_phrases: bool = False
    ) -> Recognizer | NoModel | Busy:
        """Open a session whose pieces are timed."""
        opened = self.inner.open(language, rate_hz=rate_hz, phrases=phrases, only_phrases=only_phrases)
        return opened if isinstance(opened, NoModel) else TimedTurn(opened, self.pieces)

    def load(self, language: str, progress: Progress) -> Loaded | NoModel:
        """Load the model."""
        return self.inner.load(language, progress)


class TimedTurn:
    """One turn of it."""

    def __init__(self, inner: Recognizer, pieces: list[float]) -> None:
        self._inner = inner
        self._pieces = pieces

    def accept(self, pcm: bytes) -> str:
        """Take in sound."""
        return _timed(lambda: self._inner.accept(pcm), self._pieces)

    def finish(self) -> Hearsay:
        """End the turn."""
        return _timed(self._inner.finish, self._pieces)


def _timed(work: Callable[[], Any], pieces: list[float]) -> Any:
    began = time.thread_time()
    done = work()
    pieces.append(time.thread_time() - began)
    return done


@dataclass(kw_only=True)
class Side:
    """One way to hear, over all utterances."""

    cpu_seconds: float = 0.0
    stalls: list[float] = field(default_factory=list)  # the longest piece of each utterance, CPU seconds


def figures() -> list[Figure]:
    """Measure processor time and stalls, memory, and the calls of one core."""
    timed = Timed(inner=VoskRecognition({KOREAN: korean_model()}, memory_mb=2000, warm=1))
    patience = Patience(longest_wait_seconds=120, finish_seconds=120)
    # Everything is fed faster than the clock here, which admission would take for an overload.
    decoding = Decoding(timed, languages=[KOREAN], threads=1, patience=patience, limits=NO_LIMITS)
    decoding.wait_until_loaded()
    found = [*_costs(decoding, timed), _calls_by_cpu(decoding, timed), *_memory(decoding, timed)]
    decoding.close()
    del decoding, timed
    gc.collect()
    return [*found, *_calls_of_one_core()]


def _costs(decoding: Decoding, timed: Timed) -> list[Figure]:
    model = timed.inner._loaded[KOREAN]  # the same model for all sides, as a process has it
    pooled = _new_recognizer(model)
    ulaws = _utterances(WARMING + UTTERANCES)
    ours, bare_pooled, fresh = Side(), Side(), Side()
    seconds = 0.0
    for number, ulaw in enumerate(ulaws):
        if number == WARMING:
            ours, bare_pooled, fresh, seconds = Side(), Side(), Side(), 0.0
        sound, messages = _turn(ulaw, number)
        taken = _ours(decoding, timed, messages, ours)
        # What our side has taken in until its turn was over is what the others are given.
        pcm = audio.ulaw_to_pcm(sound[: round(taken.seconds * audio.RATE_HZ)])
        seconds += taken.seconds
        _bare(lambda: pooled, pcm, bare_pooled)
        if number >= WARMING:
            _bare(lambda: _new_recognizer(model), pcm, fresh)
    told = (
        f"{UTTERANCES} turns of AN4 and Asterisk's Italian prompts, {seconds:.0f} s of sound, telephone band; CPU a second:"
        f" ours {ours.cpu_seconds / seconds:.3f}, pooled {bare_pooled.cpu_seconds / seconds:.3f},"
        f" fresh {fresh.cpu_seconds / seconds:.3f}"
    )
    stall, fresh_stall = statistics.median(ours.stalls), statistics.median(fresh.stalls)
    stalls = (
        f"CPU of the longest piece of 0.4 s of a turn, its end included; median ours {stall:.3f} s, fresh {fresh_stall:.3f} s;"
        f" worst ours {max(ours.stalls):.3f} s, fresh {max(fresh.stalls):.3f} s"
    )
    return [
        _goal("cpu_vs_fresh", ours.cpu_seconds / fresh.cpu_seconds, 0.70, told),
        _goal("cpu_vs_pooled", ours.cpu_seconds / bare_pooled.cpu_seconds, 1.10, told),
        _goal("stall_vs_fresh", stall / fresh_stall, 0.25, stalls),
    ]


def _goal(name: str, value: float, most: float, how: str) -> Figure:
    return Figure(name=name, value=round(value, 3), unit="x", goal=f"<= {most:.2f}", holds=value <= most, how=how)


def _utterances(many: int) -> list[bytes]:
    half = (many + 1) // 2
    english, italian = recordings("an4/**/*.flac", seed=4), recordings("asterisk-it/**/*.flac", seed=4)
    lasting = [one for one in map(telephone_ulaw, italian) if 1.0 < len(one) / audio.RATE_HZ < 6.0]
    mixed = [*map(telephone_ulaw, english[:half]), *lasting[:half]]
    # Every second one of either, so that both are among those that warm.
    return [one for pair in zip(mixed[:half], mixed[half:], strict=True) for one in pair][:many]


def _turn(ulaw: bytes, number: int) -> tuple[bytes, list[str]]:
    """The sound of a turn, an open line around the utterance, and its media messages."""
    line = audio.pcm_to_ulaw(line_noise(0.3, number)), audio.pcm_to_ulaw(line_noise(3.0, number + 1))
    sound = line[0] + ulaw + line[1]
    call_id = f"CA{number:032d}"
    frames = enumerate(audio.frames_of_ulaw(sound))
    return sound, [*beginning(call_id), *(media(call_id, count, frame) for count, frame in frames)]


def _ours(decoding: Decoding, timed: Timed, messages: list[str], side: Side) -> Turn:
    timed.pieces.clear()
    began = time.process_time()
    listening = _listening(decoding)
    turn = next((turn for message in messages if (turn := listening.accept(message).turn) is not None), None)
    turn = turn or listening.close()
    side.cpu_seconds += time.process_time() - began
    side.stalls.append(max(timed.pieces, default=0.0))
    return turn


def _new_recognizer(model: Any) -> Any:
    import vosk  # noqa: PLC0415 - the other side of the comparison

    recognizer = vosk.KaldiRecognizer(model, audio.RATE_HZ)
    recognizer.SetWords(True)  # noqa: FBT003 - Vosk's signature
    return recognizer


def _bare(given: Callable[[], Any], pcm: bytes, side: Side) -> None:
    pieces: list[float] = []
    began = time.process_time()
    recognizer = given()
    for at in range(0, len(pcm), PIECE_BYTES):
        piece = pcm[at : at + PIECE_BYTES]
        _timed(lambda piece=piece: (recognizer.AcceptWaveform(piece), recognizer.PartialResult()), pieces)
    _timed(recognizer.FinalResult, pieces)
    side.cpu_seconds += time.process_time() - began
    side.stalls.append(max(pieces))


def _calls_by_cpu(decoding: Decoding, timed: Timed) -> Figure:
    """The calls that a core would hold if only processor time counted: the dialogues of `one_core`, fed at once."""
    model = timed.inner._loaded[KOREAN]
    ours, fresh, seconds = Side(), Side(), 0.0
    for number in range(DIALOGUES + 1):
        slots = dialogue(number)
        if number == 1:  # the first one warms
            ours, fresh, seconds = Side(), Side(), 0.0
        for slot in slots:
            _answered(decoding, slot, ours)
        if number:
            pcm = b"".join(audio.ulaw_to_pcm(frame) for slot in slots for frame in slot.frames)
            _bare(lambda: _new_recognizer(model), pcm, fresh)
        seconds += length(slots)
    how = (
        f"CPU of {DIALOGUES} dialogues of 40% talk, {seconds:.0f} s: ours {ours.cpu_seconds / seconds:.4f} of a core a call, a"
        f" fresh recogniser for each call fed all its audio {fresh.cpu_seconds / seconds:.4f}"
    )
    ratio = fresh.cpu_seconds / ours.cpu_seconds
    return Figure(
        name="calls_per_core_by_cpu_vs_fresh",
        value=round(ratio, 2),
        unit="x",
        goal=">= 3.00",
        holds=ratio >= 3,
        how=how,
    )


def _answered(decoding: Decoding, slot: Slot, side: Side) -> None:
    began = time.process_time()
    session = decoding.open(KOREAN, rate_hz=audio.RATE_HZ, phrases=slot.phrases, only_phrases=bool(slot.phrases))
    if isinstance(session, Busy):
        raise RuntimeError(session.reason)  # noqa: TRY004 - no wrong type, but a machine on which nothing can be measured
    listening = Listening(Question(kind=slot.kind, language="it"), session, prompt_ulaw=slot.prompt_ulaw)
    for _, message in slot.messages:
        if listening.accept(message).turn is not None:
            break
    listening.close()
    side.cpu_seconds += time.process_time() - began


def _memory(decoding: Decoding, timed: Timed) -> list[Figure]:
    """What callers who all speak at the same moment take, each a recogniser; and what those take who say nothing yet."""
    resident = psutil.Process().memory_info
    gc.collect()
    before = resident().rss
    silent = [_listening(decoding) for _ in range(50)]
    per_silent = (resident().rss - before) / MIB / len(silent)
    del silent
    before, idle = resident().rss, timed.inner.figures().idle
    speaking = [_listening(decoding) for _ in range(SPEAKING + idle)]
    turns = [_turn(ulaw, number)[1] for number, ulaw in enumerate(_utterances(len(speaking)))]
    for listening, messages in zip(speaking, turns, strict=True):
        for message in messages[: len(messages) - 120]:  # until shortly before the turn would end
            listening.accept(message)
    while decoding._workers._speaking:  # until all that was fed is decoded
        time.sleep(0.05)
    per_speaking = (resident().rss - before) / MIB / SPEAKING
    for listening in speaking:
        listening.close()
    how = f"resident memory with {SPEAKING} more callers speaking at once, each with a recogniser; shared model aside"
    return [
        Figure(
            name="memory_per_further_call_mib", value=round(per_speaking, 1), unit="MiB", goal="", holds=None, how=how
        ),
        Figure(
            name="memory_per_silent_call_mib",
            value=round(per_silent, 2),
            unit="MiB",
            goal="",
            holds=None,
            how="the same for 50 turns in which nobody has spoken yet: no recogniser is taken",
        ),
    ]


def _listening(decoding: Decoding) -> Listening:
    session = decoding.open(KOREAN, rate_hz=audio.RATE_HZ)
    if isinstance(session, Busy):
        raise RuntimeError(session.reason)  # noqa: TRY004 - no wrong type, but a machine on which nothing can be measured
    return Listening(Question(kind=AnswerKind.REQUEST, language="it"), session)


class OneCore:
    """One side in a process of its own, bound to one core."""

    def __init__(self, side: str, core: int, first: int) -> None:
        arguments = [sys.executable, "-m", "tests.bench.hearing.one_core", side, str(core)]
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.next = first
        self.held: dict[int, dict[str, Any]] = {}
        self.ready = self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("one side of the calls on one core ended early")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def begin(self) -> None:
        """Have the next number of calls played."""
        if self._process.stdin:
            self._process.stdin.write(f"{self.next}\n")
            self._process.stdin.flush()

    def end(self) -> None:
        """Take what became of them, and choose the next number: half as many more or fewer, then in between."""
        held = self._answer()
        self.held[held["calls"]] = held
        if self.failed is None:
            self.next = min(MOST, max(self.next + 1, self.next * 3 // 2))
        elif self.most == 0:
            self.next = max(1, self.failed * 2 // 3)
        else:
            self.next = (self.most + self.failed) // 2

    @property
    def most(self) -> int:
        """The most calls that were held, fewer than any that were not."""
        below = self.failed or MOST + 1
        return max((calls for calls, held in self.held.items() if held["in_time"] and calls < below), default=0)

    @property
    def failed(self) -> int | None:
        """The fewest calls that were not held."""
        return min((calls for calls, held in self.held.items() if not held["in_time"]), default=None)

    @property
    def is_done(self) -> bool:
        """Whether the next number is known already."""
        return self.next in self.held

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def _calls_of_one_core() -> list[Figure]:
    cores = sorted(os.sched_getaffinity(0))
    until = time.monotonic() + CORE_SECONDS
    # Side by side, each on a core of its own; with one core only they share it, which is as hard for both.
    ours, bare = OneCore("ours", cores[0], FIRST_OURS), OneCore("bare", cores[-1], FIRST_BARE)
    try:
        while time.monotonic() < until and not (ours.is_done and bare.is_done):
            playing = [side for side in (ours, bare) if not side.is_done]
            for side in playing:
                side.begin()
            for side in playing:
                side.end()
    finally:
        ours.close()
        bare.close()
    ratio = ours.most / bare.most if bare.most else float("nan")
    how = (
        f"{ours.most} calls ours, {bare.most} bare, each on one core in real time for {2 * ours.ready['seconds']:.0f} s,"
        f" {ours.ready['talk_share']:.0%} talk; every frame within {LATEST_SECONDS:.0f} s on both sides; tried:"
        f" ours {_tried(ours)}, bare {_tried(bare)}"
    )
    return [
        Figure(
            name="calls_per_core_vs_fresh", value=round(ratio, 2), unit="x", goal=">= 3.00", holds=ratio >= 3, how=how
        )
    ]


def _tried(side: OneCore) -> str:
    return ", ".join(
        f"{calls} {'held' if held['in_time'] else 'not held'} ({held['cpu_share'] / calls:.3f} cores a call,"
        f" latest {held['late_seconds']:.1f} s{', ' + held['reason'] if held['reason'] else ''})"
        for calls, held in sorted(side.held.items())
    )
