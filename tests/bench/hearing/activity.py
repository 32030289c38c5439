"""Whose voice activity tells callers from noise: WebRTC's modes, Silero's network alone, and ours, on noisy telephone audio.

Callers are AN4's and Asterisk's Italian prompts in the telephone's band, their voice labelled by the loudness of the clean
signal; behind them stands babble of other speakers, a street, mains hum or music at 5 to 20 dB. Each is a turn of listening: some
quiet, the utterance, quiet until the turn ends. What counts is how turns end; frames are told for comparison.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from time import process_time
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import webrtcvad
from rich.console import Console
from rich.table import Table

from ivr import audio
from ivr.speech.end_of_speech import AnswerKind, Ended, Hearing, hear
from ivr.speech.turn import Question
from ivr.speech.voice_activity import FRAME_PCM_BYTES, VoiceActivity
from ivr.speech.waits import waits_for
from tests.bench.hearing.noises import Sound, level, noises
from tests.bench.hearing.real_speech import recordings, telephone_ulaw
from tests.bench.results import Figure

_CALLERS_OF_EACH: Final = 30
_OTHER_SPEAKERS: Final = 30
_SIGNAL_TO_NOISE_DB: Final = (5, 10, 15, 20)
# ITU-T P.56: the active speech level of a well-set telephone channel lies about here.
_SPEECH_DBFS: Final = -22.0
_BEFORE_SECONDS, _BEHIND_SECONDS = 1.6, 5.0
# What is still the caller's voice lies within 28 dB of the loudest twentieth; gaps inside words are filled.
_LABEL_RANGE_DB, _LABEL_FLOOR_DBFS, _WORD_GAP_FRAMES = 28.0, -60.0, 8
_WAITS: Final = waits_for(Question(kind=AnswerKind.REQUEST, language="it"))
# Noise holds a turn open if the end comes so much later than it should.
_HELD_SECONDS: Final = 0.6
# Turns with a pause near the wait itself say nothing about detectors.
_LONGEST_PAUSE_SECONDS: Final = 1.0


class Detector(Protocol):
    """Anything that says of each frame whether it holds a voice."""

    def is_voiced(self, frame_pcm: bytes) -> bool:
        """Whether 20 ms hold a voice."""


class Webrtc:
    """WebRTC's detector in one of its modes."""

    def __init__(self, mode: int) -> None:
        """Take the mode, 3 being the strictest."""
        self._detector = webrtcvad.Vad(mode)

    def is_voiced(self, frame_pcm: bytes) -> bool:
        """Whether 20 ms hold a voice."""
        return bool(self._detector.is_speech(frame_pcm, audio.RATE_HZ))


class SileroAlone(VoiceActivity):
    """Ours, without the caller's loudness."""

    def _is_the_callers(self) -> bool:
        return True


class WhereWebrtcHears:
    """Silero as a second opinion: run only where WebRTC hears a voice, and 0.2 s on."""

    def __init__(self) -> None:
        self._first, self._second, self._left = Webrtc(3), VoiceActivity(), 0

    def is_voiced(self, frame_pcm: bytes) -> bool:
        """Whether 20 ms hold a voice."""
        self._left = 10 if self._first.is_voiced(frame_pcm) else self._left - 1
        return self._left > 0 and self._second.is_voiced(frame_pcm)


