"""`centralino versions` and `centralino audit` at the keyboard: out, in, published, back, and the chain checked."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ivr import database
from ivr.app import create_app
from ivr.audit.store import Actor
from ivr.commands import main, version_commands
from ivr.editing import versions
from ivr.editing.checks import Checks
from ivr.editing.documents import shipped
from tests.keys import DATA_KEYS, RING
from tests.telephone import MONDAY_TEN, understanding

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    url = f"sqlite:///{tmp_path / 'line.db'}"
    engine = database.make_engine(url, RING)
    database.upgrade(engine)
    with database.session_factory(engine).begin() as session:
        by = Actor(name="Centralino", through="line")
        versions.add(session, shipped(), note="As shipped", by=by, now=MONDAY_TEN, is_of_files=True)
    engine.dispose()
    environment: Mapping[str, str] = {
        "CENTRALINO_SECRET_KEY": "a key for the tests of the command line",
        "CENTRALINO_AUTH_TOKEN": "a token that must not be shown",
        "CENTRALINO_DATA_KEYS": DATA_KEYS,
        "CENTRALINO_DATABASE_URL": url,
        "COLUMNS": "200",
    }

    def running(*arguments: str) -> Result:
        result = CliRunner().invoke(main, list(arguments), env=dict(environment))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return running


def test_files_go_out_are_edited_and_come_back_as_one_edit(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    assert run("versions", "export", str(folder)).exit_code == 0
    assert "0 changes" in run("versions", "import", str(folder)).output
    prompts = folder / "shop.prompts.yaml"
    prompts.write_text(prompts.read_text().replace("Grazie.", "Grazie mille."))
    assert "1 changes" in run("versions", "import", str(folder)).output
    again = tmp_path / "again"
    run("versions", "export", str(again))
    assert "Grazie mille." in (again / "shop.prompts.yaml").read_text()
    run("versions", "export", str(again), "--version", "1")
    assert "Grazie mille." not in (again / "shop.prompts.yaml").read_text()


def test_a_file_that_cannot_be_read_is_told_with_its_line_and_nothing_is_taken_over(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    run("versions", "export", str(folder))
    (folder / "shop.flow.yaml").write_text("flow: shop\nnodes: [\n")
    told = run("versions", "import", str(folder))
    assert told.exit_code != 0
    assert "shop.flow.yaml:" in told.output


def test_the_list_says_what_is_live_and_nobody_goes_back_to_what_never_was(run: Run) -> None:
    assert "live" in run("versions", "list").output
    assert run("versions", "rollback", "1").exit_code != 0
    assert run("versions", "rollback", "7").exit_code != 0


def test_the_trail_is_checked_against_a_fingerprint(run: Run) -> None:
    told = run("audit", "check")
    assert told.exit_code == 0
    assert run("audit", "check", "--expect", told.output.split()[-1]).exit_code == 0
    assert run("audit", "check", "--expect", "0" * 64).exit_code == 1


def test_the_draft_is_published_by_a_command_and_what_is_wrong_stops_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the other gates say has tests of its own, and no phrase is understood here.
    monkeypatch.setattr(Checks, "__init__", the_checker_alone(Checks.__init__))
    monkeypatch.setattr(version_commands, "create_app", partial(create_app, understanding=understanding()))
    folder = tmp_path / "files"
    run("versions", "export", str(folder))
    prompts, flow = folder / "shop.prompts.yaml", folder / "shop.flow.yaml"
    prompts.write_text(prompts.read_text().replace("Grazie.", "Grazie mille."))
    run("versions", "import", str(folder))
    told = run("versions", "publish", "--note", "Warmer thanks")
    assert told.exit_code == 0, told.output
    assert "version 2 answers calls" in told.output
    (listed,) = (line for line in run("versions", "list").output.splitlines() if "Warmer thanks" in line)
    assert "live" in listed
    flow.write_text(re.sub(r"prompt: greeting\b(?!_)", "prompt: nowhere", flow.read_text()))
    run("versions", "import", str(folder))
    refused = run("versions", "publish", "--note", "A prompt that is not there")
    assert refused.exit_code != 0
    assert "nowhere" in refused.output
    assert run("versions", "rollback", "1").exit_code == 0


def the_checker_alone(begin: Callable[..., None]) -> Callable[..., None]:
    def beginning(self: Checks, _gates: object, **given: Any) -> None:
        begin(self, (), **{**given, "prepare": None})

    return beginning
