"""`centralino routing` as a supervisor's helper uses it at the keyboard."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from ivr import database
from ivr.commands import main
from routing.simulation_days import Town
from tests.keys import DATA_KEYS, RING
from tests.past_day import write_day


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    url = f"sqlite:///{tmp_path_factory.mktemp('day') / 'line.db'}"
    engine = database.make_engine(url, RING)
    database.upgrade(engine)
    with Session(engine) as session, session.begin():
        write_day(session, Town(calls=200, agents=6, hours=3))
    engine.dispose()
    return {
        "CENTRALINO_SECRET_KEY": "a key for the tests of the command line",
        "CENTRALINO_AUTH_TOKEN": "a token that must not be shown",
        "CENTRALINO_DATA_KEYS": DATA_KEYS,
        "CENTRALINO_DATABASE_URL": url,
        "COLUMNS": "200",
    }


def run(environment: Mapping[str, str], *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["routing", *arguments], env=dict(environment))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_a_past_day_is_run_against_a_change_and_written_as_json_and_csv(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    files = tmp_path / "answer.json", tmp_path / "answer.csv", tmp_path / "answer.svg"
    done = run(
        environment, "what-if", "2026-11-23", "--add", "2:orders=3,billing=3@08:00-18:00", "--skill", "agent-001:orders=5",
        "--remove", "agent-002", "--rings", "general:0; 20: level; 60: level, languages", "--order", "general:longest_idle",
        "--replications", "2", "--json", str(files[0]), "--csv", str(files[1]), "--plot", str(files[2]),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "mean wait of the answered" in done.output
    answer = json.loads(files[0].read_text(encoding="utf-8"))
    rows = list(csv.DictReader(files[1].read_text(encoding="utf-8").splitlines()))
    assert answer["replications"] == 2
    assert files[2].read_text(encoding="utf-8").startswith("<svg")
    assert float(rows[0]["after"]) == answer["after"]["answered"]["mean"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("2026-11-20",), "there are no calls on that day"),
        (("2026-11-23", "--skill", "nobody:orders=3"), "nobody of that name was there"),
        (("2026-11-23", "--skill", "agent-001:orders"), "skills are written as"),
        (("2026-11-23", "--skill", "agent-001:orders=7"), "a level is 1 to 5"),
        (("2026-11-23", "--rings", "general:soon"), "rings are written as"),
        (("2026-11-23", "--rings", "nowhere:0"), "there is no such queue"),
        (("2026-11-23", "--order", "general:alphabet"), "there is no such order"),
        (("2026-11-23", "--add", "many:orders=3"), "skills are written as"),
        (("2026-11-23", "--add", "900:orders=3"), "so many agents cannot be added"),
        (("2026-11-23", "--add", "1:orders=3@late"), "hours are written as"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(
    environment: Mapping[str, str], arguments: tuple[str, ...], said: str
) -> None:
    refused = run(environment, "what-if", *arguments)
    assert refused.exit_code == 1
    assert said in refused.output


def test_estimates_that_nobody_was_told_are_said_to_be_none(environment: Mapping[str, str]) -> None:
    refused = run(environment, "estimates")
    assert refused.exit_code == 1
    assert "nobody who was told an estimate" in refused.output
