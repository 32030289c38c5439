"""The phone page's socket against a real line on the real clock: what a page can do, and what it cannot."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from simple_websocket import Client, ConnectionClosed

from ivr import audio
from ivr.line.browser import Ears
from ivr.line.channel import QUALITIES
from ivr.synthesis import installed_voice, silent_voice
from tests.live_line import DESK, GIULIA, SHOP, LiveLine, live_line

LIMIT_SECONDS = 15
OPEN: list[Client] = []


@pytest.fixture(autouse=True)
def every_page_is_closed() -> Iterator[None]:
    yield
    while OPEN:
        try:
            OPEN.pop().close()
        except ConnectionClosed:
            continue


class Page:
    """A page without a browser: speaks the socket's protocol."""

    # The client library leaves the port out of Host, so that the own origin would not match: the desk's is allowed too.
    def __init__(self, live: LiveLine, *, agent: str = "", origin: str = DESK) -> None:
        address = live.address.replace("http", "ws") + "/phone/socket" + (f"?agent={agent}" if agent else "")
        self.socket = Client(address, headers={"Origin": origin})
        OPEN.append(self.socket)
        self.news: list[dict[str, Any]] = []
        self.sound = b""

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        end = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < end:
            message = self.socket.receive(timeout=0.5)
            if isinstance(message, bytes):
                self.sound += message
            elif message is not None:
                self.news.append(json.loads(message))
                if holds(self.news[-1]):
                    return self.news[-1]
        raise AssertionError(f"waited in vain, got {self.news}")

    def until_state(self, state: str) -> dict[str, Any]:
        return self.until(lambda news: news["type"] == "state" and news["state"] == state)

    def call(self, to: str = SHOP, from_: str = GIULIA, **extra: str) -> None:
        self.send(type="call", to=to, **{"from": from_}, language="it-IT", **extra)


@pytest.fixture
def live() -> Iterator[LiveLine]:
    with live_line() as opened:
        yield opened


