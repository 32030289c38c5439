"""`centralino` as somebody at a terminal uses it: what it prints, and what it says when something is wrong."""

import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivr import database
from ivr.accounts import store as accounts
from ivr.commands import main
from prompts.documents import HERE
from routing import reports
from tests.keys import DATA_KEYS

PASSWORD = "una frase lunga per provare"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    # No settings file of whoever runs the tests.
    monkeypatch.chdir(tmp_path)
    return {
        "CENTRALINO_SECRET_KEY": "a key for the tests of the command line",
        "CENTRALINO_AUTH_TOKEN": "a token that must not be shown",
        "CENTRALINO_DATA_KEYS": DATA_KEYS,
        "CENTRALINO_DATABASE_URL": f"sqlite:///{tmp_path / 'line.db'}",
    }


def run(environment: Mapping[str, str], *arguments: str, **changed: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env={**environment, **changed})


def test_help_shows_the_first_steps(environment: Mapping[str, str]) -> None:
    shown = run(environment, "--help")
    assert shown.exit_code == 0
    assert "centralino demo" in shown.output
    assert "First steps" in shown.output


def test_settings_are_printed_without_their_secrets(environment: Mapping[str, str]) -> None:
    shown = run(environment, "settings", COLUMNS="220")
    assert shown.exit_code == 0
    assert "(set)" in shown.output
    assert environment["CENTRALINO_AUTH_TOKEN"] not in shown.output
    assert environment["CENTRALINO_SECRET_KEY"] not in shown.output


def test_wrong_setting_is_named_with_what_it_wants_and_nothing_else_is_printed(environment: Mapping[str, str]) -> None:
    shown = run(environment, "settings", CENTRALINO_OPENS_AT="half past", CENTRALINO_COUNTRY="Italy")
    assert shown.exit_code == 1
    assert "CENTRALINO_OPENS_AT" in shown.output
    assert "CENTRALINO_COUNTRY" in shown.output
    assert "Traceback" not in shown.output


def test_settings_file_that_is_not_there_is_said(environment: Mapping[str, str]) -> None:
    shown = run(environment, "--settings", "nowhere.toml", "settings")
    assert shown.exit_code == 1
    assert "nowhere.toml" in shown.output


def test_secret_makes_a_key_that_the_settings_take(environment: Mapping[str, str]) -> None:
    made = run(environment, "secret").output.strip()
    assert run(environment, "settings", CENTRALINO_SECRET_KEY=made).exit_code == 0


def test_shipped_flow_has_nothing_wrong(environment: Mapping[str, str]) -> None:
    assert run(environment, "check").exit_code == 0


def test_flow_with_errors_is_told_by_file_node_and_line(environment: Mapping[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    for name in ("shop.flow.yaml", "shop.prompts.yaml"):
        (folder / name).write_text((HERE / name).read_text(encoding="utf-8"), encoding="utf-8")
    flow = folder / "shop.flow.yaml"
    flow.write_text(flow.read_text(encoding="utf-8").replace("prompt: greeting_by_name", "prompt: greting_by_name"))
    shown = run(environment, "check", str(folder))
    assert shown.exit_code == 1
    assert "shop.flow.yaml:" in shown.output
    assert "greet_by_name" in shown.output
    assert "greting_by_name" in shown.output


def test_agent_and_account_are_added_and_can_sign_in(environment: Mapping[str, str]) -> None:
    assert run(environment, "database", "upgrade").exit_code == 0
    added = run(
        environment, "agent", "add", "anna", "--name", "Anna", "--address", "client:anna", "--skill", "general=3"
    )
    assert added.exit_code == 0, added.output
    made = run(
        environment, "account", "add", "--email", "anna@example.it", "--name", "Anna", "--role", "agent", "--agent", "anna",
        "--password", PASSWORD,
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    engine = database.make_engine(environment["CENTRALINO_DATABASE_URL"])
    with database.reading_session_factory(engine)() as session:
        assert isinstance(
            accounts.check_password(session, email="anna@example.it", password=PASSWORD), accounts.SignedIn
        )
        (agent,) = reports.agents(session)
        assert agent.skills == {"general": 3}
    engine.dispose()


@pytest.mark.parametrize("skill", ["general", "general=", "general=9", "general=two"])
def test_skill_that_cannot_be_is_refused(environment: Mapping[str, str], skill: str) -> None:
    run(environment, "database", "upgrade")
    shown = run(environment, "agent", "add", "anna", "--name", "Anna", "--address", "client:anna", "--skill", skill)
    assert shown.exit_code == 1
    assert "Traceback" not in shown.output


def test_database_without_tables_is_said_in_a_sentence(environment: Mapping[str, str]) -> None:
    shown = run(environment, "agent", "add", "anna", "--name", "A", "--address", "client:anna", "--skill", "general=1")
    assert shown.exit_code == 1
    assert "database_url" in shown.output


@pytest.mark.parametrize("command", ["serve", "line"])
def test_port_in_use_is_said_before_anything_starts(environment: Mapping[str, str], command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        arguments = ("line", "--port", str(port)) if command == "line" else ("serve",)
        shown = run(environment, *arguments, CENTRALINO_BIND=f"127.0.0.1:{port}")
    assert shown.exit_code == 1
    assert str(port) in shown.output


def test_demo_on_a_port_in_use_says_which_option_chooses_another(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        shown = run(
            environment, "demo", "--once", "--line-port", port, "--folder", str(tmp_path / "demo"),
            CENTRALINO_TEXT_ENCODER="none",
        )  # fmt: skip
    assert shown.exit_code == 1
    assert "--line-port" in shown.output


def test_server_finds_its_application_from_any_folder(tmp_path: Path) -> None:
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('wsgi') is None)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0
