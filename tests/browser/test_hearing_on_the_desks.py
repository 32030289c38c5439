"""How turns were heard, in real Chromium: unfolded by keyboard, kept open while words come, and the caller's voice that plays on.

The desks' house on a port of the loopback. Pictures of what people see are kept in build/pictures.
"""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from ivr.calls import audio
from ivr.calls import store as calls
from ivr.customers import store as customers
from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT, NARROW, PICTURES, WIDE
from tests.service import desks
from tests.service.desks import CALL, House

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]
# Long enough to be still playing when the page has changed twice.
SECONDS = 20


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path, clock=lambda: datetime.now(UTC), line_url="", offer_seconds=120) as opened:
        yield opened


@pytest.fixture
def address(house: House) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


class Reader:
    """Somebody at a page of theirs, with or without scripts."""

    def __init__(self, chromium: Browser, address: str, email: str, *, scripts: bool = True) -> None:
        context = chromium.new_context(locale="it-IT", viewport=WIDE, java_script_enabled=scripts)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(LIMIT)
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda told: self.problems.append(told.text) if told.type == "error" else None)
        self.page.goto(address)
        self.page.fill("[name=email]", email)
        self.page.fill("[name=password]", desks.PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("main [data-part]")

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        for size, suffix in ((WIDE, ""), (NARROW, "-narrow")):
            self.page.set_viewport_size(size)
            width = self.page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], f"{name} must be pushed sideways at {size['width']} pixels: {width}"
            self.page.screenshot(path=PICTURES / f"{name}{suffix}.png", full_page=True)
        self.page.set_viewport_size(WIDE)

    def leave(self) -> None:
        self.page.context.close()
        assert self.problems == []


def says(house: House, words: str) -> None:
    with house.sessions.begin() as session:
        assert calls.keep_words_so_far(session, call_id=CALL, turn=4, words=words)


def voice_is_kept(house: House) -> None:
    tone = (6000 * np.sin(np.arange(8000 * SECONDS) * 2 * np.pi * 440 / 8000)).astype("<i2").tobytes()
    with house.sessions.begin() as session:
        customers.record_consent(
            session, customer_id="K0007", purpose=customers.CALL_AUDIO, granted=True, wording="consent_audio",
            wording_version=1, language="it", call_id=CALL, now=house.clock(),
        )  # fmt: skip
        assert audio.keep(session, call_id=CALL, turn=1, pcm=tone, now=house.clock(), days=30)


@pytest.mark.timeout(240)
def test_an_admin_reads_how_a_turn_was_heard_while_the_caller_speaks_on(
    chromium: Browser, house: House, address: str
) -> None:
    voice_is_kept(house)
    admin = Reader(chromium, address, desks.ADMIN)
    says(house, "guardi aspetto da tre giorni")
    expect(admin.page.locator(".being-said-line")).to_contain_text("guardi aspetto da tre giorni …", timeout=LIMIT)
    admin.picture("hearing-live-calls")
    admin.page.click(".calls a")
    fold = admin.page.locator("#heard-1")
    expect(fold.locator("dl")).to_be_hidden()
    fold.locator("summary").focus()
    admin.page.keyboard.press("Enter")
    expect(fold.locator("dl")).to_contain_text("messaggi arrivati tardi: 12")
    expect(fold.locator(".unsure").first).to_contain_text("bollitore?")
    # The page changes twice a second while somebody speaks: what is open stays open, and the keyboard where it is.
    says(house, "guardi aspetto da tre giorni il bollitore")
    expect(admin.page.locator(".being-said")).to_contain_text("il bollitore …", timeout=LIMIT)
    expect(fold.locator("dl")).to_be_visible()
    assert admin.page.evaluate("document.activeElement.id") == "heard-1-sum"
    player = admin.page.locator("#audio-1")
    player.evaluate("player => player.play()")
    expect(admin.page.locator("#story")).to_contain_text("ha riascoltato la voce del cliente (turno 1)", timeout=LIMIT)
    says(house, "guardi aspetto da tre giorni il bollitore e nessuno chiama")
    expect(admin.page.locator(".being-said")).to_contain_text("nessuno chiama …", timeout=LIMIT)
    assert player.evaluate("player => !player.paused && player.currentTime > 0 && player.duration > 19")
    player.evaluate("player => player.pause()")
    admin.picture("hearing-story")
    # By its place on the whole page: a picture of the element alone has the page's header over it.
    place = admin.page.locator("#story .card").first.bounding_box()
    assert place is not None
    admin.page.screenshot(path=PICTURES / "desk-hearing.png", full_page=True, clip={**place})
    admin.leave()


@pytest.mark.timeout(240)
def test_an_agent_unfolds_it_without_scripts_and_sees_the_voice_only_with_the_call(
    chromium: Browser, house: House, address: str
) -> None:
    voice_is_kept(house)
    house.offer()
    agent = Reader(chromium, address, desks.AGENT, scripts=False)
    expect(agent.page.locator("audio")).to_have_count(0)
    agent.page.click("#heard-1 summary")
    expect(agent.page.locator("#heard-1 dl")).to_be_visible()
    agent.page.click("text=Accetta")
    agent.page.wait_for_selector("[data-phase=connecting]")
    expect(agent.page.locator("#audio-1")).to_have_count(1)
    agent.page.click("#heard-1 summary")
    agent.page.click("#heard-3 summary")
    expect(agent.page.locator("#heard-3 dl")).to_contain_text("linea muta")
    agent.picture("hearing-desk")
    agent.leave()