def _wait(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_SECONDS
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_page_hears_the_prompt_as_text_and_as_sound(live: LiveLine) -> None:
    page = Page(live)
    page.call()
    heard = page.until(lambda news: news["type"] == "heard")
    assert (heard["text"], heard["source"]) == ("Buongiorno, in che cosa posso aiutarla?", "say")
    while len(page.sound) < audio.RATE_HZ * heard["seconds"]:
        page.sound += page.socket.receive(timeout=2)
    assert audio.loudness_dbfs(audio.ulaw_to_pcm(page.sound)) > -30
    assert (live.leg.from_, live.leg.to) == (GIULIA, SHOP)


def test_typed_words_are_said_aloud_and_recognised_as_typed(live: LiveLine) -> None:
    page = Page(live)
    page.call()
    page.until(lambda news: news["type"] == "heard")
    live.listen()
    page.send(type="say", text="dov'è il mio ordine?")
    assert page.until(lambda news: news["type"] == "said") == {
        "type": "said",
        "text": "dov'è il mio ordine?",
        "how": "typed",
    }
    page.until(lambda news: news["type"] == "heard")
    assert live.shop.heard[0]["SpeechResult"] == "dov'è il mio ordine?"
    if installed_voice().name:
        assert audio.loudness_dbfs(audio.ulaw_to_pcm(b"".join(live.frames))) > -35


def test_words_are_understood_without_a_synthesiser_too() -> None:
    with live_line(voice=silent_voice()) as live:
        page = Page(live)
        page.call()
        page.until(lambda news: news["type"] == "heard")
        page.send(type="say", text="buongiorno")
        _wait(lambda: bool(live.shop.heard))
        assert live.shop.heard[0]["SpeechResult"] == "buongiorno"


def test_page_chooses_the_quality_of_its_line(live: LiveLine) -> None:
    answer = requests.get(f"{live.address}/phone?language=en", timeout=LIMIT_SECONDS).text
    assert all(f'<option value="{name}"' in answer for name in QUALITIES)
    page = Page(live)
    page.call(quality="excellent")
    assert page.until(lambda news: news["type"] == "refused")["reason"] == "rubbish"
    page.call(quality="noisy")
    page.until_state("connected")
    live.listen()
    _wait(lambda: len(live.frames) > 25)
    # Nobody speaks: what the line hears are the people around, and hiss.
    assert -60 < audio.loudness_dbfs(audio.ulaw_to_pcm(b"".join(live.frames))) < -30


def test_line_that_was_started_with_a_quality_offers_it_first(live: LiveLine) -> None:
    live.line.exchange.quality = QUALITIES["bad_mobile"]
    answer = requests.get(f"{live.address}/phone?language=it", timeout=LIMIT_SECONDS).text
    assert '<option value="bad_mobile" selected>' in answer


def test_keys_reach_the_service(live: LiveLine) -> None:
    page = Page(live)
    page.call()
    page.until_state("connected")
    page.send(type="press", keys="0")
    _wait(lambda: bool(live.shop.heard))
    assert live.shop.heard[0]["Digits"] == "0"


def test_microphone_reaches_the_line_and_its_speech_is_recognised() -> None:
    pieces: list[tuple[float, str]] = []

    def recognise(ulaw: bytes, language: str) -> tuple[str, float]:
        pieces.append((audio.seconds_of_ulaw(ulaw), language))
        return "voglio un operatore", 0.7

    with live_line(ears=Ears(recognise=recognise, languages=frozenset({"it"}))) as live:
        page = Page(live)
        assert page.until(lambda news: news["type"] == "ready")["recognises"] == ["it"]
        page.send(type="microphone", on=True, language="it-IT")
        page.call()
        page.until(lambda news: news["type"] == "heard")
        live.listen()
        speech = installed_voice().speak("Voglio parlare con un operatore.", language="it-IT")
        if not installed_voice().name:
            pytest.skip("no synthesiser is installed to speak into the microphone")
        for frame in audio.frames_of_ulaw(speech + bytes([audio.ULAW_SILENCE]) * audio.RATE_HZ):
            page.socket.send(frame)
            time.sleep(0.02)
        said = page.until(lambda news: news["type"] == "said")
        assert said == {"type": "said", "text": "voglio un operatore", "how": "recognised"}
        _wait(lambda: bool(live.shop.heard))
        assert float(live.shop.heard[0]["Confidence"]) == 0.7
        assert pieces[0][1] == "it-IT"
        assert pieces[0][0] > 1
        assert audio.loudness_dbfs(audio.ulaw_to_pcm(b"".join(live.frames))) > -35


def test_page_that_is_closed_has_hung_up(live: LiveLine) -> None:
    page = Page(live)
    page.call()
    page.until_state("connected")
    page.socket.close()
    _wait(lambda: live.leg.status == "completed")


def test_page_that_hangs_up_is_told_the_end_and_can_call_again(live: LiveLine) -> None:
    page = Page(live)
    page.call()
    page.until_state("connected")
    page.send(type="hang_up")
    assert page.until_state("ended")["reason"] == "completed"
    page.call(from_="")
    page.until_state("connected")
    assert live.leg.from_ == "anonymous"


def test_agent_is_rung_answers_and_both_hear_each_others_words(live: LiveLine) -> None:
    anna, giulia = Page(live, agent="anna"), Page(live)
    anna.until_state("idle")
    giulia.call(to="+39800")
    assert anna.until_state("ringing")["from"] == GIULIA
    anna.send(type="answer")
    anna.until_state("connected")
    giulia.until_state("connected")
    anna.send(type="say", text="sono Anna")
    assert giulia.until(lambda news: news["type"] == "heard" and news["source"] == "party")["text"] == "sono Anna"
    giulia.send(type="hang_up")
    anna.until_state("ended")


def test_agent_who_declines_is_free_again(live: LiveLine) -> None:
    anna, giulia = Page(live, agent="anna"), Page(live)
    anna.until_state("idle")
    giulia.call(to="+39800")
    anna.until_state("ringing")
    anna.send(type="decline")
    assert anna.until_state("ended")["reason"] == "busy"


def test_agent_in_a_call_is_busy_for_the_next_one(live: LiveLine) -> None:
    anna, giulia, marco = Page(live, agent="anna"), Page(live), Page(live)
    anna.until_state("idle")
    giulia.call(to="+39800")
    anna.until_state("ringing")
    anna.send(type="answer")
    giulia.until_state("connected")
    marco.call(to="+39800")
    marco.until_state("ended")
    assert any(entry.what == "status" and entry.detail == "busy" for entry in live.line.log)
    assert [news["state"] for news in anna.news if news["type"] == "state"] == ["idle", "ringing", "connected"][:2]
    giulia.send(type="hang_up")
    anna.until_state("ended")


def test_second_window_of_an_agent_takes_the_phone_over(live: LiveLine) -> None:
    first = Page(live, agent="anna")
    first.until_state("idle")
    second = Page(live, agent="anna")
    second.until_state("idle")
    assert first.until(lambda news: news["type"] == "refused")["reason"] == "taken_over"
    first.socket.close()
    giulia = Page(live)
    giulia.call(to="+39800")
    second.until_state("ringing")


@pytest.mark.parametrize(
    "rubbish",
    [
        "no JSON",
        "[]",
        "{}",
        '{"type": "fly"}',
        '{"type": "press", "keys": "A"}',
        '{"type": "press", "keys": ""}',
        '{"type": "say", "text": 7}',
        json.dumps({"type": "say", "text": "x" * 501}),
        '{"type": "microphone", "on": "yes", "language": "it-IT"}',
        '{"type": "call", "to": "+390501234567", "language": "<script>"}',
        b"",
        b"\xff" * 161,
        b"\xff" * 160 * 51,
    ],
)
def test_rubbish_is_refused_and_the_page_stays_usable(live: LiveLine, rubbish: str | bytes) -> None:
    page = Page(live)
    page.socket.send(rubbish)
    assert page.until(lambda news: news["type"] == "refused")["reason"] == "rubbish"
    page.call()
    page.until_state("connected")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"type": "call", "to": "+3999", "language": "it-IT"}, "unknown_number"),
        ({"type": "call", "to": SHOP, "from": "mia nonna", "language": "it-IT"}, "own_number"),
        ({"type": "say", "text": "pronto"}, "no_call"),
        ({"type": "hang_up"}, "no_call"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(live: LiveLine, message: dict[str, str], reason: str) -> None:
    page = Page(live)
    page.send(**message)
    assert page.until(lambda news: news["type"] == "refused")["reason"] == reason


def test_second_call_on_one_page_is_refused(live: LiveLine) -> None:
    page = Page(live)
    page.call()
    page.call()
    assert page.until(lambda news: news["type"] == "refused")["reason"] == "busy"


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "", "http://127.0.0.1:9"])
def test_foreign_page_does_not_get_the_socket(live: LiveLine, origin: str) -> None:
    assert _handshake(live, "/phone/socket", origin=origin) == 403


