"""Which samples make a voiceprint, when it is complete, and how little it can be moved afterwards."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biometrics import enrolment
from biometrics.decision import Inconclusive, Missing, NotTheVoice, Rejected
from biometrics.enrolment import Progress, adapt, add, is_same_voice, needs_renewal
from biometrics.likeness import likeness_of
from biometrics.voiceprint import Evidence, Sample, Voiceprint, similarity, together
from tests.voices import accepted, at_cosine, sample, utterances, voice_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINE = "line-ge2e:0123456789ab"
LEAST = likeness_of(LINE).adapts.at(2.0)


def voiceprint(*, count: int = 8, encoder: str = LINE) -> Voiceprint:
    return Voiceprint(
        customer_id="c1",
        encoder=encoder,
        samples=tuple(utterances(0, count)),
        channel="telephone",
        enrolled_at=NOW - timedelta(days=30),
        heard_at=NOW - timedelta(days=30),
    )


def evidence(*samples: Sample, channel: str = "telephone", encoder: str = LINE) -> Evidence:
    return Evidence(encoder=encoder, samples=samples, channel=channel)


def test_thirty_seconds_of_one_voice_are_complete_and_nothing_less() -> None:
    assert add(utterances(0, 7), [], encoder=LINE).seconds_missing == pytest.approx(2.0)
    assert not add(utterances(0, 7), [], encoder=LINE).is_complete
    done = add(utterances(0, 7), utterances(0, 1, seed=1), encoder=LINE)
    assert done.is_complete
    assert (done.net_seconds, done.seconds_missing, done.odd) == (32.0, 0.0, ())


def test_progress_is_the_same_however_the_utterances_come() -> None:
    every = utterances(0, 6)
    step_by_step = Progress(samples=(), seconds_missing=30.0, is_complete=False)
    for one in every:
        step_by_step = add(step_by_step.samples, [one], encoder=LINE)
    assert step_by_step == add([], every, encoder=LINE)


def test_an_utterance_of_somebody_else_is_left_out_and_named() -> None:
    stranger = utterances(1, 1)[0]
    mine = utterances(0, 8)
    progress = add([*mine[:3], stranger], mine[3:], encoder=LINE)
    assert progress.odd == (3,)
    assert progress.is_complete
    assert stranger not in progress.samples


@pytest.mark.parametrize("seconds", [4.0, 40.0])
def test_one_long_utterance_is_no_voiceprint_since_nothing_agrees_with_it(seconds: float) -> None:
    progress = add([], utterances(0, 2, seconds=seconds), encoder=LINE)
    assert not progress.is_complete
    assert progress.seconds_missing >= 3.0


def test_two_speakers_of_fifteen_seconds_each_never_make_one_voice() -> None:
    progress = add(utterances(0, 4), utterances(1, 4), encoder=LINE)
    assert not progress.is_complete
    speakers = {max(range(2), key=lambda one: similarity(kept.embedding, voice_of(one))) for kept in progress.samples}
    assert len(speakers) == 1


def test_a_dozen_samples_are_kept_and_no_second_of_speech_is_lost() -> None:
    progress = add(utterances(0, 20), utterances(0, 20, seed=1), encoder=LINE)
    assert len(progress.samples) == enrolment.MOST_SAMPLES
    assert progress.net_seconds == pytest.approx(160.0)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(1.3, 20)), max_size=20),
    st.lists(st.tuples(st.integers(0, 3), st.floats(1.3, 20)), max_size=20),
)
def test_whatever_comes_a_complete_voice_agrees_with_itself_and_has_its_seconds(
    before: list[tuple[int, float]], after: list[tuple[int, float]]
) -> None:
    def heard(those: list[tuple[int, float]]) -> list[Sample]:
        return [utterances(speaker, 1, seconds=seconds, seed=at)[0] for at, (speaker, seconds) in enumerate(those)]

    progress = add(heard(before), heard(after), encoder=LINE)
    assert progress.is_complete == (progress.seconds_missing == 0)
    assert len(progress.samples) <= enrolment.MOST_SAMPLES
    assert len(progress.odd) <= len(before) + len(after)
    if progress.is_complete:
        assert progress.net_seconds >= enrolment.NEEDED_SECONDS - 1e-6
        centre = together(progress.samples)
        assert all(similarity(one.embedding, centre) > 0.9 for one in progress.samples)


def test_a_surely_accepted_call_teaches_the_voiceprint_a_little() -> None:
    before = voiceprint()
    heard = utterances(0, 2, seed=5)
    after = adapt(before, evidence(*heard), accepted(), enrolled=8, at=NOW)
    assert after is not None
    assert after.samples[:8] == before.samples
    assert len(after.samples) == 9
    assert after.samples[8].net_speech_seconds == 8.0
    assert (after.heard_at, after.enrolled_at) == (NOW, before.enrolled_at)


@pytest.mark.parametrize(
    "decision",
    [
        accepted(surely=False),
        Rejected(reason=NotTheVoice.UNLIKE, measured=None),
        Inconclusive(reason=Missing.CERTAINTY, measured=accepted().measured),
    ],
)
def test_a_call_that_was_not_surely_accepted_teaches_nothing(decision: object) -> None:
    assert adapt(voiceprint(), evidence(*utterances(0, 1)), decision, enrolled=8, at=NOW) is None  # type: ignore[arg-type]  # one table of mixed values


@pytest.mark.parametrize("other", [{"channel": "browser"}, {"encoder": "line-ge2e:another"}])
def test_another_channel_or_encoder_teaches_nothing(other: dict[str, str]) -> None:
    assert adapt(voiceprint(), evidence(*utterances(0, 1), **other), accepted(), enrolled=8, at=NOW) is None


def test_a_clock_that_runs_backwards_teaches_nothing() -> None:
    early = NOW - timedelta(days=31)
    assert adapt(voiceprint(), evidence(*utterances(0, 1)), accepted(), enrolled=8, at=early) is None


def test_a_voiceprint_that_is_due_for_renewal_is_not_adapted_any_more() -> None:
    old = replace(voiceprint(), enrolled_at=NOW - enrolment.RENEW_AFTER)
    assert adapt(old, evidence(*utterances(0, 1)), accepted(), enrolled=8, at=NOW) is None


def test_a_long_call_adds_no_more_than_its_share() -> None:
    after = adapt(voiceprint(), evidence(*utterances(0, 9, seed=7)), accepted(), enrolled=8, at=NOW)
    assert after is not None
    assert after.samples[8].net_speech_seconds == enrolment.MOST_SECONDS_OF_A_CALL


def walked(steps: list[tuple[float, int, float]]) -> Voiceprint:
    """The voiceprint after calls that were all surely accepted: (cosine with the enrolled voice, whose side, seconds)."""
    moved = voiceprint()
    centre = together(moved.samples)
    for cosine, towards, seconds in steps:
        call = evidence(sample(at_cosine(centre, cosine, towards=towards), seconds))
        moved = adapt(moved, call, accepted(), enrolled=8, at=NOW) or moved
    return moved


def least_likeness() -> float:
    """How far half of the weight can pull: as far as all of it at the limit of what is learnt, to one side."""
    enrolled = voiceprint().samples
    # All eight are equally long.
    along = float(np.linalg.norm(np.mean([one.embedding for one in enrolled], axis=0))) + LEAST
    return along / math.hypot(along, math.sqrt(1 - LEAST**2))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(1, 9), st.floats(1.3, 60)), min_size=1, max_size=60))
def test_no_number_of_accepted_impostors_leads_the_voiceprint_away_from_its_voice(
    steps: list[tuple[float, int, float]],
) -> None:
    moved = walked(steps)
    enrolled = voiceprint().samples
    assert moved.samples[:8] == enrolled
    learnt = sum(one.net_speech_seconds for one in moved.samples[8:])
    assert learnt <= sum(one.net_speech_seconds for one in enrolled) + 1e-6
    assert similarity(together(moved.samples), together(enrolled)) >= least_likeness() - 1e-6


def test_an_impostor_just_within_the_limit_pulls_to_the_bound_and_not_beyond() -> None:
    moved = walked([(LEAST + 1e-4, 1, 2.0)] * 200)
    alike = similarity(together(moved.samples), together(voiceprint().samples))
    assert least_likeness() - 1e-6 <= alike < least_likeness() + 0.005
    assert similarity(together(moved.samples), voice_of(0)) > similarity(together(moved.samples), voice_of(1)) + 0.5


def test_an_impostor_beyond_the_limit_teaches_nothing_at_all() -> None:
    assert walked([(LEAST - 1e-4, 1, 2.0)] * 5) == voiceprint()


def test_old_lessons_make_place_for_new_ones() -> None:
    moved = walked([(0.95 + at / 1000, 1, 10.0) for at in range(9)])
    assert len(moved.samples) == 8 + 3
    assert similarity(moved.samples[-1].embedding, together(voiceprint().samples)) == pytest.approx(0.958)


def test_a_voiceprint_asks_for_renewal_when_it_is_old() -> None:
    young = voiceprint()
    assert not needs_renewal(young, NOW)
    assert needs_renewal(replace(young, enrolled_at=NOW - enrolment.RENEW_AFTER), NOW)


def test_a_renewal_is_the_same_voice() -> None:
    assert is_same_voice(utterances(0, 8), utterances(0, 8, seed=3), encoder=LINE)
    assert not is_same_voice(utterances(0, 8), utterances(1, 8), encoder=LINE)
