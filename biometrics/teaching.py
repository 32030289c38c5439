"""Teaches the line encoder: a copy of the packaged encoder learns to give on telephone audio what that gives on wide-band speech.

Nobody has to be named for it: the teacher's own embeddings say what to give. Each window of telephone audio is to lie near the
teacher's embedding of the same window at wide band and near that of the whole recording (knowledge distillation, Hinton et al.
2015, here of embeddings), and nearer to its own recording than to the others. The loop is SpeechBrain's `Brain`.
"""

import math
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, IterableDataset

from biometrics.ecapa import importing_speechbrain
from biometrics.exporting import Exported, LineNetwork, export_line_encoder, line_network
from biometrics.features import WINDOW_FRAMES, at_level, mel_spectrogram
from biometrics.samples import ENCODER_RATE_HZ
from biometrics.telephone import by_telephone

# Half a window: each stretch of speech is seen in two.
_STEP_FRAMES: Final = 40
_JITTER_FRAMES: Final = 8
_SMOOTHING: Final = 0.1
_LEAST_RATE: Final = 0.05  # of the learning rate, at the end of its cosine
_WARM_UP_STEPS: Final = 50

# Windows of telephone audio [n, 160, 40], and the places that they were cut from [n].
_Batch: TypeAlias = tuple[torch.Tensor, torch.Tensor]


class TeachingError(RuntimeError):
    """Nothing can be taught with what was given, and why."""


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """How it is taught; every figure that a repetition needs. The defaults made the shipped encoder (MODEL_CARD.md)."""

    steps: int = 1000
    batch: int = 64
    learning_rate: float = 3e-4
    versions: int = 6  # telephone lines that each recording is heard over
    own_window: float = 0.3  # weight of the window's own embedding in what is to be given; the rest is the recording's
    apart: float = 0.1  # weight of keeping recordings apart, beside that of likeness
    apart_scale: float = 15.0
    seed: int = 0
    # A share of the windows for each group of recordings, by the part of their name before "/"; others by their length.
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Net speech of one voice on one occasion, wide band."""

    name: str  # "GROUP/VOICE"
    speech: npt.NDArray[np.float32] = field(repr=False)  # at 16 kHz
    is_one_voice: bool = True  # False: only window by window, for a file that may hold several voices


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What came of it."""

    exported: Exported
    windows: int
    likeness_before: float  # mean cosine of telephone windows to their wide-band ones
    likeness_after: float


@dataclass(frozen=True, kw_only=True)
class _Course:
    """Everything that the loop draws from."""

    places: Sequence[tuple[int, int]]  # recording, first frame
    chances: npt.NDArray[np.float64]
    wanted: torch.Tensor  # [places, 256]
    same_window: torch.Tensor  # [places, 256]: the teacher's own, for what is reported
    voices: torch.Tensor  # [voices, 256]
    voice_of: torch.Tensor  # [places], -1 for none
    heard: Sequence[Sequence[npt.NDArray[np.float32]]]  # recording -> version -> mel frames