DETECTORS: Final[Mapping[str, Callable[[], Detector]]] = {
    "webrtc 1": lambda: Webrtc(1),
    "webrtc 2": lambda: Webrtc(2),
    "webrtc 3": lambda: Webrtc(3),
    "silero alone": SileroAlone,
    "ours after webrtc 3": WhereWebrtcHears,
    "ours": VoiceActivity,
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One noisy turn and where the voice in it is."""

    noise: str
    frames: tuple[bytes, ...]
    labels: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one detector did in one scene."""

    missed: float  # share of the voice's frames
    false: float  # share of the other frames
    onset_seconds: float
    cut: bool  # the turn ended before the caller had
    held: bool  # the turn stayed open for the noise
    begun_by_noise: bool
    cpu_seconds: float
    frames: int


def figures() -> list[Figure]:
    """Measure every detector on the same scenes, interleaved, and print them by noise."""
    turns = frames = 0
    outcomes: dict[str, dict[str, list[Outcome]]] = {name: {} for name in DETECTORS}
    for scene in _scenes():
        turns, frames = turns + 1, frames + len(scene.frames)
        for name, make in DETECTORS.items():
            outcomes[name].setdefault(scene.noise, []).append(_outcome(scene, make()))
    _print(outcomes)
    ours = [one for found in outcomes["ours"].values() for one in found]
    best = min(_wrong([one for found in outcomes[f"webrtc {mode}"].values() for one in found]) for mode in (1, 2, 3))
    cost = 1e6 * sum(one.cpu_seconds for one in ours) / frames
    how = f"{turns} turns of real speech at 5-20 dB before babble, street, hum and music, and clean"
    return [
        Figure(
            name="activity_wrong_turn_ends",
            value=_wrong(ours),
            unit="share",
            goal=f"< {best:.3f} (WebRTC's best mode)",
            holds=_wrong(ours) < best,
            how=f"turns cut early or held open by noise: {how}",
        ),
        Figure(
            name="activity_turns_cut",
            value=fmean(one.cut for one in ours),
            unit="share",
            goal="",
            holds=None,
            how="of them those ended before the caller had",
        ),
        Figure(
            name="activity_missed_speech",
            value=fmean(one.missed for one in ours),
            unit="share",
            goal="",
            holds=None,
            how="frames with the caller's voice that were taken for none",
        ),
        Figure(
            name="activity_onset_ms",
            value=1000 * median(one.onset_seconds for one in ours),
            unit="ms",
            goal="",
            holds=None,
            how="from the voice's first frame to the first that is called one, median",
        ),
        Figure(
            name="activity_frame_us",
            value=cost,
            unit="us",
            goal="",
            holds=None,
            how="CPU of one frame of 20 ms",
        ),
    ]


def _wrong(found: Sequence[Outcome]) -> float:
    return fmean(one.cut or one.held for one in found)


def _scenes() -> Iterator[Scene]:
    english, italian = recordings("an4/*/*.flac"), recordings("asterisk-it/carlo/*.flac")
    callers = [_telephone(file) for file in english[:_CALLERS_OF_EACH] + italian[:_CALLERS_OF_EACH]]
    others = [_telephone(file) for file in english[_CALLERS_OF_EACH:][:_OTHER_SPEAKERS]]
    for at, caller in enumerate(callers):
        labels = _labels(caller)
        if np.diff(np.flatnonzero(labels)).max() * audio.FRAME_SECONDS > _LONGEST_PAUSE_SECONDS:
            continue
        voice = _at(caller[: labels.size * audio.FRAME_BYTES], _SPEECH_DBFS, labels)
        before, behind = (round(seconds / audio.FRAME_SECONDS) for seconds in (_BEFORE_SECONDS, _BEHIND_SECONDS))
        turn = np.pad(voice, (before * audio.FRAME_BYTES, behind * audio.FRAME_BYTES))
        marked = np.pad(labels, (before, behind))
        yield _scene("clean", turn, marked, np.random.default_rng(at).normal(size=turn.size), 70)
        for name, make in noises(others).items():
            noise = make(turn.size / audio.RATE_HZ, at)[: turn.size]
            for ratio in _SIGNAL_TO_NOISE_DB:
                yield _scene(name, turn, marked, noise, ratio)


def _scene(name: str, turn: Sound, labels: npt.NDArray[np.bool_], noise: Sound, ratio_db: float) -> Scene:
    quiet = 10 ** ((_SPEECH_DBFS - ratio_db) / 20) * 32768
    narrow = _samples(audio.telephone_band(_pcm(level(noise) * 3000), audio.RATE_HZ))
    pcm = audio.ulaw_to_pcm(audio.pcm_to_ulaw(_pcm(turn + quiet * level(narrow))))
    frames = tuple(pcm[at : at + FRAME_PCM_BYTES] for at in range(0, len(pcm), FRAME_PCM_BYTES))
    return Scene(noise=name if name == "clean" else f"{name} {ratio_db:.0f} dB", frames=frames, labels=labels)


def _outcome(scene: Scene, detector: Detector) -> Outcome:
    began = process_time()
    voiced = np.array([detector.is_voiced(frame) for frame in scene.frames])
    cpu_seconds = process_time() - began
    first, last = np.flatnonzero(scene.labels)[[0, -1]]
    ended, begun = len(voiced), len(voiced)
    hearing = Hearing()
    for at, one in enumerate(voiced):
        hearing, verdict = hear(hearing, _WAITS, seconds=audio.FRAME_SECONDS, voiced=bool(one))
        begun = at if hearing.has_begun and begun == len(voiced) else begun
        if isinstance(verdict, Ended):
            ended = at
            break
    heard = np.flatnonzero(voiced[first:])
    latest = last + (_WAITS.after_words_seconds + _HELD_SECONDS) / audio.FRAME_SECONDS
    return Outcome(
        missed=float(np.mean(~voiced[scene.labels])),
        false=float(np.mean(voiced[~scene.labels])),
        onset_seconds=audio.FRAME_SECONDS * float(heard[0] if heard.size else len(voiced)),
        cut=bool(ended < last),
        held=bool(ended > latest),
        begun_by_noise=bool(begun < first - 5),
        cpu_seconds=cpu_seconds,
        frames=len(scene.frames),
    )


def _labels(clean: Sound) -> npt.NDArray[np.bool_]:
    frames = clean[: clean.size // audio.FRAME_BYTES * audio.FRAME_BYTES].reshape(-1, audio.FRAME_BYTES)
    dbfs = 10 * np.log10((np.mean(np.square(frames), axis=1) + 1e-3) / 32768**2)
    labels = dbfs > max(float(np.percentile(dbfs, 95)) - _LABEL_RANGE_DB, _LABEL_FLOOR_DBFS)
    spoken = np.flatnonzero(labels)
    for begin, end in pairwise(spoken):
        if end - begin <= _WORD_GAP_FRAMES:
            labels[begin:end] = True
    return np.asarray(labels)


def _at(voice: Sound, dbfs: float, labels: npt.NDArray[np.bool_]) -> Sound:
    spoken = voice[np.repeat(labels, audio.FRAME_BYTES)]
    return voice * (32768 * 10 ** (dbfs / 20) / float(np.sqrt(np.mean(np.square(spoken)))))


def _telephone(file: Path) -> Sound:
    return _samples(audio.ulaw_to_pcm(telephone_ulaw(file)))


def _samples(sound: bytes) -> Sound:
    return np.frombuffer(sound, dtype="<i2").astype(np.float64)


def _pcm(samples: Sound) -> bytes:
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


def _print(outcomes: Mapping[str, Mapping[str, Sequence[Outcome]]]) -> None:
    table = Table("detector", "noise", "missed", "false", "onset ms", "cut", "held", "begun by noise", "us a frame")
    for name, by_noise in outcomes.items():
        rows = [*by_noise.items(), ("all", [one for found in by_noise.values() for one in found])]
        for noise, found in rows:
            table.add_row(
                name,
                noise,
                f"{fmean(one.missed for one in found):.3f}",
                f"{fmean(one.false for one in found):.3f}",
                f"{1000 * median(one.onset_seconds for one in found):.0f}",
                f"{fmean(one.cut for one in found):.3f}",
                f"{fmean(one.held for one in found):.3f}",
                f"{fmean(one.begun_by_noise for one in found):.3f}",
                f"{1e6 * sum(one.cpu_seconds for one in found) / sum(one.frames for one in found):.0f}",
            )
    Console(width=120).print(table)
