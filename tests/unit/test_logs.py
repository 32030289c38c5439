"""Nothing that identifies a caller, and no word or key of theirs, is in a log."""

import io
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Engine

from ivr import trial
from ivr.line.script import Keys
from ivr.logs import Redacting, redact
from tests.telephone import build_house, talk


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that the service logs at DEBUG, as its own handler would print it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(Redacting())
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def test_log_of_a_whole_story_holds_no_words_keys_or_numbers(sqlite_engine: Engine, log: io.StringIO) -> None:
    house = build_house(sqlite_engine, log_level="DEBUG")
    house.agent_phone("client:anna")
    house.sign_in("anna")
    way = talk(
        "dalla voce",
        "sì va bene",
        "in ritardo?",
        Keys("2"),
        "bisogno",
        "voglio fare un reclamo",
        "quanto le",
        Keys("7"),
    )
    caller, leg = house.call(way, from_=trial.GIULIA)
    assert house.run_until(lambda: house.offer_to("anna") is not None, 90), caller.heard
    house.accept("anna")
    assert house.run_until(lambda: house.record(leg).conference_id is not None, 30)
    house.app.test_client().post(
        "/voice/start", data={"CallSid": leg.sid, "From": trial.GIULIA, "SpeechResult": "segreto"}
    )
    house.act(lambda desk, session, _now: desk.hang_up(session, agent_id="anna", call_id=leg.sid))
    assert house.run_until(lambda: caller.reason is not None, 60)
    house.close()
    text = log.getvalue()
    assert "refused a request" in text
    numbers = (trial.GIULIA, trial.GIULIA[1:], trial.GIULIA[3:], house.settings.line_number)
    words = ("va bene", "reclamo", "segreto", "Giulia", "Conti", "Digits", "SpeechResult")
    assert not [one for one in (*numbers, *words) if one in text]


def test_error_with_a_number_in_it_is_cut_too(log: io.StringIO) -> None:
    try:
        int("no number: +39 333 123 0001")
    except ValueError:
        logging.getLogger("ivr").exception("a part failed for %s", "+393331230001")
    assert "3331230001" not in log.getvalue().replace(" ", "")
    assert "…01" in log.getvalue()
    assert "ValueError" in log.getvalue()


@given(some.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_no_number_survives(number: str) -> None:
    assert number not in redact(f"from {number}, to sip:{number}@example.test")


def test_identifiers_of_the_carrier_stay() -> None:
    sid = "CA" + "12345678" * 4
    assert sid in redact(f"call {sid}")
