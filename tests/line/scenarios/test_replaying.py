"""Past calls are replayed against a draft: only those of customers who agree, with what they said, and told by node."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ivr import database, trial
from ivr.calls.consented import HANG_UP, KEYS, SPEECH, PastCall, consented_calls
from ivr.customers import ledger
from ivr.line.script import HangUp, Keys
from ivr.trials import replay
from ivr.trials.replay import CallDiff, Replayed, Visit, Way
from ivr.trials.replay_runner import Replayer
from tests.databases import sqlite_database
from tests.line.scenarios.trying import trials_of, version_with
from tests.telephone import House, build_house, talk


def agree(house: House, customer_id: str, *, granted: bool = True) -> None:
    with database.session_factory(house.engine).begin() as session:
        ledger.record_consent(
            session, customer_id=customer_id, purpose=ledger.CONTACT_HISTORY, granted=granted,
            wording="consent_history", wording_version=1, language="it", call_id="CA" + "9" * 32, now=house.clock.now(),
        )  # fmt: skip


def past_calls(house: House) -> tuple[PastCall, ...]:
    with house.reading() as session:
        now = house.clock.now()
        return consented_calls(session, since=now - timedelta(days=7), until=now + timedelta(hours=1), most=50)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house in which Mario and Giulia have called; Mario agrees that it is remembered."""
    folder: Path = tmp_path_factory.mktemp("past")
    with sqlite_database(folder) as engine:
        house = build_house(engine)
        house.sign_in("anna")
        order = talk("aiutarla", "dov'è il mio ordine", "altro", Keys("5"), "da 1", Keys("2"))
        house.whole_call(order, from_=trial.MARIO).check()
        house.wait(60)
        house.whole_call(
            [*talk("aiutarla", Keys("8"), "Mi dica pure", Keys("1"), "altro"), HangUp()], from_=trial.MARIO
        )
        house.wait(60)
        house.whole_call([*talk("ritardo", "sì", "altro"), HangUp()], from_=trial.GIULIA)
        agree(house, "K002")
        yield house
        house.close()


def test_only_calls_of_customers_who_agree_are_opened(past: House) -> None:
    calls = past_calls(past)
    assert {call.customer_id for call in calls} == {"K002"}
    assert [[(one.node, one.kind) for one in call.answers] for call in calls] == [
        [("ask_request", KEYS), ("ask_request", KEYS), ("anything_else", HANG_UP)],
        [("ask_request", SPEECH), ("anything_else", KEYS), ("survey_line", KEYS)],
    ]
    assert "ordine" not in repr(calls)


def test_a_consent_that_was_withdrawn_closes_the_calls(past: House) -> None:
    agree(past, "K001")
    assert {call.customer_id for call in past_calls(past)} == {"K001", "K002"}
    agree(past, "K001", granted=False)
    assert {call.customer_id for call in past_calls(past)} == {"K002"}


def test_a_draft_that_says_the_same_changes_no_call(past: House) -> None:
    replayer = Replayer(trials=trials_of(past), now=version_with(), draft=version_with())
    diffs = list(replayer.replay_all(past_calls(past)))
    assert [(one.kind, one.end) for one in diffs] == [("same", "hung_up"), ("same", "served")]
    assert diffs[1].turns[-1].node == "goodbye"


def test_a_draft_that_leads_elsewhere_is_told_at_the_node(past: House) -> None:
    draft = version_with(say_shipped={"prompt": "order_delivered_once"})
    replayer = Replayer(trials=trials_of(past), now=version_with(), draft=draft)
    replayed = Replayed(calls=tuple(replayer.replay_all(past_calls(past))))
    assert (replayed.same, replayed.differ, replayed.broken) == (0, 2, 0)
    (group,) = replayed.groups
    assert (group.at, group.kind, group.calls) == ("anything_else", "prompt", 2)
    changed = replayed.calls[1].turns[1]
    assert (changed.prompts[0], changed.draft_prompts[0]) == ("order_shipped", "order_delivered_once")
    assert "Mario" not in repr(replayed.as_json())
    assert replay.replayed_from_json(replayed.as_json()) == replayed


def test_a_question_that_was_never_asked_ends_the_replay_there(past: House) -> None:
    draft = version_with(order_under_way={"outcomes": {"absent": "ask_order_number", "otherwise": "ask_order_number"}})
    replayer = Replayer(trials=trials_of(past), now=version_with(), draft=draft)
    diff = replayer.replay(past_calls(past)[1])
    assert (diff.kind, diff.at, diff.end, diff.draft_end) == ("node", "anything_else", "served", "lost")


def test_a_customer_who_is_gone_is_told_and_stops_nobody(past: House) -> None:
    replayer = Replayer(trials=trials_of(past), now=version_with(), draft=version_with())
    gone = replace(past_calls(past)[0], customer_id="K999")
    assert replayer.replay(gone).kind == "broken"


def way(*visits: tuple[str, str], end: str = "served", said: str = "") -> Way:
    return Way(visits=tuple(Visit(node=node, path=(node,), prompts=(key,), said=said) for node, key in visits), end=end)


@pytest.mark.parametrize(
    ("now", "draft", "kind", "at"),
    [
        (way(("a", "x")), way(("a", "x")), "same", ""),
        (way(("a", "x"), said="1"), way(("a", "x"), said="2"), "words", "a"),
        (way(("a", "x")), way(("a", "y")), "prompt", "a"),
        (way(("a", "x"), ("b", "x")), way(("a", "x"), ("c", "x")), "node", "b"),
        (way(("a", "x")), way(("a", "x"), ("c", "x")), "node", "c"),
        (way(("a", "x")), way(("a", "x"), end="agent"), "end", "a"),
    ],
)
def test_the_first_turn_that_differs_names_the_call(now: Way, draft: Way, kind: str, at: str) -> None:
    diff: CallDiff = replay.diff("CA1", now, draft)
    assert (diff.kind, diff.at) == (kind, at)
