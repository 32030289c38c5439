"""Every command that changes something leaves an entry in the audit trail; a new command fails here until a table says of it."""

import getpass
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from ivr import database
from ivr.app import create_app
from ivr.audit import store as trail
from ivr.audit.store import Actor, Entry
from ivr.commands import main, scenario_commands, version_commands
from ivr.editing import versions
from ivr.editing.checks import Checks
from ivr.editing.documents import shipped
from sealing.keys import KeyRing
from tests.everything import GIULIA, filled
from tests.keys import DATA_KEYS, RING, key
from tests.telephone import MONDAY_TEN, understanding

NEW_KEY = key("newkey02")


@dataclass(frozen=True, kw_only=True)
class Keyboard:
    """A trial company's database in a folder of its own, and the commands on it."""

    folder: Path
    made: Path  # the database as it was, to be put back as a backup
    data_keys: str = DATA_KEYS

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.folder / "line.db"

    def run(self, *arguments: str) -> Result:
        """Run a command, whatever it comes to."""
        environment = {
            "CENTRALINO_SECRET_KEY": "a key for the tests of the command line",
            "CENTRALINO_AUTH_TOKEN": "a token that must not be shown",
            "CENTRALINO_DATA_KEYS": self.data_keys,
            "CENTRALINO_DATABASE_URL": f"sqlite:///{self.database}",
            "COLUMNS": "200",
        }
        return CliRunner().invoke(main, list(arguments), env=environment)

    def entries(self) -> tuple[Entry, ...]:
        """The trail, the newest first."""
        engine = database.make_engine(f"sqlite:///{self.database}", KeyRing.read(self.data_keys))
        try:
            with database.reading_session_factory(engine)() as session:
                return tuple(trail.entries(session))
        finally:
            engine.dispose()


@dataclass(frozen=True, kw_only=True)
class Change:
    """How a command is called so that it changes something, and the act that the trail then shows."""

    arguments: tuple[str, ...] = ()  # behind the command's name
    act: str
    given: Callable[[Keyboard], Any] = field(default=lambda _keyboard: None)
    data_keys: str = DATA_KEYS


def a_customer_in_a_file(keyboard: Keyboard) -> None:
    (keyboard.folder / "new.csv").write_text("customer_id;name;numbers\nK100;Ada Neri;+393331230100\n")


def an_edited_folder(keyboard: Keyboard) -> None:
    assert keyboard.run("versions", "export", "files").exit_code == 0
    prompts = keyboard.folder / "files" / "shop.prompts.yaml"
    prompts.write_text(prompts.read_text().replace("Grazie.", "Grazie mille."))


def an_edited_draft(keyboard: Keyboard) -> None:
    an_edited_folder(keyboard)
    assert keyboard.run("versions", "import", "files").exit_code == 0


def a_second_version(keyboard: Keyboard) -> None:
    an_edited_draft(keyboard)
    assert keyboard.run("versions", "publish", "--note", "Warmer thanks").exit_code == 0


def a_backup_that_came_back(keyboard: Keyboard) -> None:
    assert keyboard.run("privacy", "erase", "K001", "--yes").exit_code == 0
    shutil.copy(keyboard.made, keyboard.database)


CHANGES: Mapping[str, Change] = MappingProxyType({
    "account add": Change(
        arguments=(
            "--email", "nina@bottega.example", "--name", "Nina Riva", "--role", "admin", "--password", "una frase lunga davvero",
        ),
        act="account.added",
    ),
    "agent add": Change(
        arguments=("nina", "--name", "Nina Riva", "--address", "client:nina", "--skill", "orders=3"), act="agent.added"
    ),
    "database downgrade": Change(arguments=("0013", "--yes"), act="database.downgraded"),
    "import": Change(arguments=("customers", "new.csv"), act="import.taken_over", given=a_customer_in_a_file),
    "keys rotate": Change(act="keys.rotated", data_keys=f"{NEW_KEY},{DATA_KEYS}"),
    "privacy erase": Change(arguments=("K001", "--yes"), act="customer.erased"),
    "privacy reapply": Change(act="erasures.reapplied", given=a_backup_that_came_back),
    "scenarios replay": Change(act="replay.run"),
    "scenarios run": Change(arguments=("how_data_are_used",), act="scenarios.run"),
    "versions import": Change(arguments=("files",), act="prompt.changed", given=an_edited_folder),
    "versions publish": Change(arguments=("--note", "Warmer thanks"), act="version.published", given=an_edited_draft),
    "versions rollback": Change(arguments=("1",), act="version.rolled_back", given=a_second_version),
})  # fmt: skip

_READS = "it reads and prints"
_FILES = "it writes files where it is told, none of which counts before the settings name it"
_TRIAL = "it is a trial's, on this machine"

