"""Labelled calls are found in folders and tables; what cannot be used is left out whole, and told by file."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from biometrics.recordings import (
    Heard,
    Labelled,
    LabelledCall,
    LeftOut,
    RecordingsError,
    Unusable,
    find_calls,
    hear,
)
from tests.unit.biometrics.labelled_calls import write_call


def left_out(found: Labelled) -> dict[str, Unusable]:
    return {one.what: one.why for one in found.left_out}


def names(found: Labelled) -> list[tuple[str, str]]:
    return [(call.speaker, call.name) for call in found.calls]


def table(folder: Path, *rows: str, head: str = "file,speaker,call") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "calls.csv"
    file.write_text("\n".join((head, *rows)), encoding="utf-8")
    return file


def test_folder_gives_each_speakers_calls_in_the_order_of_their_names(tmp_path: Path) -> None:
    for number, name in enumerate(("anna/2026-01-02.wav", "anna/2026-01-01.flac", "bruno/x.WAV")):
        write_call(tmp_path / name, number, 1.0, seed=number)
    (tmp_path / "anna" / ".hidden").write_text("")
    (tmp_path / "notes.txt").write_text("who is who")
    found = find_calls(tmp_path)
    assert names(found) == [("anna", "2026-01-01"), ("anna", "2026-01-02"), ("bruno", "x")]
    assert found.left_out == ()
    assert list(found.by_speaker()) == ["anna", "bruno"]


def test_files_that_are_no_calls_are_told_by_name(tmp_path: Path) -> None:
    write_call(tmp_path / "anna" / "1.wav", 0, 1.0, seed=1)
    write_call(tmp_path / "stray.wav", 0, 1.0, seed=2)
    write_call(tmp_path / "anna" / "deeper" / "2.wav", 0, 1.0, seed=3)
    (tmp_path / "anna" / "3.mp3").write_bytes(b"ID3")
    found = find_calls(tmp_path)
    assert names(found) == [("anna", "1")]
    assert left_out(found) == {
        "stray.wav": Unusable.MISPLACED,
        "anna/deeper": Unusable.MISPLACED,
        "anna/3.mp3": Unusable.FORMAT,
    }


def test_same_recording_under_two_names_is_believed_under_neither(tmp_path: Path) -> None:
    write_call(tmp_path / "anna" / "1.wav", 0, 1.0, seed=1)
    (tmp_path / "bruno").mkdir()
    (tmp_path / "bruno" / "1.wav").write_bytes((tmp_path / "anna" / "1.wav").read_bytes())
    write_call(tmp_path / "bruno" / "2.wav", 1, 1.0, seed=1)
    found = find_calls(tmp_path)
    assert names(found) == [("bruno", "2")]
    assert left_out(found) == {"anna/1.wav": Unusable.SAME_RECORDING, "bruno/1.wav": Unusable.SAME_RECORDING}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_table_joins_the_files_of_a_call_in_its_order(tmp_path: Path, separator: str) -> None:
    for number in range(3):
        write_call(tmp_path / f"{number}.wav", 0, 1.0 + number, seed=number)
    rows = [("1.wav", "anna", "a", "F"), ("0.wav", "anna", "a", "F"), ("2.wav", "bruno", "b", "M")]
    head = separator.join(("File", "speaker", "CALL", "gender"))
    file = table(tmp_path, *(separator.join(row) for row in rows), head=f"\ufeff{head}")
    found = find_calls(file)
    assert found == find_calls(tmp_path)
    first, second = found.calls
    assert (first.gender, second.gender) == ("f", "m")
    heard = hear(first)
    assert isinstance(heard, Heard)
    assert heard.sound.size == 3 * 8000
    assert np.array_equal(heard.sound[: 2 * 8000], soundfile.read(tmp_path / "1.wav", dtype="float32")[0])


def test_part_that_is_missing_takes_its_whole_call_with_it(tmp_path: Path) -> None:
    write_call(tmp_path / "1.wav", 0, 1.0, seed=1)
    write_call(tmp_path / "2.wav", 0, 1.0, seed=2)
    table(tmp_path, "1.wav,anna,a", "nowhere.wav,anna,a", "2.wav,anna,b", ",anna,c", "x.wav")
    found = find_calls(tmp_path)
    assert names(found) == [("anna", "b")]
    assert left_out(found) == {
        "nowhere.wav": Unusable.MISSING,
        "calls.csv, line 5": Unusable.ROW,
        "calls.csv, line 6": Unusable.ROW,
    }


def test_speaker_of_two_genders_is_left_out(tmp_path: Path) -> None:
    for number in range(3):
        write_call(tmp_path / f"{number}.wav", 0, 1.0, seed=number)
    table(tmp_path, "0.wav,anna,a,f", "1.wav,anna,b,m", "2.wav,bruno,a,m", head="file,speaker,call,gender")
    found = find_calls(tmp_path)
    assert names(found) == [("bruno", "a")]
    assert set(left_out(found).values()) == {Unusable.TWO_GENDERS}


@pytest.mark.parametrize(
    ("head", "rows", "said"),
    [
        ("file,who", ["1.wav,anna"], "lacks speaker, call"),
        ("", [], "lacks file"),
        ("file,speaker,call", [], "names no calls"),
    ],
)
def test_table_that_is_none_is_refused_with_what_it_lacks(
    tmp_path: Path, head: str, rows: list[str], said: str
) -> None:
    with pytest.raises(RecordingsError, match=said):
        find_calls(table(tmp_path, *rows, head=head))


def test_places_without_calls_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingsError, match="no such folder"):
        find_calls(tmp_path / "nowhere")
    with pytest.raises(RecordingsError, match="holds no calls"):
        find_calls(tmp_path)
    (tmp_path / "calls.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordingsError, match="UTF-8"):
        find_calls(tmp_path)


def test_same_calls_have_one_digest_wherever_they_lie(tmp_path: Path) -> None:
    for place in ("here", "there"):
        write_call(tmp_path / place / "anna" / "1.wav", 0, 1.0, seed=1)
        write_call(tmp_path / place / "bruno" / f"{place}.wav", 1, 1.0, seed=1)
    here = find_calls(tmp_path / "here")
    assert here.digest == find_calls(tmp_path / "there").digest
    write_call(tmp_path / "there" / "bruno" / "3.wav", 1, 1.0, seed=3)
    assert here.digest != find_calls(tmp_path / "there").digest


def call_of(*files: Path) -> LabelledCall:
    return LabelledCall(speaker="anna", name="1", gender="", files=files)


def test_sound_that_cannot_be_used_is_told_with_its_reason(tmp_path: Path) -> None:
    sound = np.zeros(8000, dtype=np.float32)
    soundfile.write(tmp_path / "rate.wav", sound, 44_100)
    soundfile.write(tmp_path / "two.wav", np.stack((sound, sound), axis=1), 8000)
    soundfile.write(tmp_path / "nan.wav", np.full(8000, np.nan, dtype=np.float32), 8000, subtype="FLOAT")
    (tmp_path / "text.wav").write_text("not a sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    for name, why in {
        "rate.wav": Unusable.RATE,
        "two.wav": Unusable.CHANNELS,
        "nan.wav": Unusable.NOT_FINITE,
        "text.wav": Unusable.UNREADABLE,
        "empty.wav": Unusable.UNREADABLE,
        "gone.wav": Unusable.UNREADABLE,
    }.items():
        heard = hear(call_of(tmp_path / name))
        assert isinstance(heard, LeftOut)
        assert (heard.what, heard.why) == (f"anna/{name}", why)
        assert str(tmp_path) not in str(heard)


def test_files_of_two_rates_are_no_call(tmp_path: Path) -> None:
    write_call(tmp_path / "8.wav", 0, 1.0, seed=1)
    write_call(tmp_path / "16.wav", 0, 1.0, seed=2, rate_hz=16_000)
    assert hear(call_of(tmp_path / "8.wav", tmp_path / "16.wav")) == LeftOut(what="anna/1", why=Unusable.MIXED_RATES)


def test_telephone_files_in_mu_law_are_heard(tmp_path: Path) -> None:
    sound = (0.5 * np.sin(np.arange(8000) / 5)).astype(np.float32)
    soundfile.write(tmp_path / "line.wav", sound, 8000, subtype="ULAW")
    heard = hear(call_of(tmp_path / "line.wav"))
    assert isinstance(heard, Heard)
    assert np.allclose(heard.sound, sound, atol=0.02)
