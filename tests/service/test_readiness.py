"""No call is sent here before the models are in memory; a model that will never come holds up nobody."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from twilio.request_validator import RequestValidator

from ivr import database, trial
from ivr.app import create_app
from tests.listeners import korean_model
from tests.telephone import MONDAY_TEN, SERVICE, settings_for, understanding

STREAM = {"it": "stream", "en": "carrier"}
LIMIT_SECONDS = 60.0


@contextmanager
def service(engine: Engine, **settings: Any) -> Iterator[Flask]:
    database.upgrade(engine)
    with database.session_factory(engine).begin() as session:
        trial.make_company(session, password="una frase lunga per provare", now=MONDAY_TEN, today=MONDAY_TEN.date())
    chosen = settings_for("sqlite:///unused", listening=STREAM, **settings)
    yield create_app(chosen, engine=engine, understanding=understanding(), tick=False)


def checks(app: Flask) -> tuple[int, dict[str, bool]]:
    answer = app.test_client().get("/health/ready")
    assert answer.json is not None
    return answer.status_code, answer.json["checks"]


def first_document(app: Flask, call_id: str) -> str:
    sent = {"CallSid": call_id, "From": trial.MARIO, "To": "+390210420000", "CallStatus": "ringing"}
    signature = RequestValidator("the line's token in tests").compute_signature(f"{SERVICE}/voice/start", sent)
    headers = {"X-Twilio-Signature": str(signature)}
    return app.test_client().post("/voice/start", base_url=SERVICE, data=sent, headers=headers).text


def becomes(state: Callable[[], bool]) -> bool:
    until = time.monotonic() + LIMIT_SECONDS
    while not state() and time.monotonic() < until:
        time.sleep(0.05)
    return state()


def test_no_call_is_sent_here_until_the_model_is_in_memory_and_one_that_comes_is_the_carriers(
    sqlite_engine: Engine,
) -> None:
    with service(sqlite_engine, vosk_models={"it": korean_model()}) as app:
        status, while_loading = checks(app)
        assert (status, while_loading["speech_it"]) == (503, False)
        early = first_document(app, "CA" + "1" * 32)
        assert "<Gather" in early
        assert "<Stream" not in early
        assert becomes(lambda: checks(app)[0] == 200)
        assert checks(app)[1]["speech_it"]
        assert "<Stream" in first_document(app, "CA" + "2" * 32)


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_a_model_that_is_missing_or_broken_refuses_no_call(
    sqlite_engine: Engine, tmp_path: Path, folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "empty").mkdir()
    with caplog.at_level(logging.WARNING), service(sqlite_engine, vosk_models={"it": tmp_path / folder}) as app:
        assert becomes(lambda: checks(app)[0] == 200)
        assert "no recognition of our own for 'it'" in caplog.text
        assert "<Stream" not in first_document(app, "CA" + "1" * 32)