NO_CHANGES: Mapping[str, str] = MappingProxyType({
    "audit check": _READS,
    "check": _READS,
    "database upgrade": "it makes tables; what it erases again stands in the file of erasures, as at every start",
    "demo": _TRIAL,
    "example-shop": _TRIAL,
    "keys list": _READS,
    "keys new": "it prints a key, which counts when the settings have it",
    "line": _TRIAL,
    "models check": _READS,
    "models download": _FILES,
    "models list": _READS,
    "privacy export": "it writes a copy of what is kept, and changes none of it",
    "privacy ledger": _READS,
    "privacy prove": _READS,
    "reports": _READS,
    "routing estimates": _READS,
    "routing what-if": _READS,
    "secret": "it prints a key, which counts when the settings have it",
    "serve": "it starts the service, whose own changes are noted there",
    "settings": _READS,
    "train": "it learns what the service would learn at its first start",
    "versions export": _FILES,
    "versions list": _READS,
    "voice calibrate": _FILES,
    "voice countermeasure": _FILES,
    "voice drift": _READS,
    "voice encoder": _READS,
    "voice report": _FILES,
    "voice status": _READS,
    "voice train": _FILES,
})  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("made") / "line.db"
    engine = database.make_engine(f"sqlite:///{file}", RING)
    filled(engine)
    with database.session_factory(engine).begin() as session:
        by = Actor(name="Centralino", through="line")
        versions.add(session, shipped(), note="As shipped", by=by, now=MONDAY_TEN, is_of_files=True)
    assert database.empty_log(engine)
    engine.dispose()
    return file


@pytest.fixture
def keyboard(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyboard]:
    monkeypatch.chdir(tmp_path)
    shutil.copy(made, tmp_path / "line.db")
    # No phrase is understood here, and what the other gates of a version say has tests of its own.
    monkeypatch.setattr(Checks, "__init__", _the_checker_alone(Checks.__init__))
    for commands in (scenario_commands, version_commands):
        monkeypatch.setattr(commands, "create_app", partial(create_app, understanding=understanding()))
    log = logging.getLogger("ivr")
    level = log.level
    yield Keyboard(folder=tmp_path, made=made)
    # `scenarios` silences it for the rest of its process.
    log.setLevel(level)


def test_every_command_is_in_one_of_the_tables_and_no_table_names_one_that_is_gone() -> None:
    assert not CHANGES.keys() & NO_CHANGES.keys()
    assert set(_commands(main)) == CHANGES.keys() | NO_CHANGES.keys(), "say how it is called, or why it changes nothing"


@pytest.mark.parametrize("name", CHANGES)
def test_a_command_that_changes_something_leaves_an_entry(keyboard: Keyboard, name: str) -> None:
    change = CHANGES[name]
    change.given(keyboard)
    asked = Keyboard(folder=keyboard.folder, made=keyboard.made, data_keys=change.data_keys)
    before = {entry.number for entry in asked.entries()}
    done = asked.run(*name.split(), *change.arguments)
    new = [entry for entry in asked.entries() if entry.number not in before]
    noted = [entry for entry in new if entry.act == change.act]
    assert noted, (done.output, done.exception, [entry.act for entry in new])
    assert {(entry.by.name, entry.by.through) for entry in new} == {(getpass.getuser(), "command")}


@pytest.mark.parametrize("arguments", [("--yes",), ("--voice-only", "--yes")])
def test_the_entry_of_an_erasure_knows_its_tombstones_and_not_the_customer(
    keyboard: Keyboard, arguments: tuple[str, ...]
) -> None:
    assert keyboard.run("privacy", "erase", "K001", *arguments).exit_code == 0
    entry = keyboard.entries()[0]
    assert entry.act == ("voice.erased" if "--voice-only" in arguments else "customer.erased")
    assert entry.after["erasures"]
    said = json.dumps([entry.subject, entry.after, entry.note])
    assert "K001" not in said
    assert GIULIA.name not in said


def test_a_command_that_is_refused_leaves_no_entry(keyboard: Keyboard) -> None:
    before = keyboard.entries()
    assert keyboard.run("privacy", "erase", "K999", "--yes").exit_code == 1
    assert (
        keyboard.run("agent", "add", "anna", "--name", "Anna", "--address", "x", "--skill", "orders=9").exit_code == 1
    )
    assert keyboard.entries() == before


def test_changed_skills_are_noted_as_they_were_and_are(keyboard: Keyboard) -> None:
    added = keyboard.run("agent", "add", "luca", "--name", "Luca", "--address", "client:luca", "--skill", "orders=5")
    assert added.exit_code == 0, added.output
    entry = keyboard.entries()[0]
    assert (entry.act, entry.subject) == ("agent.changed", "agent luca")
    assert (entry.before["skills"]["orders"], entry.after["skills"]["orders"]) == (2, 5)


def _commands(group: click.Group, *above: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, *above, name)
        else:
            yield " ".join((*above, name))


def _the_checker_alone(begin: Callable[..., None]) -> Callable[..., None]:
    def beginning(self: Checks, _gates: object, **given: Any) -> None:
        begin(self, (), **{**given, "prepare": None})

    return beginning
