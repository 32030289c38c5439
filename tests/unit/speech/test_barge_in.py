"""Barge-in: real speech over a prompt stops it, soon; a click, a cough, a "mmh", noise and the prompt's own echo never do."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.audio import FRAME_BYTES, RATE_HZ, AudioFormatError
from ivr.speech.barge_in import BargeIn, Sensitivity
from ivr.speech.echo import Floats
from tests.unit.speech.talking import cough, murmur, talk

PROMPT = talk(8.0, seed=100)
# A caller begins to speak two seconds after the prompt.
BEGINS_FRAME = 100


def _pcm(sound: Floats) -> bytes:
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype("<i2").tobytes()


def _frames(sound: Floats) -> list[bytes]:
    pcm = _pcm(sound)
    return [pcm[start : start + 320] for start in range(0, len(pcm) - 319, 320)]


def _line(*sounds: Floats, seconds: float = 6.0) -> Floats:
    """Mix sounds, each from the caller's beginning on, over the noise of a line (-60 dBFS)."""
    total = np.random.default_rng(0).normal(size=round(seconds * RATE_HZ)) * 1e-3
    for sound in sounds:
        start = BEGINS_FRAME * FRAME_BYTES
        part = sound[: total.size - start]
        total[start : start + part.size] += part
    return total


def _stopped_at(
    heard: Floats,
    *,
    sensitivity: Sensitivity = Sensitivity.NORMAL,
    prompt: Floats = PROMPT,
    voiced: Sequence[bool] = (),
) -> int | None:
    """Give the number of the frame that stops the prompt. The detector of voices is a credulous one: every frame is a voice."""
    barge_in = BargeIn(sensitivity=sensitivity, prompt_pcm=_pcm(prompt))
    stops = [
        number
        for number, frame in enumerate(_frames(heard))
        if barge_in.hear(frame, voiced=voiced[number] if voiced else True)
    ]
    assert len(stops) <= 1
    return stops[0] if stops else None


def _echo(delay_seconds: float, below_db: float) -> Floats:
    return np.concatenate([np.zeros(round(delay_seconds * RATE_HZ)), PROMPT])[: PROMPT.size] * 10 ** (-below_db / 20)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dbfs", [-18.0, -26.0, -32.0])
def test_speech_stops_the_prompt_within_half_a_second_and_soft_speech_a_little_later(seed: int, dbfs: float) -> None:
    stopped = _stopped_at(_line(talk(3.0, seed=seed, dbfs=dbfs)))
    assert stopped is not None
    assert BEGINS_FRAME < stopped <= BEGINS_FRAME + (25 if dbfs > -30 else 35)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("below_db", [10, 20, 30])
def test_speech_over_the_prompts_echo_stops_it_too(seed: int, below_db: int) -> None:
    heard = _line(talk(3.0, seed=seed, dbfs=-24.0))
    stopped = _stopped_at(heard + _echo(0.2, below_db)[: heard.size])
    assert stopped is not None
    assert BEGINS_FRAME < stopped <= BEGINS_FRAME + 40


@pytest.mark.parametrize("sensitivity", list(Sensitivity))
@pytest.mark.parametrize("delay_seconds", [0.05, 0.12, 0.25, 0.4])
@pytest.mark.parametrize("below_db", [10, 20, 30])
def test_echo_alone_never_stops_its_own_prompt(sensitivity: Sensitivity, delay_seconds: float, below_db: int) -> None:
    heard = _line(seconds=8.0) + _echo(delay_seconds, below_db)
    assert _stopped_at(heard, sensitivity=sensitivity) is None


@pytest.mark.parametrize("dbfs", [-18.0, -24.0, -30.0])
def test_closed_mouth_never_stops_the_prompt(dbfs: float) -> None:
    for pitch_hz in (100.0, 130.0, 210.0):
        assert _stopped_at(_line(murmur(0.6, pitch_hz=pitch_hz, dbfs=dbfs))) is None


@pytest.mark.parametrize("seed", range(4))
def test_cough_never_stops_the_prompt(seed: int) -> None:
    assert _stopped_at(_line(cough(seed=seed, dbfs=-14.0))) is None


