"""`centralino reports` as somebody at a terminal uses it."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from ivr import database
from ivr.commands import main
from routing.figures_table import FIGURES
from tests.keys import DATA_KEYS, RING
from tests.stays import keep, keep_calls, week


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("reports")
    url = f"sqlite:///{folder / 'line.db'}"
    engine = database.make_engine(url, RING)
    database.upgrade(engine)
    made = week(datetime.now(UTC).date() - timedelta(days=7), calls_an_hour=3)
    with Session(engine) as session, session.begin():
        keep(session, made)
        keep_calls(session, made)
    engine.dispose()
    return {
        "CENTRALINO_SECRET_KEY": "a key for the tests of the command line",
        "CENTRALINO_AUTH_TOKEN": "a token that must not be shown",
        "CENTRALINO_DATA_KEYS": DATA_KEYS,
        "CENTRALINO_DATABASE_URL": url,
    }


@pytest.fixture(autouse=True)
def _nobody_s_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(environment: Mapping[str, str], *arguments: str) -> Result:
    return CliRunner().invoke(main, ["reports", *arguments], env=dict(environment))


@pytest.mark.parametrize("by", ["all", "queue", "skill", "intent", "agent", "hour", "day"])
def test_the_tables_have_every_figure_that_is_defined(environment: Mapping[str, str], by: str) -> None:
    result = run(environment, "--by", by, "--period", "30")
    assert result.exit_code == 0, result.output
    for figure in FIGURES.values():
        is_shown = by not in {never.value for never in figure.never_by}
        assert (f" {figure.names['en']} " in result.output) == is_shown, figure.code
    assert "total" in result.output


def test_a_file_is_written(environment: Mapping[str, str], tmp_path: Path) -> None:
    target = tmp_path / "days.csv"
    result = run(environment, "--by", "day", "--csv", str(target))
    assert result.exit_code == 0, result.output
    assert "7 lines" in result.output
    lines = list(csv.DictReader(io.StringIO(target.read_bytes().decode("utf-8-sig"))))
    assert lines[-1]["day"] == "total"
    assert int(lines[-1]["offered"]) == sum(int(line["offered"]) for line in lines[:-1])


def test_definitions_are_printed_in_either_language(environment: Mapping[str, str]) -> None:
    for language in ("it", "en"):
        result = run(environment, "--definitions", "--language", language)
        assert FIGURES["effort"].names[language] in result.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "2026-13-01"), "cannot be read"),
        (("--from", "2020-01-01", "--to", "2026-01-01"), "400 days at most"),
        (("--seconds", "soon"), "from 1 to 600"),
        (("--csv", "/nowhere/at/all.csv"), "No such file or directory"),
    ],
)
def test_nonsense_is_answered_with_a_sentence(
    environment: Mapping[str, str], arguments: tuple[str, ...], sentence: str
) -> None:
    result = run(environment, *arguments)
    assert result.exit_code == 1
    assert sentence in result.output


def test_a_database_without_tables_is_said(environment: Mapping[str, str], tmp_path: Path) -> None:
    result = run({**environment, "CENTRALINO_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"})
    assert result.exit_code == 1
    assert "database_url" in result.output