def packaged_teacher(weights: Path) -> LineNetwork:
    """Load Resemblyzer's `pretrained.pt`. Raises `TeachingError`."""
    try:
        return line_network(torch.load(weights, map_location="cpu", weights_only=True)["model_state"])
    except (OSError, KeyError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise TeachingError(
            f"{weights} does not hold the packaged encoder's weights ({type(error).__name__})"
        ) from None


def teach(
    recordings: Sequence[Recording],
    *,
    teacher: LineNetwork,
    to: Path,
    lesson: Lesson | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Taught:
    """Teach a copy of the teacher on these recordings and write it to `to`. Raises `TeachingError` for too few of them."""
    lesson = lesson or Lesson()
    torch.manual_seed(lesson.seed)
    rng = np.random.default_rng(lesson.seed)
    course = _course(recordings, teacher, lesson, rng)
    learner = line_network(teacher.state_dict())
    before = _likeness(learner, course, rng)
    _run(learner, course, lesson, rng, progress or (lambda _done, _of: None))
    after = _likeness(learner, course, rng)
    exported = export_line_encoder(learner, to, half=True)
    return Taught(exported=exported, windows=len(course.places), likeness_before=before, likeness_after=after)


def _course(recordings: Sequence[Recording], teacher: LineNetwork, lesson: Lesson, rng: np.random.Generator) -> _Course:
    long_enough = [one for one in recordings if one.speech.size > (WINDOW_FRAMES + _STEP_FRAMES) * 160]
    voices = [one for one in long_enough if one.is_one_voice]
    least_voices = 2
    if len(voices) < least_voices:
        raise TeachingError(
            f"{len(voices)} recordings of one voice with two seconds of speech: at least two are needed"
        )
    places: list[tuple[int, int]] = []
    wanted: list[torch.Tensor] = []
    same: list[torch.Tensor] = []
    of_voices: list[torch.Tensor] = []
    voice_of: list[int] = []
    for at, one in enumerate(long_enough):
        frames = mel_spectrogram(at_level(one.speech))
        starts = range(0, len(frames) - WINDOW_FRAMES, _STEP_FRAMES)
        given = _embeddings(teacher, [frames[start : start + WINDOW_FRAMES] for start in starts])
        whole = torch.nn.functional.normalize(given.mean(dim=0), dim=0)
        share = lesson.own_window if one.is_one_voice else 1.0
        places.extend((at, start) for start in starts)
        same.append(given)
        wanted.append(torch.nn.functional.normalize(share * given + (1 - share) * whole, dim=1))
        voice_of.extend([len(of_voices) if one.is_one_voice else -1] * len(starts))
        of_voices.extend([whole] if one.is_one_voice else [])
    return _Course(
        places=places,
        chances=_chances([long_enough[at].name for at, _ in places], lesson.shares),
        wanted=torch.cat(wanted),
        same_window=torch.cat(same),
        voices=torch.stack(of_voices),
        voice_of=torch.tensor(voice_of),
        heard=[[_heard(one, rng) for _ in range(lesson.versions)] for one in long_enough],
    )


def _heard(one: Recording, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    return mel_spectrogram(at_level(by_telephone(one.speech, rate_hz=ENCODER_RATE_HZ, rng=rng)))


def _chances(names: Sequence[str], shares: Mapping[str, float]) -> npt.NDArray[np.float64]:
    groups = np.array([name.partition("/")[0] if name.partition("/")[0] in shares else "" for name in names])
    left = max(1.0 - sum(shares.values()), 0.0)
    chances = np.zeros(len(names))
    for group in np.unique(groups):
        chances[groups == group] = shares.get(str(group), left) / np.sum(groups == group)
    return np.asarray(chances / chances.sum())


def _embeddings(network: LineNetwork, windows: Sequence[npt.NDArray[np.float32]]) -> torch.Tensor:
    with torch.no_grad():
        parts = [network(torch.from_numpy(np.stack(windows[at : at + 256]))) for at in range(0, len(windows), 256)]
    return torch.cat(parts)


def _drawn(course: _Course, count: int, rng: np.random.Generator) -> _Batch:
    """Draw windows of telephone audio, a little beside their places, and say which places they are."""
    drawn = rng.choice(len(course.places), count, p=course.chances)
    cut = []
    for place in drawn:
        recording, start = course.places[place]
        frames = course.heard[recording][int(rng.integers(len(course.heard[recording])))]
        first = int(np.clip(start + rng.integers(-_JITTER_FRAMES, _JITTER_FRAMES + 1), 0, len(frames) - WINDOW_FRAMES))
        cut.append(frames[first : first + WINDOW_FRAMES])
    return torch.from_numpy(np.stack(cut)), torch.from_numpy(drawn)


def _likeness(network: LineNetwork, course: _Course, rng: np.random.Generator) -> float:
    network.eval()
    windows, drawn = _drawn(course, min(512, len(course.places)), rng)
    with torch.no_grad():
        return float((network(windows) * course.same_window[drawn]).sum(dim=1).mean())


def _run(
    learner: LineNetwork,
    course: _Course,
    lesson: Lesson,
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
) -> None:
    with importing_speechbrain():
        from speechbrain.core import Brain  # noqa: PLC0415 - seconds, memory: loaded to teach only

    class Course(Brain):  # type: ignore[misc]  # SpeechBrain publishes no types
        """SpeechBrain's loop over drawn batches."""

        def compute_forward(self, batch: _Batch, stage: Any) -> torch.Tensor:  # noqa: ARG002 - SpeechBrain's signature
            """Give the learner's embeddings."""
            return self.modules.learner(batch[0])  # type: ignore[no-any-return]  # the learner

        def compute_objectives(
            self,
            predictions: torch.Tensor,
            batch: _Batch,
            stage: Any,  # noqa: ARG002 - SpeechBrain's signature
        ) -> torch.Tensor:
            """Give how unlike what is wanted they are, and how near to other recordings."""
            return _loss(predictions, batch[1], course, lesson)

        def on_fit_batch_end(self, *_arguments: Any) -> None:
            """Set the rate of the next step and tell how far it is."""
            for group in self.optimizer.param_groups:
                group["lr"] = lesson.learning_rate * _rate(self.optimizer_step, lesson.steps)
            progress(self.optimizer_step, lesson.steps)

    def batches() -> Iterator[_Batch]:
        for _ in range(lesson.steps):
            yield _drawn(course, lesson.batch, rng)

    brain = Course(
        modules={"learner": learner},
        opt_class=partial(torch.optim.Adam, lr=lesson.learning_rate / _WARM_UP_STEPS),
        run_opts={"device": "cpu", "max_grad_norm": 3.0, "noprogressbar": True},
    )
    brain.fit(range(1), DataLoader(_Batches(batches), batch_size=None))
    learner.eval()


def _loss(given: torch.Tensor, places: torch.Tensor, course: _Course, lesson: Lesson) -> torch.Tensor:
    unlike = 1 - (given * course.wanted[places]).sum(dim=1)
    voice_of = course.voice_of[places]
    is_one = voice_of >= 0
    near = lesson.apart_scale * (given[is_one] @ course.voices.T)
    mixed = cross_entropy(near, voice_of[is_one], label_smoothing=_SMOOTHING) if bool(is_one.any()) else torch.zeros(())
    return unlike.mean() + lesson.apart * mixed


def _rate(step: int, steps: int) -> float:
    """Give the share of the learning rate: up in the first steps, then down along half a cosine (Loshchilov and Hutter 2017)."""
    down = 0.5 * (1 + math.cos(math.pi * step / steps))
    return min(1.0, (step + 1) / _WARM_UP_STEPS) * (_LEAST_RATE + (1 - _LEAST_RATE) * down)


class _Batches(IterableDataset[Any]):
    """Drawn batches, as many as there are steps, each time anew."""

    def __init__(self, make: Callable[[], Iterator[Any]]) -> None:
        super().__init__()
        self._make = make

    def __iter__(self) -> Iterator[Any]:
        return self._make()
