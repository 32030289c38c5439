"""What a customer is handed: everything of theirs, readable, and nothing of anybody else."""

import io
import json
import zipfile
from pathlib import Path

import pytest
import soundfile
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from ivr import database
from ivr.calls.export import Export, export_of
from ivr.commands import privacy_handover
from tests.everything import GIULIA, MARIO, filled
from tests.telephone import MONDAY_TEN


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    filled(engine)
    return database.session_factory(engine)


def exported(sessions: sessionmaker[Session]) -> Export:
    with sessions() as session:
        export = export_of(session, GIULIA.customer_id, now=MONDAY_TEN)
    assert export is not None
    return export


def test_everything_of_theirs_is_in_it(sessions: sessionmaker[Session]) -> None:
    parts = exported(sessions).parts
    assert parts["customer"]["name"] == GIULIA.name
    assert parts["customer"]["numbers"] == [GIULIA.number]
    assert {order["order_number"] for order in parts["orders"]} == {"1042", "1017"}
    assert [one["summary"] for one in parts["cases"]] == [GIULIA.words]
    assert {one["note"] for one in parts["contacts"]} >= {GIULIA.words}
    assert len(parts["messages"]) == 2
    assert [(line["answer"], line["stands"]) for line in parts["consents"]] == [("yes", True)] * 3
    assert {line["heard"] for line in parts["consents"]} == {f"sì, {GIULIA.words}"}
    assert {one["call_id"] for one in parts["calls"]} == set(GIULIA.calls)
    assert {turn["heard_before"] for one in parts["calls"] for turn in one["turns"]} == {GIULIA.words}
    assert parts["calls"][0]["effort_score"] == 3
    assert parts["voice"]["voiceprint"]["samples"]
    assert len(parts["voice"]["heard_in_calls"]) == 10


def test_nothing_of_anybody_else_is_in_it(sessions: sessionmaker[Session]) -> None:
    told = json.dumps(exported(sessions).parts, ensure_ascii=False)
    for theirs in (MARIO.customer_id, MARIO.name, MARIO.number, MARIO.words, "anna"):
        assert theirs not in told


def test_message_to_a_shared_number_in_anothers_call_is_not_theirs(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.execute(text("UPDATE messages SET to_number = :number"), {"number": GIULIA.number})
    assert len(exported(sessions).parts["messages"]) == 2


def test_customer_who_is_not_there_gets_nothing(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        assert export_of(session, "K999", now=MONDAY_TEN) is None


def test_archive_opens_and_explains_itself_in_both_languages(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    export, file = exported(sessions), tmp_path / "giulia.zip"
    privacy_handover.write(export, file)
    assert file.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(file) as archive:
        readme = archive.read("README.txt").decode()
        named = {name for name in archive.namelist() if name != "README.txt"}
        assert {f"dati/{part}.json" for part in export.parts} == {name for name in named if name.startswith("dati/")}
        for part in export.parts:
            assert readme.count(f"dati/{part}.json") == 2
            assert json.loads(archive.read(f"dati/{part}.json")) == export.parts[part]
        (sound,) = [name for name in named if name.startswith("audio/")]
        assert sound == f"audio/{GIULIA.calls[0]}/turno-2.flac"
        assert soundfile.info(io.BytesIO(archive.read(sound))).samplerate == 8000
    with pytest.raises(FileExistsError):
        privacy_handover.write(export, file)
