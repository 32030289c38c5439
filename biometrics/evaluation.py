"""Learns a calibration from labelled comparisons, and scores comparisons by one that has heard neither of their speakers.

Pure arithmetic between `biometrics.trials`, which makes the comparisons, and `biometrics.report`, which shows what came of them.
"""

import itertools
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from biometrics.background import Background
from biometrics.calibration import Calibration, Scored, fit_calibration
from biometrics.measures import Trial
from biometrics.scoring import standard_score
from biometrics.trials import Comparison, Progress, Voice
from biometrics.voiceprint import Embedding, similarity, together

# Speakers are dealt into so many groups: with two of them left out, eight in ten speakers are left to learn from.
_GROUPS: Final = 10

_Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A comparison with its cosine, and what its score depends on beside it."""

    comparison: Comparison
    cosine: float
    net_speech_seconds: float  # of the test
    snr_db: float  # of the test
    enrolled: Embedding = field(repr=False)
    test: Embedding = field(repr=False)

    def trial(self, score: float) -> Trial:
        """Give it as a trial with some score."""
        return Trial(
            score=score,
            is_target=self.comparison.is_target,
            enrolled_speaker=self.comparison.enrolled_speaker,
            test_speaker=self.comparison.test_speaker,
            seconds=self.comparison.seconds,
        )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A comparison, scored in every way that is to be told."""

    seconds: float  # of the test, as wanted
    raw: Trial  # the cosine
    calibrated: Trial  # the log likelihood ratio
    with_background: Trial | None  # the same with other speakers as the line's own voices
    accept_from: float  # the log likelihood ratio from which on the calibration accepts


def compared(comparisons: Iterable[Comparison]) -> list[Compared]:
    """Compare embeddings; those of a voiceprint or of a test are put together once, however often they are compared."""
    known: dict[int, Embedding] = {}
    found: list[Compared] = []
    for comparison in comparisons:
        sides = []
        for side in (comparison.voiceprint, comparison.evidence):
            if id(side) not in known:
                known[id(side)] = together(side.samples)
            sides.append(known[id(side)])
        enrolled, test = sides
        samples = comparison.evidence.samples
        found.append(
            Compared(
                comparison=comparison,
                cosine=similarity(test, enrolled),
                net_speech_seconds=comparison.evidence.net_speech_seconds,
                snr_db=statistics.fmean(sample.quality.snr_db for sample in samples),
                enrolled=enrolled,
                test=test,
            )
        )
    return found


def learnt(pairs: Sequence[Compared], *, encoder: str, made_on: str) -> Calibration:
    """Learn a calibration from comparisons of every length at once. Raises `biometrics.calibration.CalibrationError`."""
    impostors = np.array([pair.cosine for pair in pairs if not pair.comparison.is_target])
    # Without an impostor there is nothing to learn; `fit_calibration` says so.
    mean = float(impostors.mean()) if impostors.size else 0.0
    deviation = float(impostors.std()) if impostors.size else 1.0
    scored = [
        Scored(
            standard_score=(pair.cosine - mean) / (deviation or 1.0),
            is_target=pair.comparison.is_target,
            net_speech_seconds=pair.net_speech_seconds,
            snr_db=pair.snr_db,
            enrolled_speaker=pair.comparison.enrolled_speaker,
            test_speaker=pair.comparison.test_speaker,
        )
        for pair in pairs
    ]
    return fit_calibration(scored, encoder=encoder, made_on=made_on, impostor_mean=mean, impostor_deviation=deviation)


def judged_by(
    calibration: Calibration,
    pairs: Sequence[Compared],
    voices: Sequence[Voice],
    *,
    false_accepts: float,
    progress: Progress,
) -> list[Judged]:
    """Score comparisons by a calibration that was made elsewhere; `progress` gets the groups of speakers done and all."""
    groups = _groups(voices)
    return list(
        itertools.chain.from_iterable(
            _judged(calibration, of_groups, background, false_accepts)
            for _, of_groups, background in _rounds(pairs, voices, groups, calibration.encoder, progress)
        )
    )


def judged_crosswise(
    pairs: Sequence[Compared], voices: Sequence[Voice], *, encoder: str, false_accepts: float, progress: Progress
) -> list[Judged]:
    """Score each comparison by a calibration learnt from those of other speakers alone: on neither of its sides is one of its two.

    Raises `biometrics.calibration.CalibrationError` where too few are left.
    """
    groups = _groups(voices)
    found: list[Judged] = []
    for without, of_groups, background in _rounds(pairs, voices, groups, encoder, progress):
        others = [pair for pair in pairs if not without & set(_groups_of(pair, groups))]
        calibration = learnt(others, encoder=encoder, made_on="")
        found.extend(_judged(calibration, of_groups, background, false_accepts))
    return found


def _judged(
    calibration: Calibration, pairs: Iterable[Compared], background: Background | None, false_accepts: float
) -> Iterator[Judged]:
    accept_from = calibration.tail.threshold(false_accepts)
    for pair in pairs:
        with_background = None if background is None else _ratio(calibration, pair, background)
        yield Judged(
            seconds=pair.comparison.seconds,
            raw=pair.trial(pair.cosine),
            calibrated=pair.trial(_ratio(calibration, pair, None)),
            with_background=None if with_background is None else pair.trial(with_background),
            accept_from=accept_from,
        )


def _ratio(calibration: Calibration, pair: Compared, background: Background | None) -> float:
    return calibration.log_likelihood_ratio(
        standard_score=standard_score(pair.test, pair.enrolled, calibration=calibration, background=background),
        net_speech_seconds=pair.net_speech_seconds,
        snr_db=pair.snr_db,
    )


def _rounds(
    pairs: Sequence[Compared], voices: Sequence[Voice], groups: Mapping[str, int], encoder: str, progress: Progress
) -> Iterator[tuple[set[int], list[Compared], Background | None]]:
    """Give, for each two groups of speakers, their comparisons, and the other groups' voices as a background."""
    by_groups: dict[_Pair, list[Compared]] = {}
    for pair in pairs:
        by_groups.setdefault(_groups_of(pair, groups), []).append(pair)
    embeddings = {voice.speaker: together(voice.voiceprint.samples) for voice in voices}
    for done, (both, of_groups) in enumerate(sorted(by_groups.items()), start=1):
        without = set(both)
        others = {speaker: voice for speaker, voice in embeddings.items() if groups[speaker] not in without}
        yield without, of_groups, Background.of(encoder, others)
        progress(done, len(by_groups))


def _groups(voices: Sequence[Voice]) -> Mapping[str, int]:
    """Deal the speakers into groups, those of one gender evenly."""
    dealt = sorted(voices, key=lambda voice: (voice.gender, voice.speaker))
    return {voice.speaker: number % _GROUPS for number, voice in enumerate(dealt)}


def _groups_of(pair: Compared, groups: Mapping[str, int]) -> _Pair:
    one, other = groups[pair.comparison.enrolled_speaker], groups[pair.comparison.test_speaker]
    return min(one, other), max(one, other)
