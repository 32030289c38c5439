"""A calibration is learnt from comparisons; in a report none has heard the speakers that it judges."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from biometrics.background import Background
from biometrics.calibration import CalibrationError
from biometrics.evaluation import Judged, compared, impostor_ratios, judged_by, judged_crosswise, learnt
from biometrics.measures import cllr, equal_error_rate, min_cllr
from biometrics.trials import Design, Voice, comparisons, impostor_comparisons
from biometrics.voiceprint import similarity, together, unit_length
from tests.unit.biometrics.labelled_calls import BandEncoder, gathered_voices

VOICES = gathered_voices(16, calls=2).voices
PAIRS = compared(comparisons(VOICES, Design()))


def nothing(_done: int, _of: int) -> None:
    pass


def crosswise(voices: tuple[Voice, ...]) -> list[Judged]:
    pairs = compared(comparisons(voices, Design()))
    return judged_crosswise(pairs, voices, encoder=BandEncoder.name, false_accepts=0.001, progress=nothing)


def rates(judged: list[Judged]) -> tuple[float, float]:
    """Equal error rate of the cosine and of what the calibration orders by."""
    raw = [[one.raw.score for one in judged if one.raw.is_target is kind] for kind in (True, False)]
    ordered = [[one.ordered.score for one in judged if one.ordered.is_target is kind] for kind in (True, False)]
    return equal_error_rate(*raw), equal_error_rate(*ordered)


def test_cosine_is_that_of_the_whole_voiceprint_and_the_whole_test() -> None:
    pair = PAIRS[7]
    expected = similarity(together(pair.comparison.evidence.samples), together(pair.comparison.voiceprint.samples))
    assert pair.cosine == pytest.approx(expected)


def test_calibration_says_of_what_it_was_made_and_of_impostors_as_they_are() -> None:
    calibration = learnt(PAIRS, encoder="bands", made_on="somebody's calls")
    impostors = [pair.cosine for pair in PAIRS if not pair.comparison.is_target]
    assert (calibration.encoder, calibration.made_on) == ("bands", "somebody's calls")
    assert calibration.impostor_mean == pytest.approx(np.mean(impostors))
    assert calibration.impostor_deviation == pytest.approx(np.std(impostors))


def test_every_comparison_is_judged_once() -> None:
    judged = crosswise(VOICES)
    assert len(judged) == len(PAIRS)
    assert sorted(one.raw.score for one in judged) == sorted(pair.cosine for pair in PAIRS)
    assert {one.seconds for one in judged} == {3.0, 5.0, 8.0}


def test_no_calibration_has_heard_the_speakers_that_it_judges() -> None:
    # One speaker's tests become somebody else's voice: whatever learns from them learns otherwise.
    stranger = gathered_voices(1, seed=99).voices[0]
    changed = (replace(VOICES[0], tests=stranger.tests), *VOICES[1:])
    before, after = (
        {(one.raw.enrolled_speaker, one.raw.test_speaker): one.accept_from for one in crosswise(voices)}
        for voices in (VOICES, changed)
    )
    spoilt = VOICES[0].speaker
    assert all(after[pair] == threshold for pair, threshold in before.items() if spoilt in pair)
    # s10 is in the spoilt speaker's group; everybody else's calibration did learn from the spoilt one.
    others = [pair for pair in before if not {spoilt, "s10"} & set(pair)]
    assert others
    assert all(after[pair] != before[pair] for pair in others)


def test_order_over_several_calibrations_is_as_good_as_that_of_the_cosine() -> None:
    raw, ordered = rates(crosswise(gathered_voices(12, calls=2, scatter=0.35).voices))
    assert 0 < raw < 0.3
    assert ordered == pytest.approx(raw, abs=0.01)


def test_ratios_of_speakers_never_heard_tell_the_truth() -> None:
    judged = crosswise(gathered_voices(16, calls=2, scatter=0.3).voices)
    targets = [one.calibrated.score for one in judged if one.calibrated.is_target]
    impostors = [one.calibrated.score for one in judged if not one.calibrated.is_target]
    assert cllr(targets, impostors) < min_cllr(targets, impostors) + 0.1 < 0.9


def test_given_calibration_judges_all_with_one_threshold() -> None:
    calibration = learnt(PAIRS, encoder=BandEncoder.name, made_on="elsewhere")
    judged = judged_by(calibration, PAIRS, VOICES, false_accepts=0.01, progress=nothing)
    assert {one.accept_from for one in judged} == {calibration.tail.threshold(0.01)}
    assert len(judged) == len(PAIRS)


def test_other_speakers_are_a_background_where_they_are_enough() -> None:
    assert all(one.with_background is not None for one in crosswise(VOICES))
    assert all(one.with_background is None for one in crosswise(gathered_voices(12, calls=2).voices))


def test_too_few_speakers_to_learn_from_are_refused() -> None:
    with pytest.raises(CalibrationError):
        crosswise(gathered_voices(5).voices)
    with pytest.raises(CalibrationError):
        learnt([], encoder="bands", made_on="nothing")


def test_progress_ends_with_all_done() -> None:
    seen: list[tuple[int, int]] = []
    judged_crosswise(
        PAIRS,
        VOICES,
        encoder=BandEncoder.name,
        false_accepts=0.001,
        progress=lambda done, of: seen.append((done, of)),
    )
    assert seen[-1] == (55, 55)


def test_customers_are_compared_against_a_background_without_either_of_the_two() -> None:
    calibration = replace(learnt(PAIRS, encoder=BandEncoder.name, made_on="calls"), against_cohort=True)
    pairs = compared(impostor_comparisons([voice.voiceprint for voice in VOICES], least_seconds=3.0))
    asked: list[tuple[str, str]] = []

    def background_without(one: str, other: str) -> Background | None:
        asked.append((one, other))
        others = {voice.speaker: unit_length(voice.voiceprint.samples[0].embedding) for voice in VOICES}
        del others[one], others[other]
        return Background.of(BandEncoder.name, others)

    ratios = impostor_ratios(pairs, calibration, background_without)
    assert len(ratios) == len(pairs)
    names = sorted(voice.speaker for voice in VOICES)
    assert sorted(asked) == sorted(itertools.combinations(names, 2)), "each pair is asked for once"
    assert ratios != impostor_ratios(pairs, calibration, lambda _one, _other: None)
