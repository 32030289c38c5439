"""How well voices are told apart: raw cosine of the packaged encoder and our scoring on the same trials, part by part.

Impostors are of the same gender and the same set (ASC tells no gender: all of the set). Every figure is of `test` speakers. What
is learnt of a set sees its `calibration` speakers alone: a calibration that is carried along their labelled trials, a set's own
mean, cohort and threshold only who differs from whom. Ours is the shipped calibration, of voices of neither set.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from typing import Final

import numpy as np

from biometrics.background import Background, tail_of_pairs
from biometrics.calibration import Calibration, Scored, Tail, fit_calibration
from biometrics.decision import WANTED_FALSE_ACCEPTS
from biometrics.line_encoder import SHIPPED
from biometrics.measures import (
    Trial,
    equal_error_rate,
    false_accepts_at,
    false_rejects_at,
    interval_over_speakers,
    min_dcf,
)
from biometrics.scoring import normalised
from tests.bench.results import Figure
from tests.bench.voice.speech import LENGTHS, SETS, deals
from tests.bench.voice.voices import Enrolled, Heard, enrolled, ours

LEAST_REDUCTION: Final = 0.35
MOST_OF_WIDE: Final = 1.25
NOMINAL: Final = 0.01
TRAVELS: Final = (0.5, 2.0)
_RESAMPLES: Final = 100

Score = Callable[[Enrolled, Heard], float]


def figures() -> list[Figure]:
    """Measure it all."""
    found: list[Figure] = []
    reductions, of_wide = [], []
    for of_set in SETS:
        raw, final = _trials(of_set, "packaged", _cosine), _final_trials(of_set)
        for seconds in LENGTHS:
            one, other = _of_length(raw, seconds), _of_length(final, seconds)
            raw_eer, eer = equal_error_rate(*_split(one)), equal_error_rate(*_split(other))
            reductions.append(1 - eer / raw_eer)
            found += _told(of_set, seconds, one, other)
        found += _parts(of_set)
    wide = _trials("an4", "wide", _cosine)
    for seconds in LENGTHS:
        target = equal_error_rate(*_split(_of_length(wide, seconds)))
        found.append(_figure(f"an4_eer_wide_{seconds}s", 100 * target, "%", "raw cosine at 16 kHz, same trials"))
        of_wide.append(equal_error_rate(*_split(_of_length(_final_trials("an4"), seconds))) / max(target, 1e-9))
    found.append(
        Figure(
            name="error_reduction", value=min(reductions), unit="share", goal=f">= {LEAST_REDUCTION}",
            holds=min(reductions) >= LEAST_REDUCTION,
            how="1 - our equal error rate / the raw one, smallest over both sets and all lengths",
        )
    )  # fmt: skip
    found.append(
        Figure(
            name="an4_of_wide_band", value=max(of_wide), unit="ratio", goal=f"<= {MOST_OF_WIDE}",
            holds=max(of_wide) <= MOST_OF_WIDE,
            how="our equal error rate by telephone / the raw one at wide band, largest over the lengths",
        )
    )  # fmt: skip
    return [*found, *_travels("an4", "asc"), *_travels("asc", "an4"), *_impostors()]


# --- Trials


@cache
def _heard(of_set: str, part: str, way: str) -> tuple[Enrolled, ...]:
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return tuple(pool.map(partial(enrolled, way=way), deals(of_set, part), chunksize=4))


def _cosine(one: Enrolled, test: Heard) -> float:
    return float(one.at_once.vector @ test.vector)


def _by_utterance(one: Enrolled, test: Heard) -> float:
    return float(one.by_utterance @ test.vector)


def _trials(of_set: str, way: str, score: Score, part: str = "test") -> tuple[Trial, ...]:
    """Every test against every enrolment of the same deal, impostors of the same gender."""
    heard = _heard(of_set, part, way)
    return tuple(
        Trial(
            score=score(one, test),
            is_target=one.speaker == other.speaker,
            enrolled_speaker=one.speaker,
            test_speaker=other.speaker,
            seconds=float(seconds),
        )
        for one in heard
        for other in heard
        if one.number == other.number and one.gender == other.gender
        for seconds, test in other.tests
    )


def _of_length(trials: Sequence[Trial], seconds: int) -> list[Trial]:
    return [one for one in trials if one.seconds == seconds]


def _split(trials: Sequence[Trial]) -> tuple[list[float], list[float]]:
    return [one.score for one in trials if one.is_target], [one.score for one in trials if not one.is_target]


# --- The deployment's own voices, and what scores mean


@cache
def _voices(of_set: str) -> Mapping[str, tuple[float, ...]]:
    """One embedding of each calibration speaker: what a deployment has of its customers."""
    return {one.speaker: tuple(one.by_utterance) for one in _heard(of_set, "calibration", "silero") if one.number == 0}


@cache
def _background(of_set: str, *left_out: str) -> Background:
    kept = {speaker: voice for speaker, voice in _voices(of_set).items() if speaker not in left_out}
    made = Background.of(ours().name, kept)
    if made is None:
        raise ValueError(f"{of_set}: {len(kept)} voices are no background")
    return made


def _centred(of_set: str) -> Score:
    mean = _background(of_set).mean

    def score(one: Enrolled, test: Heard) -> float:
        left, right = one.by_utterance - mean, test.vector - mean
        return float(left @ right / (np.linalg.norm(left) * np.linalg.norm(right)))

    return score


def _against_cohort(of_set: str) -> Score:
    background = _background(of_set)
    return lambda one, test: normalised(test.vector, one.by_utterance, background)


@cache
def _calibration(of_set: str) -> Calibration:
    """Learn it from the labelled trials of a set's calibration speakers."""
    heard = _heard(of_set, "calibration", "silero")
    pairs = [
        (one, other, test) for one in heard for other in heard if one.number == other.number for _, test in other.tests
    ]
    cosines = [_by_utterance(one, test) for one, other, test in pairs if one.speaker != other.speaker]
    mean, deviation = float(np.mean(cosines)), float(np.std(cosines))
    scored = [
        Scored(
            standard_score=(_by_utterance(one, test) - mean) / deviation,
            is_target=one.speaker == other.speaker,
            net_speech_seconds=test.net_seconds,
            snr_db=test.snr_db,
            enrolled_speaker=one.speaker,
            test_speaker=other.speaker,
        )
        for one, other, test in pairs
    ]
    return fit_calibration(
        scored, encoder=ours().name, made_on=of_set, impostor_mean=mean, impostor_deviation=deviation
    )