@pytest.mark.parametrize("sensitivity", list(Sensitivity))
def test_click_never_stops_the_prompt(sensitivity: Sensitivity) -> None:
    click = np.random.default_rng(1).normal(size=240) * 0.5
    assert _stopped_at(_line(click), sensitivity=sensitivity) is None


def test_without_a_voice_nothing_stops_the_prompt() -> None:
    assert _stopped_at(_line(talk(3.0, seed=1)), voiced=[False] * 300) is None


def test_voice_that_ends_before_it_is_speech_leaves_the_prompt_alone() -> None:
    heard = _line(talk(0.08, seed=1))
    assert _stopped_at(heard) is None


@pytest.mark.parametrize("seed", range(6))
def test_more_sensitive_is_never_later(seed: int) -> None:
    heard = _line(talk(3.0, seed=seed, dbfs=-26.0))
    high, normal, low = (
        _stopped_at(heard, sensitivity=one) for one in (Sensitivity.HIGH, Sensitivity.NORMAL, Sensitivity.LOW)
    )
    assert high is not None
    assert normal is not None
    assert low is not None
    assert high <= normal <= low


def test_speech_is_dated_back_to_its_beginning() -> None:
    barge_in = BargeIn(sensitivity=Sensitivity.NORMAL, prompt_pcm=_pcm(PROMPT))
    assert barge_in.begun_seconds == 0.0
    for number, frame in enumerate(_frames(_line(talk(3.0, seed=1)))):
        if barge_in.hear(frame, voiced=number >= BEGINS_FRAME):
            heard_frames = number - BEGINS_FRAME + 1
            assert heard_frames - 5 <= round(barge_in.begun_seconds * 50) <= heard_frames
            return
    raise AssertionError("speech did not stop the prompt")


def test_sound_that_is_over_is_no_speech_that_began() -> None:
    barge_in = BargeIn(sensitivity=Sensitivity.NORMAL, prompt_pcm=_pcm(PROMPT))
    dated = []
    for number, frame in enumerate(_frames(_line(talk(0.1, seed=1)))):
        barge_in.hear(frame, voiced=BEGINS_FRAME <= number < BEGINS_FRAME + 6)
        dated.append(barge_in.begun_seconds)
    assert max(dated) > 0
    assert max(dated) < 0.6
    assert dated[-1] == 0.0


def test_caller_speaks_before_and_after_a_prompt_of_unknown_sound() -> None:
    stopped = _stopped_at(_line(talk(3.0, seed=2)), prompt=np.zeros(0))
    assert stopped is not None
    assert stopped <= BEGINS_FRAME + 25


@pytest.mark.parametrize("level", [0.0, 1.0, 3.0])
def test_silence_and_noise_at_full_scale_are_borne_and_no_speech(level: float) -> None:
    noise = np.random.default_rng(3).normal(size=8 * RATE_HZ) * level
    assert _stopped_at(noise) is None


def test_frame_of_another_length_is_refused() -> None:
    barge_in = BargeIn(sensitivity=Sensitivity.NORMAL, prompt_pcm=b"")
    with pytest.raises(AudioFormatError, match="320"):
        barge_in.hear(b"\x00" * 160, voiced=True)


@settings(max_examples=60, deadline=None)
@given(
    prompt=st.binary(max_size=2000).map(lambda content: content[: len(content) // 2 * 2]),
    patterns=st.lists(
        st.tuples(st.binary(min_size=1, max_size=64), st.booleans(), st.integers(1, 30)), min_size=1, max_size=12
    ),
    sensitivity=st.sampled_from(list(Sensitivity)),
)
def test_whatever_comes_it_never_raises_and_is_true_at_most_once(
    prompt: bytes, patterns: list[tuple[bytes, bool, int]], sensitivity: Sensitivity
) -> None:
    barge_in = BargeIn(sensitivity=sensitivity, prompt_pcm=prompt)
    stops = 0
    for pattern, voiced, times in patterns:
        frame = (pattern * 320)[:320]
        for _ in range(times):
            stops += barge_in.hear(frame, voiced=voiced)
            assert barge_in.begun_seconds >= 0
    assert stops <= 1
