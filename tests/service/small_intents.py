"""An installation with a dozen examples for each intent: its model is trained in a moment, and judged in some seconds."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from ivr.calls import store
from ivr.calls.store import Exchange
from ivr.calls.tables import Call
from ivr.customers import ledger
from ivr.customers.ledger import Answer, Asked, AskedBy
from ivr.intents.understanding import load_understanding
from tests.service import desks
from tests.service.desks import START, House

SHIPPED = Path("prompts")
EXAMPLES = 14


def small_folder(folder: Path) -> Path:
    """The shipped prompts and flow, with few phrases."""
    for file in SHIPPED.glob("*.yaml"):
        shutil.copy(file, folder / file.name)
    cards = yaml.safe_load((folder / "intents.yaml").read_text())
    for language in cards["languages"]:
        (folder / "intents" / language).mkdir(parents=True)
        for file in (SHIPPED / "intents" / language).glob("*.txt"):
            lines = file.read_text().splitlines()[:EXAMPLES]
            (folder / "intents" / language / file.name).write_text("\n".join(lines) + "\n")
    return folder


@contextmanager
def open_house(folder: Path, **given: Any) -> Iterator[House]:
    """The company of the desks' tests, with these intents."""
    prompts, models = folder / "prompts", folder / "models"
    prompts.mkdir()
    understanding = load_understanding(small_folder(prompts), None, cache_folder=models)
    with desks.open_house(
        folder, understanding=understanding, prompts_folder=prompts, text_encoder="none", **given
    ) as opened:
        yield opened


def keep_said(
    session: Session,
    call_id: str,
    *said: str,
    language: str = "it",
    customer_id: str | None = None,
    traces: tuple[tuple[str, str], ...] = (("repeated", "ask_request"),),
    at: datetime = START - timedelta(hours=1),
) -> None:
    """A call whose caller said this, and was understood in none of it."""
    store.add(
        session,
        Call(
            call_id=call_id, from_number="", to_number="", flow="shop", flow_version=1, listening="carrier",
            language=language, status=store.ENDED, started_at=at, ended_at=at, node="ask_request",
            customer_id=customer_id,
        ),
    )  # fmt: skip
    for turn, words in enumerate(said, start=1):
        exchange = Exchange(
            heard=words, keys="", intent="", confidence=None, ended="speech", node="ask_request", prompt="", facts=(),
            answer="", path=(), traces=traces,
        )  # fmt: skip
        store.add_turn(session, call_id, turn, exchange, at)


def consent(session: Session, customer_id: str, answer: Answer) -> None:
    """What a customer says to being remembered."""
    asked = Asked(by=AskedBy.LINE, channel=ledger.PHONE)
    ledger.record_answer(
        session, customer_id=customer_id, purpose=ledger.CONTACT_HISTORY, answer=answer, asked=asked, now=START
    )
