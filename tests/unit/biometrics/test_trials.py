"""Speakers are enrolled with their first calls, tested with others, and paired with everybody; too little is told."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biometrics.recordings import Sound, Unusable, find_calls
from biometrics.trials import FEWEST_SPEAKERS, Design, Gathered, comparisons, gather, impostor_comparisons, lacking
from tests.unit.biometrics.labelled_calls import (
    AT,
    BandEncoder,
    all_speech,
    gathered_voices,
    write_call,
    write_folder,
)


def heard(folder: Path, design: Design | None = None, **changed: Any) -> Gathered:
    return gather(
        find_calls(folder),
        encoder=BandEncoder(),
        design=design or Design(),
        at=AT,
        progress=changed.pop("progress", lambda _done, _of: None),
        **{"cut": all_speech} | changed,
    )


def test_speaker_is_enrolled_with_the_first_call_and_tested_with_the_other(tmp_path: Path) -> None:
    gathered = heard(write_folder(tmp_path, speakers=2))
    assert gathered.left_out == ()
    for voice in gathered.voices:
        assert voice.voiceprint.encoder == BandEncoder.name
        assert voice.voiceprint.net_speech_seconds == pytest.approx(20)
        assert {test.call for test in voice.tests} == {"call1"}
        # Nine seconds hold three windows of three, one of five, one of eight.
        assert [test.seconds for test in voice.tests] == [3, 3, 3, 5, 8]
        assert all(test.evidence.net_speech_seconds == pytest.approx(test.seconds) for test in voice.tests)
    assert gathered.calls == 4
    assert gathered.windows == {3.0: 6, 5.0: 2, 8.0: 2}
    assert gathered.refused == {3.0: 0, 5.0: 0, 8.0: 0}
    assert gathered.rates_hz == (8000,)


def test_enrolment_goes_over_as_many_calls_as_it_takes_and_none_of_them_is_a_test(tmp_path: Path) -> None:
    gathered = heard(write_folder(tmp_path, speakers=1, seconds=(8.0, 8.0, 9.0, 6.0)))
    (voice,) = gathered.voices
    assert 20 <= voice.voiceprint.net_speech_seconds < 22
    assert {test.call for test in voice.tests} == {"call3"}


def test_no_more_windows_are_cut_than_wanted(tmp_path: Path) -> None:
    gathered = heard(write_folder(tmp_path, speakers=1, seconds=(21.0, 30.0)), Design(windows_a_call=2))
    assert gathered.windows == {3.0: 2, 5.0: 2, 8.0: 2}


def test_what_is_too_short_is_left_out_and_told(tmp_path: Path) -> None:
    write_folder(tmp_path, speakers=1)
    write_call(tmp_path / "s00" / "call2.wav", 0, 2.0, seed=2)
    write_call(tmp_path / "brief" / "1.wav", 1, 11.0, seed=1)
    write_call(tmp_path / "brief" / "2.wav", 1, 5.0, seed=2)
    write_call(tmp_path / "once" / "1.wav", 2, 40.0, seed=1)
    gathered = heard(tmp_path)
    assert [voice.speaker for voice in gathered.voices] == ["s00"]
    told = {(one.what, one.why, one.detail) for one in gathered.left_out}
    assert told == {
        ("s00/call2", Unusable.LITTLE_SPEECH, "2.0 s"),
        ("brief", Unusable.SHORT_ENROLMENT, "5.0 s"),
        ("once", Unusable.NO_TEST, ""),
    }


def test_file_that_cannot_be_read_is_told_and_the_speakers_other_calls_stay(tmp_path: Path) -> None:
    write_folder(tmp_path, speakers=1)
    (tmp_path / "s00" / "call2.wav").write_text("not a sound")
    gathered = heard(tmp_path)
    assert [voice.speaker for voice in gathered.voices] == ["s00"]
    assert [(one.what, one.why) for one in gathered.left_out] == [("s00/call2.wav", Unusable.UNREADABLE)]


def test_speech_that_is_not_good_enough_is_counted_and_not_decided_on(tmp_path: Path) -> None:
    def with_noisy_tests(sound: Sound, rate_hz: int) -> tuple[Sound, Sound]:
        # Between the words of the shorter call it is as loud as in them.
        return all_speech(sound, rate_hz) if sound.size > 10 * rate_hz else (sound, np.roll(sound, 400) + sound)

    write_folder(tmp_path, speakers=1)
    gathered = heard(tmp_path, cut=with_noisy_tests)
    assert gathered.voices == ()
    assert gathered.refused == gathered.windows == {3.0: 3, 5.0: 1, 8.0: 1}
    assert [one.why for one in gathered.left_out] == [Unusable.NO_TEST]


def test_progress_is_told_by_calls(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    heard(write_folder(tmp_path, speakers=3), progress=lambda done, of: seen.append((done, of)))
    assert seen == [(2, 6), (4, 6), (6, 6)]


def test_speakers_without_a_gender_are_left_out_where_it_is_asked(tmp_path: Path) -> None:
    gathered = heard(write_folder(tmp_path, speakers=2), Design(same_gender=True))
    assert gathered.voices == ()
    assert {one.why for one in gathered.left_out} == {Unusable.NO_GENDER}


def test_everybody_is_compared_with_everybody() -> None:
    gathered = gathered_voices(4, calls=2)
    pairs = list(comparisons(gathered.voices, Design()))
    assert len(pairs) == 4 * 4 * 2 * 3
    assert {(pair.enrolled_speaker, pair.test_speaker) for pair in pairs} == set(
        itertools.product([voice.speaker for voice in gathered.voices], repeat=2)
    )
    assert sum(pair.is_target for pair in pairs) == 4 * 2 * 3


def test_impostors_are_of_the_same_gender_where_it_is_asked() -> None:
    voices = [replace(voice, gender="fm"[number % 2]) for number, voice in enumerate(gathered_voices(4).voices)]
    genders = {voice.speaker: voice.gender for voice in voices}
    pairs = list(comparisons(voices, Design(same_gender=True)))
    assert {genders[pair.enrolled_speaker] == genders[pair.test_speaker] for pair in pairs} == {True}
    assert {pair.is_target for pair in pairs} == {True, False}


def test_too_few_speakers_are_told_with_what_it_takes() -> None:
    assert lacking(gathered_voices(FEWEST_SPEAKERS), Design()) == ()
    (sentence,) = lacking(gathered_voices(FEWEST_SPEAKERS - 1), Design())
    assert "9 speakers" in sentence
    assert "it takes 10" in sentence
    assert "20 s" in sentence


def test_speakers_who_are_each_alone_with_their_gender_give_no_impostors() -> None:
    gathered = gathered_voices(FEWEST_SPEAKERS)
    voices = tuple(replace(voice, gender=voice.speaker) for voice in gathered.voices)
    (sentence,) = lacking(replace(gathered, voices=voices), Design(same_gender=True))
    assert "different speakers" in sentence


def test_customers_are_compared_with_what_others_said_and_never_with_themselves() -> None:
    voiceprints = [voice.voiceprint for voice in gathered_voices(3).voices]
    pairs = list(impostor_comparisons(voiceprints, least_seconds=6.0))
    # Four samples of five seconds give two stretches of two.
    assert len(pairs) == 3 * 2 * 2
    assert not any(pair.is_target for pair in pairs)
    assert {pair.seconds for pair in pairs} == {10.0}


def test_voiceprints_of_another_encoder_are_passed_over() -> None:
    voiceprints = [voice.voiceprint for voice in gathered_voices(3).voices]
    voiceprints[0] = replace(voiceprints[0], encoder="another")
    pairs = list(impostor_comparisons(voiceprints, least_seconds=3.0))
    assert {pair.voiceprint.encoder for pair in pairs} == {BandEncoder.name}
    assert {pair.enrolled_speaker for pair in pairs} == {"s01", "s02"}