def _ratio(calibration: Calibration) -> Score:
    """Score as the service does."""

    def score(one: Enrolled, test: Heard) -> float:
        cosine = _by_utterance(one, test)
        return calibration.log_likelihood_ratio(
            standard_score=(cosine - calibration.impostor_mean) / calibration.impostor_deviation,
            net_speech_seconds=test.net_seconds,
            snr_db=test.snr_db,
        )

    return score


@cache
def _shipped() -> Calibration:
    return Calibration.read(SHIPPED.with_name("calibration.json").read_text(encoding="utf-8"))


@cache
def _final_trials(of_set: str) -> tuple[Trial, ...]:
    return _trials(of_set, "silero", _ratio(_shipped()))


# --- What is told


def _told(of_set: str, seconds: int, raw: Sequence[Trial], final: Sequence[Trial]) -> list[Figure]:
    found = []
    for name, trials in (("raw_", raw), ("", final)):
        for measure, how in (
            ("eer", "equal error rate"),
            ("frr_at_far1", "false rejects at 1% false accepts"),
            ("frr_at_far01", "false rejects at 0.1% false accepts"),
        ):
            of = _MEASURES[measure]
            low, high = interval_over_speakers(trials, of, resamples=_RESAMPLES)
            interval = f"{how}; 95% over speakers: {100 * low:.1f}-{100 * high:.1f}%; {_counted(trials)}"
            value = 100 * of(*_split(trials))
            found.append(_figure(f"{of_set}_{measure}_{name}{seconds}s", value, "%", interval))
        dcf = min_dcf(*_split(trials))
        found.append(_figure(f"{of_set}_min_dcf_{name}{seconds}s", dcf, "", "NIST: prior 0.01, both costs 1"))
    return found


