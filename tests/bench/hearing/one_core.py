"""How many live calls one core holds: a dialogue of 40% talk in real time, by our whole path or by bare fresh recognisers.

Run as a process of its own by `decoding`, bound to one core: it reads a number of calls, plays so many dialogues, and tells
whether every frame was consumed in time.
"""

import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import islice
from typing import Any

import numpy as np

from ivr import audio
from ivr.speech.decoding import Decoding
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Listening
from ivr.speech.load import Admitted
from ivr.speech.recognizer import Busy, NoModel
from ivr.speech.turn import Question
from ivr.speech.turns_waiting import Patience
from ivr.speech.vosk_recognizer import VoskRecognition
from tests.bench.hearing.carrier import beginning, media
from tests.bench.hearing.real_speech import recordings, telephone_ulaw
from tests.listeners import KOREAN, korean_model, korean_spoken

# The same for both sides. A new recogniser alone stalls for 0.6-1.6 s at its first words; less would fail it with one call.
LATEST_SECONDS = 2.0
TALK_SHARE = 0.4
# Between prompt and answer; and what the end of speech takes behind it, with a margin (`ivr.speech.waits`).
REACTION_SECONDS = 0.3
TAIL_SECONDS = {AnswerKind.REQUEST: 1.6, AnswerKind.DIGITS: 1.8, AnswerKind.YES_NO: 1.2, AnswerKind.CHOICE: 1.1}
FRAME = audio.FRAME_SECONDS
STEP_FRAMES = 10  # Vosk decodes in steps of 0.2 s
YES_NO = ("네", "예", "아니요", "아니오")
DIGITS = ("영", "공", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
# Numbers in which the model is sure of the synthesiser's digits, as a model should be of its callers'; of yes, no and the scores
# below it is sure of every second, and the others are heard again freely.
NUMBERS = ("일 일 오 오 오 오", "일 영 영 일 영 오", "일 영 영 오 오 일", "일 영 영 오 영 일")
VARIANTS = 12
# A service that has been up for a while has as many warm recognisers as callers have spoken at once; a bare one is always new.
WARM = 8


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One turn of a dialogue: when it begins, and the caller's side of it."""

    begins_seconds: float
    kind: AnswerKind
    phrases: tuple[str, ...]
    prompt_ulaw: bytes = field(repr=False)
    frames: tuple[bytes, ...] = field(repr=False)  # mu-law of the whole slot
    speech_ends_seconds: float  # from the slot's beginning
    talk_seconds: float
    messages: tuple[tuple[float, str], ...] = field(repr=False)  # seconds from the slot's beginning


@dataclass(kw_only=True)
class Held:
    """What became of so many calls."""

    calls: int
    late_seconds: float = 0.0  # the latest frame
    turns: int = 0
    not_heard: int = 0  # turns that failed, were refused or did not end
    cut_short: int = 0  # turns that ended before the caller did
    restricted: int = 0  # turns heard as the phrases of their question
    cpu_share: float = 0.0  # of the core
    reason: str = ""

    @property
    def in_time(self) -> bool:
        """Whether every frame was consumed in time and every turn heard."""
        return self.late_seconds <= LATEST_SECONDS and not self.not_heard


def line_noise(seconds: float, seed: int) -> bytes:
    """A caller's open line: 16-bit PCM at -64 dB of full scale."""
    noise = np.random.default_rng(seed).normal(0, 20, round(seconds * audio.RATE_HZ))
    return noise.astype("<i2").tobytes()


def trimmed(pcm: bytes) -> bytes:
    """Speech without the quiet around it."""
    samples = np.frombuffer(pcm, dtype="<i2")
    frames = samples[: samples.size // 160 * 160].reshape(-1, 160).astype(np.float64)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > 0.03 * np.abs(samples).max())
    return samples[loud[0] * 160 : (loud[-1] + 1) * 160].tobytes()


@cache
def dialogue(variant: int) -> tuple[Slot, ...]:
    """Four turns: a request in real speech, a number of six digits, yes or no, a score."""
    request = trimmed(audio.ulaw_to_pcm(telephone_ulaw(_requests()[variant])))
    digits = NUMBERS[variant % len(NUMBERS)]
    answers = [
        (AnswerKind.REQUEST, (), request),
        (AnswerKind.DIGITS, DIGITS, trimmed(korean_spoken(digits))),
        (AnswerKind.YES_NO, YES_NO, trimmed(korean_spoken(("네", "아니요")[variant % 2]))),
        (AnswerKind.CHOICE, DIGITS, trimmed(korean_spoken(("오", "일")[variant % 2]))),
    ]
    talk = sum(_seconds(pcm) for _, _, pcm in answers)
    quiet_seconds = talk / TALK_SHARE - talk - sum(TAIL_SECONDS.values())
    prompt_seconds = quiet_seconds / len(answers) - REACTION_SECONDS
    prompt = telephone_ulaw(recordings("asterisk-it/**/*.flac", seed=9)[variant])
    slots: list[Slot] = []
    begins = 0.0
    for number, (kind, phrases, speech) in enumerate(answers):
        prompt_frames = max(1, round(prompt_seconds / FRAME))
        sound = (
            line_noise(prompt_frames * FRAME + REACTION_SECONDS, number) + speech + line_noise(TAIL_SECONDS[kind], 9)
        )
        frames = tuple(audio.frames_of_ulaw(audio.pcm_to_ulaw(sound)))
        call_id = f"CA{variant:016d}{number:016d}"
        mark = json.dumps({"event": "mark", "streamSid": f"MZ{call_id[2:]}", "mark": {"name": "prompt"}})
        messages = [(0.0, message) for message in beginning(call_id)]
        for count, frame in enumerate(frames):
            if count == prompt_frames:
                messages.append((count * FRAME, mark))
            messages.append(((count + 1) * FRAME, media(call_id, count, frame)))
        slots.append(
            Slot(
                begins_seconds=begins,
                kind=kind,
                phrases=phrases,
                prompt_ulaw=prompt[: prompt_frames * audio.FRAME_BYTES],
                frames=frames,
                speech_ends_seconds=len(frames) * FRAME - TAIL_SECONDS[kind],
                talk_seconds=_seconds(speech),
                messages=tuple(messages),
            )
        )
        begins += len(frames) * FRAME
    return tuple(slots)


def _requests() -> list[Any]:
    # What callers say to an open question takes some four seconds.
    found = (one for one in recordings("an4/**/*.flac", seed=5) if 4.0 < len(telephone_ulaw(one)) / 8000 < 6.0)
    return list(islice(found, VARIANTS))


def _seconds(pcm: bytes) -> float:
    return len(pcm) / 2 / audio.RATE_HZ


def length(slots: tuple[Slot, ...]) -> float:
    """Seconds of a whole dialogue."""
    return slots[-1].begins_seconds + len(slots[-1].frames) * FRAME


class Ours:
    """Media messages -> Listening -> Decoding on one thread, one thread for each socket, admission as it is in service."""

    def __init__(self) -> None:
        recognition = VoskRecognition({KOREAN: korean_model()}, memory_mb=2000, warm=WARM)
        patience = Patience(longest_wait_seconds=LATEST_SECONDS, finish_seconds=LATEST_SECONDS)
        self.decoding = Decoding(recognition, languages=[KOREAN], threads=1, patience=patience)
        self.decoding.wait_until_loaded()
        self.lock = threading.Lock()

    def hold(self, calls: int) -> Held:
        """Play so many calls: each begins a share of a dialogue after the one before, and is followed by another."""
        held = Held(calls=calls)
        each = length(dialogue(0))
        while not isinstance(self.decoding.way(KOREAN), Admitted):
            time.sleep(0.1)  # what the level before has left behind
        began = time.monotonic() + 0.2
        until = began + 2 * each
        lines = [
            threading.Thread(target=self._line, args=(held, number, began + number * each / calls, until))
            for number in range(calls)
        ]
        for line in lines:
            line.start()
        for line in lines:
            line.join()
        return held

    def _line(self, held: Held, number: int, at: float, until: float) -> None:
        variant = number
        while at < until and held.in_time:
            slots = dialogue(variant % VARIANTS)
            for slot in slots:
                self._slot(held, slot, at + slot.begins_seconds)
            at += length(slots)
            variant += 1

    def _slot(self, held: Held, slot: Slot, at: float) -> None:
        time.sleep(max(0.0, at - time.monotonic()))
        session = self.decoding.open(
            KOREAN, rate_hz=audio.RATE_HZ, phrases=slot.phrases, only_phrases=bool(slot.phrases)
        )
        if isinstance(session, NoModel | Busy):
            with self.lock:
                held.not_heard += 1
                held.reason = session.reason
            return
        listening = Listening(Question(kind=slot.kind, language="it"), session, prompt_ulaw=slot.prompt_ulaw)
        worst, turn = 0.0, None
        for due, message in slot.messages:
            wait = at + due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            turn = listening.accept(message).turn
            worst = max(worst, time.monotonic() - at - due)
            if turn is not None:
                break
        turn = turn or listening.close()
        with self.lock:
            held.turns += 1
            held.late_seconds = max(held.late_seconds, worst)
            held.cut_short += turn.seconds < slot.speech_ends_seconds - 0.1
            held.restricted += turn.heard_by == "vosk restricted"
            if turn.failure:
                held.not_heard += 1
                held.reason = turn.failure


class Bare:
    """A fresh recogniser for each call, fed all its audio as PCM in steps of 0.2 s: no messages, no sockets, no threads."""

    def __init__(self) -> None:
        import vosk  # noqa: PLC0415 - the other side of the comparison

        self.vosk = vosk
        vosk.SetLogLevel(-1)
        self.model = vosk.Model(str(korean_model()))

    def hold(self, calls: int) -> Held:
        """Play so many calls, as above."""
        held = Held(calls=calls)
        each = length(dialogue(0))
        began = time.monotonic() + 0.2
        steps: list[tuple[float, int, bytes, bool]] = []
        for number in range(calls):
            at, variant = number * each / calls, number
            while at < 2 * each:
                sound = self._sound(variant % VARIANTS)
                for count, step in enumerate(sound):
                    steps.append((at + (count + 1) * STEP_FRAMES * FRAME, number, step, count == 0))
                held.turns += 4
                at += length(dialogue(variant % VARIANTS))
                variant += 1
        steps.sort(key=lambda one: one[0])
        recognizers: dict[int, Any] = {}
        for due, number, step, is_first in steps:
            wait = began + due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            if is_first:
                recognizers[number] = self.vosk.KaldiRecognizer(self.model, audio.RATE_HZ)
                recognizers[number].SetWords(True)  # noqa: FBT003 - Vosk's signature
            recognizers[number].AcceptWaveform(step)
            recognizers[number].PartialResult()
            held.late_seconds = max(held.late_seconds, time.monotonic() - began - due)
            if not held.in_time:
                break
        return held

    @cache  # noqa: B019 - one object for the whole process
    def _sound(self, variant: int) -> tuple[bytes, ...]:
        frames = [frame for slot in dialogue(variant) for frame in slot.frames]
        return tuple(
            audio.ulaw_to_pcm(b"".join(frames[at : at + STEP_FRAMES])) for at in range(0, len(frames), STEP_FRAMES)
        )


def main() -> None:
    """Bind to a core, get ready, and hold as many calls as each line of the input says."""
    side, core = sys.argv[1], int(sys.argv[2])
    os.sched_setaffinity(0, {core})
    talking = sum(slot.talk_seconds for number in range(VARIANTS) for slot in dialogue(number))
    whole = sum(length(dialogue(number)) for number in range(VARIANTS))
    sides = {"ours": Ours, "bare": Bare}
    holder = sides[side]()
    # What is made at the first use, and the recognisers of a service that has been up for a while.
    holder.hold(WARM if side == "ours" else 1)
    print(json.dumps({"talk_share": talking / whole, "seconds": length(dialogue(0))}), flush=True)
    for line in sys.stdin:
        cpu, began = time.process_time(), time.monotonic()
        held = holder.hold(int(line))
        held.cpu_share = (time.process_time() - cpu) / (time.monotonic() - began)
        print(json.dumps(asdict(held) | {"in_time": held.in_time}), flush=True)


if __name__ == "__main__":
    main()
