"""Keys from the command line: made, counted, rotated; and a service that has none of its own does not start."""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, insert, text

from biometrics.seals import about
from biometrics.tables import BackgroundVoice
from ivr import database, trial
from ivr.calls import store
from ivr.calls.tables import Call
from ivr.commands import main
from ivr.commands.trial_service import trial_settings
from ivr.customers import store as customers
from sealing.columns import use
from sealing.keys import KeyRing, SealBrokenError
from tests.keys import DATA_KEYS, key
from tests.telephone import MONDAY_TEN, PASSWORD

OLD, NEW = key("oldkey01"), key("newkey02")
GIULIA = "K001"


@dataclass(frozen=True)
class Terminal:
    """Runs commands on the database of a test."""

    url: str

    def run(self, *arguments: str, data_keys: str = DATA_KEYS) -> Result:
        environment = {
            "CENTRALINO_SECRET_KEY": "a key for the tests of the command line",
            "CENTRALINO_AUTH_TOKEN": "a token that must not be shown",
            "CENTRALINO_DATA_KEYS": data_keys,
            "CENTRALINO_DATABASE_URL": self.url,
            "COLUMNS": "200",
        }
        return CliRunner().invoke(main, list(arguments), env=environment)


@pytest.fixture
def terminal(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    # No settings file of whoever runs the tests.
    monkeypatch.chdir(tmp_path)
    return Terminal(engine.url.render_as_string(hide_password=False))


def fill(engine: Engine, keys: str) -> None:
    """The trial company, a call with a turn, and a voice."""
    ring = KeyRing.read(keys)
    use(engine, ring)
    database.upgrade(engine)
    with database.session_factory(engine).begin() as session:
        trial.make_company(session, password=PASSWORD, now=MONDAY_TEN, today=MONDAY_TEN.date())
        store.add(
            session,
            Call(
                call_id="CA1", from_number=trial.GIULIA, to_number="+390210420000", flow="shop", flow_version=1,
                listening="carrier", language="it", status="ended", started_at=MONDAY_TEN, ended_at=MONDAY_TEN, state="{}",
            ),
        )  # fmt: skip
        sealed = ring.seal(b"voice", about=about("background_voices", GIULIA))
        values = {"customer_id": GIULIA, "encoder": "line", "at": MONDAY_TEN, "sealed": sealed}
        session.execute(insert(BackgroundVoice), values)


def name_of(engine: Engine, keys: str, *, customer_id: str = GIULIA) -> str:
    use(engine, KeyRing.read(keys))
    with database.session_factory(engine)() as session:
        customer = customers.customer(session, customer_id)
        assert customer is not None
        return customer.name


def test_new_makes_a_key_that_the_settings_take_and_needs_none_itself(terminal: Terminal) -> None:
    made = terminal.run("keys", "new", data_keys="")
    assert made.exit_code == 0
    assert terminal.run("settings", data_keys=made.output.strip()).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [("database", "upgrade"), ("keys", "list"), ("keys", "rotate"), ("serve",), ("settings",)],
    ids=" ".join,
)
@pytest.mark.parametrize("data_keys", ["", "nonsense", "shortkey:AAAA"])
def test_without_keys_nothing_starts_and_the_sentence_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], data_keys: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = Terminal(f"sqlite:///{tmp_path / 'none.db'}").run(*arguments, data_keys=data_keys)
    assert refused.exit_code == 1
    assert "data_keys (CENTRALINO_DATA_KEYS)" in refused.output
    assert "centralino keys new" in refused.output
    assert not (tmp_path / "none.db").exists()


def test_a_trial_makes_its_own_keys_once_and_for_its_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    made, again = (trial_settings(folder=folder, port=5000, line_port=5050) for _ in range(2))
    assert made.key_ring.key_ids == again.key_ring.key_ids
    assert stat.S_IMODE((folder / "data_keys").stat().st_mode) == 0o600


def test_rotation_seals_everything_anew_and_says_when_the_old_key_may_go(engine: Engine, terminal: Terminal) -> None:
    fill(engine, OLD)
    before = terminal.run("keys", "list", data_keys=f"{NEW},{OLD}")
    assert before.exit_code == 0, before.output
    assert "is no longer needed" not in before.output
    rotated = terminal.run("keys", "rotate", data_keys=f"{NEW},{OLD}")
    assert rotated.exit_code == 0, rotated.output
    assert "oldkey01 is no longer needed here" in rotated.output
    after = terminal.run("keys", "list", data_keys=f"{NEW},{OLD}")
    assert "is no longer needed here" in after.output
    assert name_of(engine, NEW) == "Giulia Conti"
    with engine.connect() as connection:
        sealed = connection.scalar(text("SELECT sealed FROM background_voices"))
    assert KeyRing.read(NEW).open(bytes(sealed), about=about("background_voices", GIULIA)) == b"voice"


def test_a_key_that_is_still_needed_and_missing_is_said(engine: Engine, terminal: Terminal) -> None:
    fill(engine, OLD)
    shown = terminal.run("keys", "list", data_keys=NEW)
    assert "oldkey01" in shown.output
    assert "cannot be read" in shown.output
    rotated = terminal.run("keys", "rotate", data_keys=NEW)
    assert rotated.exit_code == 1
    assert "do not open" in rotated.output
    assert name_of(engine, OLD) == "Giulia Conti"


def in_plain(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET name = 'Mallory' WHERE customer_id = 'K002'"))


def moved(engine: Engine) -> None:
    with engine.begin() as connection:
        other = text("UPDATE customers SET name = (SELECT c.name FROM customers c WHERE c.customer_id = 'K001')")
        connection.execute(text(f"{other} WHERE customer_id = 'K002'"))


@pytest.mark.parametrize("forge", [in_plain, moved])
def test_neither_upgrading_nor_rotating_makes_a_forged_value_good(
    engine: Engine, terminal: Terminal, forge: Callable[[Engine], None]
) -> None:
    fill(engine, OLD)
    forge(engine)
    assert terminal.run("database", "upgrade", data_keys=f"{NEW},{OLD}").exit_code == 0
    rotated = terminal.run("keys", "rotate", data_keys=f"{NEW},{OLD}")
    assert rotated.exit_code == 1
    assert "1 values do not open" in rotated.output
    with pytest.raises(SealBrokenError):
        name_of(engine, f"{NEW},{OLD}", customer_id="K002")
    shown = terminal.run("keys", "list", data_keys=f"{NEW},{OLD}")
    assert (shown.exit_code == 1) == (forge is in_plain)