def test_desk_of_the_service_may_use_the_socket_and_frame_the_agents_phone(live: LiveLine) -> None:
    Page(live, origin=DESK).until_state("idle")
    policy = requests.get(f"{live.address}/agent-phone/anna", timeout=5).headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {DESK}" in policy
    assert "unsafe-inline" not in policy


def test_page_called_by_a_foreign_name_is_refused(live: LiveLine) -> None:
    assert requests.get(f"{live.address}/phone", headers={"Host": "evil.test"}, timeout=5).status_code == 403


@pytest.mark.parametrize(
    ("token", "given", "status"), [("", "", 403), ("", "x", 403), ("secret", "x", 403), ("secret", "secret", 200)]
)
def test_another_computer_needs_the_token(token: str, given: str, status: int) -> None:
    with live_line(token=token) as live:
        client = live.app.test_client()
        answer = client.get(
            f"/phone?token={given}", environ_base={"REMOTE_ADDR": "192.0.2.7"}, base_url="http://line.test"
        )
        assert answer.status_code == status
        if status == 200:
            again = client.get("/phone", environ_base={"REMOTE_ADDR": "192.0.2.7"}, base_url="http://line.test")
            assert again.status_code == 200


@pytest.mark.parametrize(
    ("accepts", "words"), [("it", "La linea locale"), ("en-GB", "The local line"), ("fr", "La linea locale")]
)
def test_line_explains_itself_in_the_readers_language(live: LiveLine, accepts: str, words: str) -> None:
    assert words in requests.get(live.address, headers={"Accept-Language": accepts}, timeout=5).text


def test_caller_page_offers_the_numbers_and_the_customers(live: LiveLine) -> None:
    page = requests.get(f"{live.address}/phone", timeout=5).text
    assert SHOP in page
    assert "Giulia Rossi" in page


@pytest.mark.parametrize("path", ["/agent-phone/%3Cscript%3E", "/phone?agent=a%20b"])
def test_agent_name_that_is_no_address_is_not_found(live: LiveLine, path: str) -> None:
    assert requests.get(live.address + path, timeout=5).status_code == 404


def test_socket_of_an_agent_whose_name_is_no_address_is_not_found(live: LiveLine) -> None:
    assert _handshake(live, "/phone/socket?agent=a%20b", origin=live.address) == 404


def _handshake(live: LiveLine, path: str, *, origin: str) -> int:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "A" * 22 + "==",
    }
    return requests.get(live.address + path, headers={**upgrade, "Origin": origin}, timeout=5).status_code
