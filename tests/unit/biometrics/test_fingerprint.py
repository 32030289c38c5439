"""A recording is known when it comes again, over any line; two living utterances are not taken for one; nothing raises."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from biometrics.fingerprint import LONGEST_SECONDS, Fingerprint, TooShort, alike, fingerprint, most_alike
from ivr.audio import RATE_HZ
from tests.replays import CHANGES, Sound, over_telephone, part, replayed
from tests.voices import noise, speech_like

DATA = Path(__file__).parents[4] / "shared" / "data"
# The changes that hide a recording in noise or echo: they are caught in part (docs/security-properties.md has the rates).
HIDING = {"noise 15 dB", "noise 10 dB", "speech-like noise 10 dB", "room 0.3 s", "room 0.3 s, noisy line", "noisy line"}
HIDING |= {"GSM, 1% slower, bad mobile line"}


def made(sound: Sound, rate_hz: int = RATE_HZ) -> Fingerprint:
    print_ = fingerprint(sound, rate_hz)
    assert isinstance(print_, Fingerprint), print_
    return print_


def recorded(pattern: str) -> list[Sound]:
    """Recordings over the telephone."""
    files = sorted(DATA.glob(pattern))
    if not files:
        pytest.skip(f"the recordings {pattern} are not on this machine (../shared/data)")
    return [over_telephone(*soundfile.read(file, dtype="float64")) for file in files]


def said_by(speaker: str) -> Sound:
    """Some six seconds of one speaker of AN4."""
    return np.concatenate(recorded(f"an4/{speaker}/*.flac")[-3:])[: 6 * RATE_HZ]


@pytest.mark.parametrize("name", sorted(set(CHANGES) - HIDING))
def test_a_recording_is_known_over_any_line(name: str) -> None:
    chance = np.random.default_rng(3)
    for speaker in ("fash", "marh"):
        sound = said_by(speaker)
        match = alike(made(replayed(sound, CHANGES[name], chance)), made(sound))
        assert match.is_same, (speaker, match)
        assert match.share > 0.6


def test_a_part_of_a_recording_is_known() -> None:
    sound = said_by("marh")
    for seed in range(3):
        assert alike(made(replayed(sound, part, np.random.default_rng(seed))), made(sound)).is_same


@pytest.mark.parametrize("name", sorted(HIDING - {"room 0.3 s, noisy line", "noise 10 dB"}))
def test_six_seconds_are_known_even_in_noise_and_echo(name: str) -> None:
    sound = said_by("fash")
    assert alike(made(replayed(sound, CHANGES[name], np.random.default_rng(3))), made(sound)).is_same


def test_the_same_words_said_again_are_not_a_recording() -> None:
    """Seven words in one order, in the four rounds of a speaker; silence and all."""
    words = ["backward", "cancel", "close", "digit", "direction", "disable", "down"]
    largest = 0.0
    for speaker in ("02", "03", "08"):
        rounds = [
            np.concatenate([recorded(f"asc/{speaker}/round{number}-{word}.flac")[0] for word in words])
            for number in ("01", "02", "09", "10")
        ]
        prints = [made(one) for one in rounds]
        for place, one in enumerate(prints):
            found = most_alike(one, prints[:place])
            largest = max(largest, found[1].score if found else 0.0)
            assert found is None or not found[1].is_same
    assert largest > 0, "living utterances of the same words have something in common"


def test_digits_said_again_in_the_same_order_are_not_a_recording() -> None:
    takes = [
        np.concatenate([recorded(f"fsdd/jackson/{digit}_{take}.flac")[0] for digit in range(8)]) for take in range(6)
    ]
    prints = [made(one) for one in takes]
    assert not any(alike(one, other).is_same for one in prints for other in prints if one is not other)


def test_a_fingerprint_is_small_and_comes_back_as_it_was() -> None:
    one = made(speech_like(5.0))
    assert len(one.to_bytes()) <= 200 * 5
    assert Fingerprint.from_bytes(one.to_bytes()) == one
    assert 4.5 < one.seconds <= 5.0


def test_the_rate_does_not_matter() -> None:
    sound = said_by("fash")
    wide = np.interp(np.arange(0, sound.size, 0.5), np.arange(sound.size), sound).astype(np.float32)
    assert alike(made(wide, 16_000), made(sound)).is_same


def test_sixteen_bits_give_what_floats_give() -> None:
    sound = speech_like()
    assert alike(made(np.round(sound * 32767).astype(np.int16)), made(sound)).score > 50


def test_a_short_answer_has_no_fingerprint() -> None:
    assert isinstance(fingerprint(speech_like(1.4), RATE_HZ), TooShort)


def test_a_word_in_a_long_silence_has_no_fingerprint() -> None:
    quiet = np.zeros(4 * RATE_HZ, dtype=np.float32)
    assert isinstance(fingerprint(np.concatenate((quiet, speech_like(0.6))), RATE_HZ), TooShort)


def test_no_more_is_kept_than_a_turn_lasts() -> None:
    assert made(speech_like(60.0)).seconds <= LONGEST_SECONDS


def test_the_same_tone_in_two_calls_is_no_recording() -> None:
    keys = np.sin(2 * np.pi * 941 * np.arange(4 * RATE_HZ) / RATE_HZ) + np.sin(
        2 * np.pi * 1336 * np.arange(4 * RATE_HZ) / RATE_HZ
    )
    assert isinstance(fingerprint((keys / 3).astype(np.float32), RATE_HZ), TooShort)


def test_two_stretches_of_noise_are_no_recording() -> None:
    other = np.random.default_rng(1).normal(size=4 * RATE_HZ).astype(np.float32) * np.float32(0.1)
    assert not alike(made(noise(4.0, -20.0)), made(other)).is_same


def test_a_comparison_is_the_same_from_both_sides() -> None:
    sound = said_by("marh")
    one, other = made(sound), made(replayed(sound, CHANGES["bad mobile line"], np.random.default_rng(1)))
    assert alike(one, other).score == pytest.approx(alike(other, one).score, abs=0.05)


def test_the_most_alike_of_several_is_found() -> None:
    sounds = [speech_like(4.0, seed=seed) for seed in range(4)]
    prints = [made(sound) for sound in sounds]
    found = most_alike(made(sounds[2][4000:]), prints)
    assert found is not None
    assert found[0] == 2
    assert found[1].is_same
    assert found[1] == alike(made(sounds[2][4000:]), prints[2])
    assert most_alike(prints[0], []) is None


@pytest.mark.parametrize("written", [b"", b"\x01", b"\x02\x00\x00", b"\x01\x00\x01\x80", b"\x01\xff\xff" + bytes(9)])
def test_what_is_no_fingerprint_is_refused(written: bytes) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        Fingerprint.from_bytes(written)


@pytest.mark.parametrize("rate_hz", [0, -8000, 44_100])
def test_an_unknown_rate_gives_no_fingerprint(rate_hz: int) -> None:
    assert isinstance(fingerprint(speech_like(), rate_hz), TooShort)


def test_a_fingerprint_shows_nothing_when_it_is_printed() -> None:
    assert repr(made(speech_like())) == "Fingerprint()"


any_sound = st.one_of(
    arrays.arrays(np.float32, st.integers(0, 60), elements=st.floats(width=32)),
    arrays.arrays(np.int16, st.integers(0, 60)),
    arrays.arrays(np.float64, st.integers(0, 10)),
    arrays.arrays(np.float32, st.tuples(st.integers(0, 3), st.integers(0, 3)), elements=st.floats(width=32)),
)


@settings(max_examples=60, deadline=None)
@given(any_sound, st.integers(1, 2000), st.sampled_from([8000, 16_000, 0]))
def test_nothing_that_is_heard_raises(few: Any, times: int, rate_hz: int) -> None:
    sound = np.tile(few, times) if few.ndim == 1 else few
    print_ = fingerprint(sound, rate_hz)
    if isinstance(print_, Fingerprint):
        assert not np.isnan(alike(print_, print_).score)
        assert 0.0 <= alike(print_, made(speech_like())).share <= 1.0
