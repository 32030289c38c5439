"""A customer's own word on their data, told by telephone: taken back in the middle of a call, and gone from that moment on."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from biometrics.vault import Vault
from ivr import database, trial
from ivr.app import create_app
from ivr.calls import erasures, store
from ivr.customers import ledger
from ivr.customers.ledger import VOICE_VERIFICATION, Answer, AskedBy
from ivr.line.script import HangUp
from tests.databases import sqlite_database
from tests.everything import GIULIA, filled
from tests.everything import MARIO as MARIO_OF_BEFORE
from tests.keys import RING
from tests.line.proving import Voices, voice_settings
from tests.telephone import MONDAY_TEN, House, settings_for, talk, understanding
from tests.unit.calls.test_erasures import hits

Houses = Callable[..., House]
MARIO = "K002"
VAULT = Vault(RING)
WORDS = "voglio revocare il consenso"


@pytest.fixture
def house(new_house: Houses, tmp_path: Path) -> House:
    return new_house(**voice_settings(tmp_path))


def voice_rows(house: House) -> int:
    with house.reading() as session:
        return sum(VAULT.rows(session, MARIO).values())


def test_erased_by_voice_gone(house: House) -> None:
    voices = Voices(house=house)
    voices.is_enrolled(MARIO)
    assert voice_rows(house)
    house.whole_call(talk("aiutarla", WORDS, "revocat", HangUp()), from_=trial.MARIO)
    assert voice_rows(house) == 0
    with house.reading() as session:
        (*_, line) = ledger.ledger_of(session, MARIO)
    assert (line.purpose, line.answer, line.stands) == (VOICE_VERIFICATION, Answer.WITHDRAWN, True)
    assert (line.asked.by, line.asked.heard) == (AskedBy.LINE, WORDS)
    assert line.asked.call_id == house.only_call.call_id
    # Nothing of the next call's voice is looked at or kept, and nothing is taken for proved by it.
    house.whole_call(talk("aiutarla", "dov'è il mio ordine per favore", "in viaggio", HangUp()), from_=trial.MARIO)
    with house.reading() as session:
        newest, _ = store.recent_calls(session)
    assert ("voice", "accepted") not in [
        (proof.kind, proof.outcome) for proof in house.context(newest.call_id).who.proofs
    ]
    assert house.rows("call_voices") == house.rows("voiceprints") == []


def test_what_was_erased_in_a_call_is_told_to_backups_within_a_minute(house: House) -> None:
    file = house.settings.erasures_file
    assert file is not None
    voices = Voices(house=house)
    voices.is_enrolled(MARIO)
    house.whole_call(talk("aiutarla", WORDS, "revocat", HangUp()), from_=trial.MARIO)
    house.wait(61)
    (line,) = file.read_text(encoding="ascii").splitlines()
    assert json.loads(line)["scope"] == "voice"
    assert MARIO not in line
    house.wait(61)
    assert len(file.read_text(encoding="ascii").splitlines()) == 1


def test_yes_is_kept_with_its_words(house: House) -> None:
    house.whole_call(talk("dalla voce", "sì va bene", "in ritardo", HangUp()), from_=trial.GIULIA)
    with house.reading() as session:
        (line,) = ledger.ledger_of(session, "K001")
    assert (line.answer, line.asked.by, line.asked.heard) == (Answer.YES, AskedBy.LINE, "sì va bene")
    assert (line.asked.wording, line.asked.language) == ("consent_voice", "it")


def test_words_of_a_call_go_by_time_alone(new_house: Houses) -> None:
    house = new_house(words_days=10)
    house.whole_call(talk("aiutarla", "dov'è il mio ordine per favore", "in viaggio", HangUp()), from_=trial.MARIO)
    call_id = house.only_call.call_id
    for days, is_there in ((9, True), (2, False)):
        house.clock.advance(timedelta(days=days).total_seconds())
        house.ticker.tick()
        with house.reading() as session:
            assert bool(store.words_of(session, call_id)) == is_there
    assert house.only_call.customer_id == MARIO


def test_service_that_starts_on_a_restored_backup_erases_again_before_it_answers(tmp_path: Path) -> None:
    file = tmp_path / "erasures.jsonl"
    for folder in ("lost", "restored"):
        (tmp_path / folder).mkdir()
    with sqlite_database(tmp_path / "lost") as engine:
        filled(engine)
        with database.session_factory(engine).begin() as session:
            erasures.erase_person(session, GIULIA.customer_id, by=AskedBy.ADMIN, now=MONDAY_TEN)
            erasures.reconcile(session, file, MONDAY_TEN)
    with sqlite_database(tmp_path / "restored") as engine:
        filled(engine)
        sessions = database.session_factory(engine)
        assert hits(sessions, GIULIA)
        create_app(
            settings_for("sqlite:///unused", erasures_file=file, voice="off"), engine=engine, understanding=understanding(),
            tick=False,
        )  # fmt: skip
        assert hits(sessions, GIULIA) == {}
        assert hits(sessions, MARIO_OF_BEFORE)
