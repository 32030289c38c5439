"""A trial touches nothing real: after any of them the company's database is what it was, and nothing has gone to the carrier."""

from collections.abc import Callable
from typing import Any

import pytest
from twilio.http import HttpClient

from ivr import database
from ivr.calls import store
from ivr.line.script import Keys
from ivr.trials.calling import HangUp, Press, Say, Silent, Wait
from ivr.trials.situations import Known, Setting, Situation
from routing import reports
from tests.line.trials.trying import live_version, trials_of, tried
from tests.telephone import House, talk

RETURN = (Say("no"), Say("no"), Say("vorrei fare un reso"), Say("1017"), Say("sì"), Silent())


class Overheard(HttpClient):
    """The way to the real carrier, which keeps what goes there."""

    def __init__(self, inner: HttpClient, sent: list[str]) -> None:
        super().__init__(logger=None, is_async=False)
        self._inner = inner
        self._sent = sent

    def request(self, method: str, url: str, *given: Any, **named: Any) -> Any:
        self._sent.append(f"{method} {url}")
        return self._inner.request(method, url, *given, **named)


@pytest.fixture
def sent() -> list[str]:
    return []


@pytest.fixture
def watched(new_house: Callable[..., House], sent: list[str]) -> House:
    house = new_house(carrier_http=lambda inner: Overheard(inner, sent))
    # A real call came before, so that there is something to be changed.
    house.whole_call(talk("aiutarla", Keys("1")), from_="+393331230002", limit_seconds=240)
    sent.clear()
    return house


def test_trials_leave_the_real_database_as_it_was_and_send_nothing(watched: House, sent: list[str]) -> None:
    before, file_before = watched.dump(), _file_of(watched)
    giuly = Known(customer_id="K001")
    opened_return = tried(watched, *RETURN, caller=giuly)
    consent = tried(watched, Say("sì"), caller=giuly)
    promised = tried(watched, Press("0"), Say("sì"), Silent(), agents=Situation.NOBODY)
    talked = tried(watched, Press("0"), Wait(45), Press("3"), caller=giuly)
    watched.wait(5)
    # Each of them has left something, and all of it elsewhere.
    assert [one.status for one in opened_return.messages] == ["accepted"]
    assert [one.kind for one in opened_return.cases] == ["return"]
    assert [one.kind for one in promised.cases] == ["callback"]
    assert any(fact["kind"] == "consent" for turn in consent.turns for fact in turn.facts)
    assert [one.outcome for one in talked.routed] == ["answered"]
    assert watched.dump() == before
    assert _file_of(watched) == file_before
    assert sent == []


def test_no_trial_is_on_the_board_or_in_reports(watched: House) -> None:
    with watched.reading() as session:
        calls, agents = store.recent_calls(session), reports.agents(session)
        waiting = reports.waiting_calls(session, watched.clock.now())
    with trials_of(watched).open_house(live_version(watched), Setting()) as opened, opened.begin() as call:
        call.take(Press("0"))
        with watched.reading() as session:
            assert store.live_calls(session) == ()
            assert reports.waiting_calls(session, watched.clock.now()) == waiting
            assert [one.call_id for one in store.recent_calls(session)] == [one.call_id for one in calls]
            assert reports.agents(session) == agents
        call.take(HangUp())


def test_two_houses_at_once_know_nothing_of_each_other(house: House) -> None:
    trials, version = trials_of(house), live_version(house)
    with (
        trials.open_house(version, Setting()) as one,
        trials.open_house(version, Setting()) as two,
        one.begin() as first,
        two.begin() as second,
    ):
        first.take(Press("0"))
        second.take(Say("dov'è il mio ordine"))
        with one.reading() as session:
            assert [row.call_id for row in store.recent_calls(session)] == [first.call_id]
        assert second.story.node == "ask_order_number"


def test_closed_house_leaves_no_file_behind(house: House) -> None:
    opened = trials_of(house).open_house(live_version(house), Setting(caller=Known(customer_id="K001")))
    folder = opened.folder
    assert any(folder.iterdir())
    opened.close()
    opened.close()
    assert not folder.exists()


def test_trials_records_are_sealed_with_keys_of_their_own(house: House) -> None:
    with trials_of(house).open_house(live_version(house), Setting(caller=Known(customer_id="K001"))) as opened:
        assert opened.settings.data_keys != house.settings.data_keys
        assert b"Giulia" not in (opened.folder / "trial.db").read_bytes()
        elsewhere = database.make_engine(opened.settings.database_url, house.settings.key_ring)
        elsewhere.dispose()


def _file_of(house: House) -> list[str]:
    """The database as SQL, row by row as it lies there."""
    with house.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        return list(raw.iterdump())