_MEASURES: Final[Mapping[str, Callable[[Sequence[float], Sequence[float]], float]]] = {
    "eer": equal_error_rate,
    "frr_at_far1": lambda targets, impostors: false_rejects_at(targets, impostors, false_accepts=0.01),
    "frr_at_far01": lambda targets, impostors: false_rejects_at(targets, impostors, false_accepts=0.001),
}


def _counted(trials: Sequence[Trial]) -> str:
    targets, impostors = _split(trials)
    return f"{len(targets)} true, {len(impostors)} impostor trials"


def _parts(of_set: str) -> list[Figure]:
    """What each part brings: equal error rates at 5 s, each part on top of those before."""
    steps: Sequence[tuple[str, str, Score]] = (
        ("copy", "taught", _cosine),
        ("net_speech", "silero", _cosine),
        ("several_embeddings", "silero", _by_utterance),
        ("duration_and_quality", "silero", _ratio(_shipped())),
    )
    aside = (("own_mean", "silero", _centred(of_set)), ("own_cohort", "silero", _against_cohort(of_set)))
    found = []
    for name, way, score in (*steps, *aside):
        rate = equal_error_rate(*_split(_of_length(_trials(of_set, way, score), 5)))
        how = (
            "this part and those before"
            if (name, way, score) in steps
            else "in place of duration and quality; not used"
        )
        found.append(_figure(f"{of_set}_eer_5s_with_{name}", 100 * rate, "%", f"equal error rate, 5 s, {how}"))
    return found


def _travels(made_on: str, carried_to: str) -> list[Figure]:
    """A calibration of one set, the threshold from the other's own unlabelled pairs: what a nominal 1% becomes there."""
    calibration = _calibration(made_on)
    tail = _own_tail(carried_to, calibration)
    targets, impostors = _split(_trials(carried_to, "silero", _ratio(calibration)))
    share = false_accepts_at(impostors, tail.threshold(NOMINAL))
    fixed = false_accepts_at(impostors, calibration.tail.threshold(NOMINAL))
    rejects = float(np.mean(np.array(targets) < tail.threshold(NOMINAL)))
    least, most = TRAVELS
    return [
        Figure(
            name=f"far_at_nominal_1pct_{made_on}_to_{carried_to}",
            value=100 * share,
            unit="%",
            goal=f"{least}-{most}",
            holds=least <= 100 * share <= most,
            how=f"threshold from {tail.pairs} unlabelled pairs of calibration speakers; {100 * rejects:.1f}% false rejects",
        ),
        _figure(
            f"far_with_fixed_threshold_{made_on}_to_{carried_to}", 100 * fixed, "%", "the threshold as it was carried"
        ),
    ]


def _own_tail(of_set: str, calibration: Calibration) -> Tail:
    """Learn the threshold of a deployment from calls of different customers, nobody's gender known."""
    heard, score = _heard(of_set, "calibration", "silero"), _ratio(calibration)
    ratios = [
        score(one, test)
        for one in heard
        for other in heard
        if one.number == other.number and one.speaker != other.speaker
        for _, test in other.tests
    ]
    tail = tail_of_pairs(ratios)
    if tail is None:
        raise ValueError(f"{of_set}: {len(ratios)} pairs are too few")
    return tail


def _impostors() -> list[Figure]:
    """What the shipped calibration lets pass at the default of one in a thousand, with its own threshold."""
    threshold = _shipped().tail.threshold(WANTED_FALSE_ACCEPTS)
    accepted = rejected = true = wrong = 0
    for of_set in SETS:
        targets, impostors = (np.array(scores) for scores in _split(_of_length(_final_trials(of_set), 5)))
        accepted, wrong = accepted + int((impostors >= threshold).sum()), wrong + impostors.size
        rejected, true = rejected + int((targets < threshold).sum()), true + targets.size
    how = f"5 s, both sets, 1 in 1,000 wanted: {accepted} of {wrong}"
    return [
        _figure("impostor_accepted", accepted / wrong, "share", how),
        _figure(
            "true_not_accepted",
            rejected / true,
            "share",
            f"the same threshold: {rejected} of {true} are asked for more speech or another proof",
        ),
    ]


def _figure(name: str, value: float, unit: str, how: str) -> Figure:
    return Figure(name=name, value=value, unit=unit, goal="", holds=None, how=how)
