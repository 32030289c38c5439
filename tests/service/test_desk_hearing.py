"""How each turn was heard, on the desks: to unfold, the words as they come, and the caller's voice where it is kept."""

import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivr.accounts import store as accounts
from ivr.accounts.store import Added, Role
from ivr.calls import audio
from ivr.calls import store as calls
from ivr.customers import store as customers
from routing import dispatch
from tests.service import desks
from tests.service.desks import ADMIN, CALL, PASSWORD, SUPERVISOR, Browser, House

PCM = np.random.default_rng(8).integers(-9000, 9000, size=4000).astype("<i2").tobytes()
# The question whose answer is kept as sound: the story's second turn.
TURN = 2
DAYS = 30


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
def browser(house: House) -> Browser:
    return house.signed_in()


def unfolded(page: str, turn: int) -> str:
    """What stands in the fold of a turn, as a reader reads it."""
    found = re.search(rf'<details class="heard" id="heard-{turn}">(.*?)</details>', page, re.DOTALL)
    assert found is not None, f"turn {turn} cannot be unfolded"
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found[1])))


def consent(house: House, *, granted: bool = True) -> None:
    with house.sessions.begin() as session:
        customers.record_consent(
            session, customer_id="K0007", purpose=customers.CALL_AUDIO, granted=granted, wording="consent_audio",
            wording_version=1, language="it", call_id=CALL, now=house.clock(),
        )  # fmt: skip


def keep(house: House) -> bool:
    with house.sessions.begin() as session:
        return audio.keep(session, call_id=CALL, turn=TURN, pcm=PCM, now=house.clock(), days=DAYS)


def taken(house: House, browser: Browser) -> None:
    assert browser.send(f"/desk/offers/{house.offer()}/accept").status_code == 204


def address(desk: str = "desk", turn: int = TURN) -> str:
    return f"/{desk}/calls/{CALL}/audio/{turn}"


def test_each_turn_tells_how_it_was_heard_on_every_desk(house: House, browser: Browser) -> None:
    house.offer()
    for page in (browser.get("/desk").text, house.signed_in(ADMIN).get(f"/admin/calls/{CALL}").text):
        unsure = unfolded(page, 1)
        for wanted in (
            "Vosk",
            "incerto (62%)",
            "bollitore ? (incerto)",  # in words too: not by a colour alone
            "«sì ma guardi è la terza volta che chiamo il bollettino»",
            "Vosk, fra le parole attese · 40%",
            "dopo 1,3 s, sopra la voce della linea, che si è fermata",
            "6,2 s su 9,8 s di ascolto",
            "ha finito di parlare",
            "0,2 s di suono; messaggi arrivati tardi: 12",
        ):
            assert wanted in unsure, wanted
        assert "inutilizzabili" not in unsure
        assert "guardi ?" not in unsure
        carrier = unfolded(page, 2)
        for wanted in ("l'operatore telefonico", "sicuro (93%)", "5 calls are heard"):
            assert wanted in carrier, wanted
        assert "Perso sulla linea" not in carrier
        nothing = unfolded(page, 3)
        assert "linea muta: non arrivava più suono" in nothing
        assert "Ha iniziato a parlare" not in nothing
        assert "sicuro" not in nothing


def test_english_readers_read_it_in_english(house: House) -> None:
    browser = house.signed_in(ADMIN)
    browser.post("/account/language", {"language": "en"})
    told = unfolded(browser.get(f"/admin/calls/{CALL}").text, 1)
    for wanted in ("How it was heard", "unsure (62%)", "after 1.3 s", "had finished speaking", "Could also be"):
        assert wanted in told, wanted


def test_turn_of_before_hearing_was_kept_has_nothing_to_unfold(house: House) -> None:
    with house.sessions.begin() as session:
        for turn in calls.turns(session, CALL):
            turn.hearing = "{}"
    page = house.signed_in(ADMIN).get(f"/admin/calls/{CALL}").text
    assert "la terza volta che chiamo" in page
    assert '<details class="heard"' not in page


@pytest.mark.parametrize(
    "kept",
    [
        "rubbish",
        "[]",
        '{"by": null, "confidence": "high", "words": {"a": 1}, "alternatives": [1, {"by": "x"}], "ended": 7}',
        '{"words": [{"text": "<script>alert(1)</script>", "confidence": true}], "seconds": [], "late_messages": "many"}',
    ],
)
def test_whatever_is_kept_of_a_hearing_the_story_is_shown(house: House, kept: str) -> None:
    with house.sessions.begin() as session:
        for turn in calls.turns(session, CALL):
            turn.hearing = kept
    answer = house.signed_in(ADMIN).get(f"/admin/calls/{CALL}")
    assert answer.status_code == 200
    assert "la terza volta che chiamo" in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("page", ["/admin", f"/admin/calls/{CALL}"])
