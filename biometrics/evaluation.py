"""Learns a calibration from labelled comparisons, and scores comparisons by one that has heard neither of their speakers.

Pure arithmetic between `biometrics.trials`, which makes the comparisons, and `biometrics.report`, which shows what came of them.
"""

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self, TypeAlias

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
    ordered: Trial  # the cosine with what the calibration makes of the call's noise and length
    with_background: Trial | None  # the same of the standard score, with other speakers as the line's own voices
    calibrated: Trial  # the log likelihood ratio
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
    middle = _Middle.of(pairs)
    return [
        _judged(calibration, pair, background, middle, false_accepts)
        for _, of_groups, background in _rounds(pairs, voices, groups, calibration.encoder, progress)
        for pair in of_groups
    ]


def judged_crosswise(
    pairs: Sequence[Compared], voices: Sequence[Voice], *, encoder: str, false_accepts: float, progress: Progress
) -> list[Judged]:
    """Score each comparison by a calibration that was learnt without either of its two speakers.

    Raises `biometrics.calibration.CalibrationError` where too few are left.
    """
    groups = _groups(voices)
    middle = _Middle.of(pairs)
    found: list[Judged] = []
    for without, of_groups, background in _rounds(pairs, voices, groups, encoder, progress):
        others = [pair for pair in pairs if not without & set(_groups_of(pair, groups))]
        calibration = learnt(others, encoder=encoder, made_on="")
        found.extend(_judged(calibration, pair, background, middle, false_accepts) for pair in of_groups)
    return found


def impostor_ratios(
    pairs: Sequence[Compared], calibration: Calibration, background_without: Callable[[str, str], Background | None]
) -> list[float]:
    """Give the log likelihood ratios of comparisons, each against the background without either of its two customers."""
    backgrounds: dict[tuple[str, str], Background | None] = {}
    ratios = []
    for pair in pairs:
        first, second = sorted((pair.comparison.enrolled_speaker, pair.comparison.test_speaker))
        if (first, second) not in backgrounds:
            backgrounds[first, second] = background_without(first, second)
        ratios.append(_ratio(calibration, pair, backgrounds[first, second]))
    return ratios


@dataclass(frozen=True, kw_only=True)
class _Middle:
    """A comparison in the midst of all: where calibrations are laid over each other.

    A calibration that lacks the speakers of a comparison lies the higher the lower these score, so that scores of several
    calibrations, pooled as they are, tell voices apart worse than any one of them does (Airola et al., "An experimental
    comparison of cross-validation techniques for estimating the area under the ROC curve", 2011). Whatever depends on the order
    of scores alone is measured with offset and scale taken out.
    """

    net_speech_seconds: float
    snr_db: float

    @classmethod
    def of(cls, pairs: Sequence[Compared]) -> Self:
        return cls(
            net_speech_seconds=statistics.median(pair.net_speech_seconds for pair in pairs),
            snr_db=statistics.median(pair.snr_db for pair in pairs),
        )

    def offset_and_scale(self, calibration: Calibration) -> tuple[float, float]:
        """Give the log likelihood ratio of a standard score of 0, and what one more adds."""
        at_zero, at_one = (
            calibration.log_likelihood_ratio(
                standard_score=score, net_speech_seconds=self.net_speech_seconds, snr_db=self.snr_db
            )
            for score in (0.0, 1.0)
        )
        return at_zero, at_one - at_zero


def _judged(
    calibration: Calibration, pair: Compared, background: Background | None, middle: _Middle, false_accepts: float
) -> Judged:
    offset, scale = middle.offset_and_scale(calibration)
    ratio = _ratio(calibration, pair, None)
    # As a standard score it still holds the calibration's own mean and deviation of impostors; as a cosine it does not.
    ordered = calibration.impostor_mean + calibration.impostor_deviation * (ratio - offset) / scale
    with_background = None
    if background is not None:
        cohort_counts = replace(calibration, against_cohort=True)
        with_background = pair.trial((_ratio(cohort_counts, pair, background) - offset) / scale)
    return Judged(
        seconds=pair.comparison.seconds,
        raw=pair.trial(pair.cosine),
        ordered=pair.trial(ordered),
        with_background=with_background,
        calibrated=pair.trial(ratio),
        accept_from=calibration.tail.threshold(false_accepts),
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
