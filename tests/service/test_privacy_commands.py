"""`centralino privacy` as an admin uses it: consents, the copy for a customer, erasure, its proof, a backup that comes back."""

import json
import logging
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from ivr import database
from ivr.calls import store
from ivr.commands import main
from sealing.keys import KeyRing
from tests.everything import GIULIA, MARIO, call, filled
from tests.keys import DATA_KEYS, RING
from tests.telephone import MONDAY_TEN

SOMEONE = ("K001", "--name", GIULIA.name, "--number", GIULIA.number)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with everything in it, made once."""
    file = tmp_path_factory.mktemp("made") / "line.db"
    engine = database.make_engine(f"sqlite:///{file}", RING)
    filled(engine)
    assert database.empty_log(engine)
    engine.dispose()
    return file


@pytest.fixture
def environment(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    monkeypatch.chdir(tmp_path)
    shutil.copy(made, tmp_path / "line.db")
    return {
        "CENTRALINO_SECRET_KEY": "a key for the tests of the command line",
        "CENTRALINO_AUTH_TOKEN": "a token that must not be shown",
        "CENTRALINO_DATA_KEYS": DATA_KEYS,
        "CENTRALINO_DATABASE_URL": f"sqlite:///{tmp_path / 'line.db'}",
        "COLUMNS": "200",
    }


def run(environment: Mapping[str, str], *arguments: str, **changed: str) -> Result:
    result = CliRunner().invoke(main, ["privacy", *arguments], env={**environment, **changed})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_erased_customer_is_proved_to_be_gone(environment: Mapping[str, str], tmp_path: Path) -> None:
    before = run(environment, "prove", "K001")
    assert before.exit_code == 1
    assert "K001 was found in" in before.output
    erased = run(environment, "erase", "K001", "--yes")
    assert erased.exit_code == 0, erased.output
    assert "the orders stay" in erased.output
    after = run(environment, "prove", *SOMEONE)
    assert after.exit_code == 0, after.output
    assert "nothing of K001" in after.output
    assert "UTC" in after.output
    assert "voiceprints" in after.output
    assert GIULIA.number.encode() not in (tmp_path / "line.db").read_bytes()
    assert run(environment, "prove", "K002").exit_code == 1


def test_proof_without_a_name_says_that_it_looked_for_less(environment: Mapping[str, str]) -> None:
    run(environment, "erase", "K001", "--yes")
    shown = run(environment, "prove", "K001")
    assert shown.exit_code == 0
    assert "without a name or a number" in shown.output


def test_proof_fails_where_a_key_is_gone(environment: Mapping[str, str]) -> None:
    run(environment, "erase", "K001", "--yes")
    shown = run(environment, "prove", *SOMEONE, CENTRALINO_DATA_KEYS=KeyRing.new_key())
    assert shown.exit_code == 1
    assert "do not open" in shown.output


def test_erasure_asks_before_it_begins(environment: Mapping[str, str]) -> None:
    refused = CliRunner().invoke(main, ["privacy", "erase", "K001"], env=environment, input="n\n")
    assert refused.exit_code == 1
    assert run(environment, "ledger", "K001").exit_code == 0


def test_voice_alone_is_erased_and_the_customer_stays(environment: Mapping[str, str]) -> None:
    assert run(environment, "erase", "K001", "--voice-only", "--yes").exit_code == 0
    ledger = run(environment, "ledger", "K001", "--language", "it")
    assert "Ha revocato il consenso: riconoscere dalla voce" in ledger.output
    assert "Ha detto di sì: ricordare le chiamate" in ledger.output
    assert ledger.output.count("●") == 3
    shown = run(environment, "erase", "K001", "--voice-only", "--with-orders", "--yes")
    assert shown.exit_code == 1


def test_ledger_shows_words_and_versions(environment: Mapping[str, str]) -> None:
    shown = run(environment, "ledger", "K001")
    assert "consent_voice_verification v1 (it)" in shown.output
    assert f"«sì, {GIULIA.words}»" in shown.output
    assert MARIO.words not in shown.output


def test_copy_for_the_customer_is_written_once(environment: Mapping[str, str], tmp_path: Path) -> None:
    target = tmp_path / "giulia.zip"
    assert run(environment, "export", "K001", "--to", str(target)).exit_code == 0
    with zipfile.ZipFile(target) as archive:
        assert json.loads(archive.read("dati/customer.json"))["name"] == GIULIA.name
    again = run(environment, "export", "K001", "--to", str(target))
    assert again.exit_code == 1
    assert "is there already" in again.output
    nowhere = run(environment, "export", "K001", "--to", str(tmp_path / "no" / "folder.zip"))
    assert nowhere.exit_code == 1


@pytest.mark.parametrize(
    "command", [("ledger",), ("export", "--to", "x.zip"), ("erase", "--yes"), ("erase", "--voice-only", "--yes")]
)
def test_customer_who_is_not_there_is_said(environment: Mapping[str, str], command: tuple[str, ...]) -> None:
    shown = run(environment, command[0], "K999", *command[1:])
    assert shown.exit_code == 1
    assert "there is no such customer" in shown.output
    assert not Path("x.zip").exists()


def test_call_that_goes_on_holds_an_erasure_back(environment: Mapping[str, str]) -> None:
    engine = database.make_engine(environment["CENTRALINO_DATABASE_URL"], RING)
    with database.session_factory(engine).begin() as session:
        call(session, GIULIA, "CAlive", "K001", MONDAY_TEN, status=store.TALKING)
    engine.dispose()
    shown = run(environment, "erase", "K001", "--yes")
    assert shown.exit_code == 1
    assert "CAlive" in shown.output
    assert run(environment, "ledger", "K001").exit_code == 0


def test_backup_that_comes_back_is_erased_again_by_the_upgrade_that_follows_it(
    environment: Mapping[str, str], made: Path, tmp_path: Path
) -> None:
    run(environment, "erase", "K001", "--yes")
    run(environment, "erase", "K002", "--voice-only", "--yes")
    shutil.copy(made, tmp_path / "line.db")
    assert run(environment, "prove", "K001").exit_code == 1
    upgraded = CliRunner().invoke(main, ["database", "upgrade"], env=environment)
    assert upgraded.exit_code == 0, upgraded.output
    assert run(environment, "prove", *SOMEONE).exit_code == 0
    assert (
        "Ha revocato il consenso: riconoscere dalla voce"
        in run(environment, "ledger", "K002", "--language", "it").output
    )


def test_backup_that_comes_back_is_erased_again_by_hand(
    environment: Mapping[str, str], made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(environment, "erase", "K001", "--yes")
    shutil.copy(made, tmp_path / "line.db")
    with caplog.at_level(logging.WARNING):
        shown = run(environment, "reapply")
    assert shown.exit_code == 0, shown.output
    assert "erased again: 1" in shown.output
    assert "from before 1 erasures" in caplog.text
    assert "K001" not in caplog.text
    assert run(environment, "prove", *SOMEONE).exit_code == 0
    assert "erased again: 0" in run(environment, "reapply").output


def test_file_of_erasures_that_cannot_be_read_or_written_is_said(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    run(environment, "erase", "K001", "--yes")
    (tmp_path / "erasures.jsonl").write_text("rubbish\n", encoding="utf-8")
    shown = run(environment, "reapply")
    assert shown.exit_code == 1
    assert "1 lines" in shown.output
    folder = tmp_path / "folder"
    folder.mkdir()
    shown = run(environment, "erase", "K002", "--yes", CENTRALINO_ERASURES_FILE=str(folder))
    assert shown.exit_code == 1
    assert "a backup would bring back" in shown.output


def test_database_of_another_version_is_said_before_anything_is_done(environment: Mapping[str, str]) -> None:
    engine = database.make_engine(environment["CENTRALINO_DATABASE_URL"], RING)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
    engine.dispose()
    shown = run(environment, "prove", "K001")
    assert shown.exit_code == 1
    assert "database upgrade" in shown.output