def test_words_are_shown_as_they_come_and_are_gone_when_the_turn_is_over(house: House, page: str) -> None:
    with house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.status = calls.IN_LINE
    stream = house.signed_in(ADMIN).get(f"{page}/events", buffered=False)
    chunks = stream.iter_encoded()
    next(chunks)
    assert "mi dica dov" not in shown(next(chunks))
    for words in ("mi dica dov'è", "mi dica dov'è il bollitore"):
        with house.sessions.begin() as session:
            assert calls.keep_words_so_far(session, call_id=CALL, turn=4, words=words)
        assert f"{words} …" in shown(next(chunks))
    with house.sessions.begin() as session:
        calls.keep_heard(session, call_id=CALL, turn=4, heard={"text": "mi dica dov'è il bollitore"})
    assert "mi dica" not in shown(next(chunks))
    stream.close()


def test_the_agent_who_has_the_call_sees_the_words_as_they_come(house: House, browser: Browser) -> None:
    """After the talk the caller is asked for the effort score, and the agent still has the call to write down."""
    taken(house, browser)
    with house.sessions.begin() as session:
        calls.keep_words_so_far(session, call_id=CALL, turn=4, words="direi due")
    assert "direi due …" in unescape(browser.get("/desk").text)
    with house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.status, call.ended_at = calls.ENDED, house.clock()
    assert "direi due" not in browser.get("/desk").text


def shown(chunk: bytes) -> str:
    return unescape(json.loads(chunk.decode().split("data: ")[1])["html"])


def test_without_consent_there_is_nothing_to_listen_to(house: House, browser: Browser) -> None:
    assert not keep(house)
    taken(house, browser)
    assert "<audio" not in browser.get("/desk").text
    assert browser.get(address()).status_code == 404
    assert house.signed_in(ADMIN).get(address("admin")).status_code == 404
    assert traces(house) == []


def test_the_agent_who_has_the_call_and_the_watchers_listen_and_each_time_is_noted(
    house: House, browser: Browser
) -> None:
    consent(house)
    assert keep(house)
    taken(house, browser)
    assert f'src="{address()}"' in browser.get("/desk").text
    watcher = house.signed_in(SUPERVISOR)
    assert f'src="{address("admin")}"' in watcher.get(f"/admin/calls/{CALL}").text
    assert traces(house) == []
    for answer in (browser.get(address()), watcher.get(address("admin"))):
        assert answer.status_code == 200
        assert answer.mimetype == "audio/flac"
        assert answer.headers["Cache-Control"] == "no-store"
        samples, _ = soundfile.read(io.BytesIO(answer.data), dtype="int16")
        assert samples.astype("<i2").tobytes() == PCM
    assert traces(house) == [{"by": "Giulia Ferri", "turn": TURN}, {"by": "Marta Conti", "turn": TURN}]
    story = watcher.get(f"/admin/calls/{CALL}").text
    assert "Giulia Ferri ha riascoltato la voce del cliente (turno 2)." in unescape(story)


def test_who_does_not_have_the_call_cannot_listen(house: House, browser: Browser) -> None:
    consent(house)
    keep(house)
    house.offer()
    # Offered, and not taken: it may still become somebody else's.
    assert "<audio" not in browser.get("/desk").text
    assert browser.get(address()).status_code == 404
    with house.sessions.begin() as session:
        added = accounts.add(
            session, email="luca@example.it", display_name="Luca Neri", role=Role.AGENT, password=PASSWORD,
            agent_id="luca", now=house.clock(),
        )  # fmt: skip
        assert isinstance(added, Added)
    assert house.signed_in("luca@example.it").get(address()).status_code == 404
    assert browser.get(address("admin")).status_code == 403
    assert house.signed_in(ADMIN).get(address()).status_code == 403  # who takes no calls has no desk
    assert house.browser().get(address()).status_code == 302
    assert traces(house) == []


def test_the_agent_cannot_listen_once_the_call_is_written_down(house: House, browser: Browser) -> None:
    consent(house)
    keep(house)
    taken(house, browser)
    with house.sessions.begin() as session:
        dispatch.connected(session, call_id=CALL, now=house.clock())
        dispatch.talk_ended(session, call_id=CALL, now=house.clock())
    assert browser.get(address()).status_code == 200
    assert browser.send(f"/desk/calls/{CALL}/finish", {"outcome": "solved"}).status_code == 204
    assert browser.get(address()).status_code == 404


@pytest.mark.parametrize("how", ["withdrawn", "over", "another turn"])
def test_what_is_no_longer_kept_cannot_be_listened_to(house: House, how: str) -> None:
    consent(house)
    keep(house)
    watcher = house.signed_in(SUPERVISOR)
    if how == "withdrawn":
        house.clock.forward(60)
        consent(house, granted=False)
    elif how == "over":
        house.clock.forward(timedelta(days=DAYS).total_seconds())
        watcher = house.signed_in(SUPERVISOR)
    assert watcher.get(address("admin", turn=TURN + (how == "another turn"))).status_code == 404
    if how != "another turn":
        assert "<audio" not in watcher.get(f"/admin/calls/{CALL}").text
    assert traces(house) == []


def traces(house: House) -> list[dict[str, object]]:
    with house.sessions() as session:
        return [json.loads(row.details) for row in calls.happenings(session, CALL) if row.kind == calls.LISTENED]
