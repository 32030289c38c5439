"""The supervisor's board over the real application: what it shows, what it sends, and what each act changes."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from ivr.calls import callbacks
from ivr.calls import store as calls
from routing import dispatch, reports, store
from routing.agents import AgentEvent, AgentState
from routing.queues import Queue
from routing.skills import Requirements
from tests.service import desks
from tests.service.desks import CALL, SUPERVISOR, Browser, House

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("board")) as house:
        yield house


@pytest.fixture
def house(opened: House) -> Iterator[House]:
    """One house for all tests: each begins with nobody waiting and everybody off."""
    with opened.sessions.begin() as session:
        now = opened.clock()
        for line in reports.waiting_calls(session, now):
            dispatch.withdraw(session, call_id=line.call_id, reason="another test", now=now)
        for agent in reports.agents(session):
            dispatch.set_state(session, agent_id=agent.agent_id, event=AgentEvent.SIGN_OFF, now=now)
    return opened


@pytest.fixture
def marta(house: House) -> Browser:
    return house.signed_in(SUPERVISOR)


def waits(house: House, call_id: str, skill: str = "recovery", level: int = 2, priority: int = 0) -> None:
    with house.sessions.begin() as session:
        asked = Requirements(skill=skill, level=level, languages=("it",))
        dispatch.enqueue(session, call_id=call_id, requirements=asked, now=house.clock(), priority=priority, again=True)


def state_of(house: House, agent_id: str) -> AgentState:
    with house.sessions() as session:
        found = reports.state_of(session, agent_id)
    assert found is not None
    return found.state


def queue_of(house: House) -> list[str]:
    with house.sessions() as session:
        return [line.call_id for line in reports.waiting_calls(session, house.clock())]


def events(stream: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for chunk in stream.iter_encoded():
        told = chunk.decode()
        if told.startswith("event: "):
            name, _, content = told.partition("\n")
            yield name.removeprefix("event: "), json.loads(content.removeprefix("data: "))


def test_the_board_shows_who_waits_who_is_there_and_what_needs_an_act(house: House, marta: Browser) -> None:
    waits(house, CALL)
    house.clock.forward(30)
    page = marta.get("/admin/board").text
    assert "Chiara Moretti" in page
    assert "Giulia" in page
    assert "nessun agente" in page
    assert 'data-row="giulia"' in page


def test_the_stream_sends_only_the_rows_that_changed(house: House, marta: Browser) -> None:
    stream = marta.get("/admin/board/events", buffered=False)
    told = events(stream)
    first = [next(told) for _ in range(4)]
    assert [content["region"] for _, content in first] == ["numbers", "alerts", "queues", "agents"]
    assert {name for name, _ in first} == {"part", "rows"}
    with house.sessions.begin() as session:
        dispatch.set_state(session, agent_id="sara", event=AgentEvent.STEP_AWAY, now=house.clock(), away_reason="break")
    rows = next(content for name, content in told if name == "rows" and content["region"] == "agents")
    assert list(rows["rows"]) == ["sara"]
    assert "order" not in rows
    waits(house, CALL)
    rows = next(content for name, content in told if name == "rows" and content["region"] == "waiting")
    assert list(rows["rows"]) == [CALL]
    with house.sessions.begin() as session:
        dispatch.withdraw(session, call_id=CALL, reason="gone", now=house.clock())
    rows = next(content for name, content in told if name == "rows" and content["region"] == "waiting")
    assert rows["gone"] == [CALL]
    stream.close()


def test_words_come_to_the_board_as_they_are_said(house: House, marta: Browser) -> None:
    with house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.status = calls.IN_LINE
        assert calls.keep_words_so_far(session, call_id=CALL, turn=4, words="aspetto da tre giorni")
    assert "aspetto da tre giorni" in marta.get("/admin/board").text
    with house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.status = calls.WAITING


def test_a_hundred_viewers_cost_the_database_what_one_does(house: House, marta: Browser) -> None:
    marta.get("/admin/board")
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "routing_agent_skills" in statement:
            asked.append(statement)

    event.listen(house.engine, "before_cursor_execute", note)
    shared = house.app.extensions["centralino.board"]
    with ThreadPoolExecutor(100) as pool:
        looks = list(pool.map(lambda _: shared.now(), range(100)))
    event.remove(house.engine, "before_cursor_execute", note)
    assert {one.number for one in looks} == {looks[0].number}
    # Each look takes a quarter of a second with its pause: whoever asks meanwhile shares the next one.
    assert len(asked) < 20


class TestActs:
    def test_a_call_is_put_first(self, house: House, marta: Browser) -> None:
        waits(house, "CA1")
        house.clock.forward(10)
        waits(house, "CA2")
        assert queue_of(house) == ["CA1", "CA2"]
        assert marta.send("/admin/board/calls/CA2/move", {"to": "first"}).status_code == 204
        assert queue_of(house) == ["CA2", "CA1"]
        assert marta.send("/admin/board/calls/CA2/move", {"to": "first"}).status_code == 204

    def test_a_call_is_given_to_one_agent(self, house: House, marta: Browser) -> None:
        waits(house, "CA3", level=5)
        with house.sessions.begin() as session:
            dispatch.heartbeat(session, agent_id="sara", now=house.clock())
            dispatch.set_state(session, agent_id="sara", event=AgentEvent.READY, now=house.clock())
        assert marta.send("/admin/board/calls/CA3/move", {"to": "agent:nobody"}).status_code == 404
        with house.sessions.begin() as session:
            store.save_queue(session, Queue(queue_id="general"), by="1", version=0, now=house.clock())
        assert marta.send("/admin/board/calls/CA3/move", {"to": "agent:sara"}).status_code == 204
        with house.sessions() as session:
            row = store.call_row(session, "CA3")
            assert row is not None
            assert row.requirements["only_agent_id"] == "sara"

    @pytest.mark.parametrize("to", ["", "agent:", "somewhere", "queue:", "x" * 200])
    def test_a_call_is_not_moved_to_nowhere(self, house: House, marta: Browser, to: str) -> None:
        waits(house, "CA4")
        assert marta.send("/admin/board/calls/CA4/move", {"to": to}).status_code == 400

    def test_skills_are_changed_and_it_is_kept_who_did(self, house: House, marta: Browser) -> None:
        form = {"skill": "recovery", "level.recovery": "4", "basis.recovery": "corso di maggio", "language": "it"}
        assert marta.send("/admin/board/agents/sara/skills", form).status_code == 204
        with house.sessions() as session:
            agent = reports.state_of(session, "sara")
            assert agent is not None
            assert agent.skills == {"recovery": 4}
            # What the level rests on stands in the sheet, so that saving again loses nothing.
            assert "corso di maggio" in marta.get("/admin/board/agents/sara").text
            (change, *_) = store.changes(session, what="skills:sara")
            assert change.by != ""

    @pytest.mark.parametrize(
        "form",
        [
            {"skill": "recovery", "level.recovery": "9", "language": "it"},
            {"skill": "recovery", "level.recovery": "-1", "language": "it"},
            {"skill": "recovery", "level.recovery": "x", "language": "it"},
            {"skill": "recovery", "level.recovery": "3"},
            {"new_skill": "s" * 100, "new_level": "2", "language": "it"},
        ],
    )
    def test_skills_that_are_none_are_refused(self, marta: Browser, form: dict[str, str]) -> None:
        assert marta.send("/admin/board/agents/sara/skills", form).status_code == 400

    def test_a_state_is_forced_with_a_reason_and_a_confirmation(self, house: House, marta: Browser) -> None:
        with house.sessions.begin() as session:
            dispatch.heartbeat(session, agent_id="sara", now=house.clock())
            dispatch.set_state(session, agent_id="sara", event=AgentEvent.READY, now=house.clock())
        form = {"state": "away", "reason": "break"}
        assert marta.send("/admin/board/agents/sara/state", form).status_code == 400
        assert state_of(house, "sara") is AgentState.AVAILABLE
        assert marta.send("/admin/board/agents/sara/state", {"state": "away", "confirmed": "1"}).status_code == 400
        assert marta.send("/admin/board/agents/sara/state", {**form, "confirmed": "1"}).status_code == 204
        assert state_of(house, "sara") is AgentState.AWAY
        with house.sessions() as session:
            assert store.changes(session, what="state:sara")

    def test_the_sheet_says_why_nobody_takes_a_call(self, house: House, marta: Browser) -> None:
        waits(house, CALL)
        sheet = marta.get(f"/admin/board/calls/{CALL}").text
        assert "Nessuno può prendere" in sheet
        assert "Messa per prima" not in sheet
        bare = marta.get("/admin/board/agents/giulia", headers={"X-Centralino-Script": "1"}).text
        assert "<html" not in bare
        assert 'name="confirmed"' in bare
        assert marta.get("/admin/board/agents/nobody").status_code == 404
        assert marta.get("/admin/board/calls/nothing").status_code == 404

    def test_who_has_no_telephone_must_name_one_to_listen(self, marta: Browser) -> None:
        assert marta.send(f"/admin/board/calls/{CALL}/supervise", {"mode": "listen"}).status_code == 409
        assert marta.send(f"/admin/board/calls/{CALL}/supervise", {"mode": "shout", "number": "1"}).status_code == 400


def test_a_late_call_needs_an_act(house: House, marta: Browser) -> None:
    waits(house, CALL)
    house.clock.now += timedelta(minutes=2)
    assert "needs-act" in marta.get("/admin/board").text


def test_a_callback_stands_in_the_list_with_its_name_and_its_time(house: House, marta: Browser) -> None:
    with house.sessions.begin() as session:
        callbacks.schedule(
            session, call_id=None, customer_id="K0007", number="+393331234567", due_at=house.clock() + timedelta(hours=1),
            agent_id=None, note="", now=house.clock(),
        )  # fmt: skip
    page = marta.get("/admin/board").text
    assert "Chiara Moretti" in page
    assert "alle 11:3" in page  # nine and a half in UTC, an hour later, in Rome
