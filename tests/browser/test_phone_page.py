"""The phone pages in real Chromium: a microphone fed from a WAV file, typed words, the keypad, an agent who answers."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from ivr import audio
from tests.browser import accessible
from tests.live_line import GIULIA, LiveLine, live_line

CHROMIUM = Path("/usr/bin/chromium")
LIMIT_SECONDS = 20

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


@pytest.fixture
def live() -> Iterator[LiveLine]:
    with live_line() as opened:
        yield opened


def _open(chromium: Browser, address: str) -> tuple[Page, list[str]]:
    page = chromium.new_context(locale="it-IT").new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    # A broken content security policy is told on the console.
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(address)
    expect(page.locator("#state")).to_have_text("Pronto")
    return page, problems


def _wait(page: Page, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_SECONDS
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        page.wait_for_timeout(50)


def _loudness(live: LiveLine) -> float:
    return audio.loudness_dbfs(audio.ulaw_to_pcm(b"".join(frame for frame in live.frames if frame)))


def test_a_whole_call_by_microphone_by_typing_and_by_keys(chromium: Browser, live: LiveLine) -> None:
    page, problems = _open(chromium, f"{live.address}/phone")
    page.click("#call")
    expect(page.locator("#state")).to_have_text("In linea", timeout=10_000)
    expect(page.locator("#transcript")).to_contain_text("Buongiorno, in che cosa posso aiutarla?")
    expect(page.locator("#notices")).to_contain_text("il parlato in questa lingua non viene trasformato in parole")
    live.listen()
    _wait(page, lambda: len(live.frames) > 200)
    # The file's own loudness lies some dB under full scale; silence would be -90.
    assert _loudness(live) > -30

    page.fill("#say-text", "dov'è il mio ordine?")
    page.keyboard.press("Enter")
    expect(page.locator("#transcript .you")).to_contain_text("dov'è il mio ordine?")
    _wait(page, lambda: len(live.shop.heard) == 1)
    assert live.shop.heard[0]["SpeechResult"] == "dov'è il mio ordine?"

    page.locator("#keypad-fold").evaluate("fold => fold.open = true")
    page.click("[data-key='1']")
    _wait(page, lambda: len(live.shop.heard) == 2)
    page.locator("h1").click()
    page.keyboard.press("2")
    _wait(page, lambda: len(live.shop.heard) == 3)
    assert [heard["Digits"] for heard in live.shop.heard[1:]] == ["1", "2"]

    assert accessible.grave_now(page) == []
    page.click("#mute")
    live.frames.clear()
    _wait(page, lambda: len(live.frames) > 60)
    live.frames = live.frames[30:]
    assert _loudness(live) < -80

    page.click("#hang-up")
    expect(page.locator("#state")).to_have_text("Chiamata terminata")
    _wait(page, lambda: live.leg.status == "completed")
    assert accessible.grave_now(page) == []
    assert live.leg.from_ == GIULIA
    assert problems == []


def test_agents_page_rings_and_both_hear_each_other(chromium: Browser, live: LiveLine) -> None:
    agent, agents_problems = _open(chromium, f"{live.address}/agent-phone/anna")
    caller, callers_problems = _open(chromium, f"{live.address}/phone")
    caller.select_option("#to", "+39800")
    caller.click("#call")
    expect(agent.locator("#state")).to_have_text("Chiamata in arrivo", timeout=10_000)
    expect(agent.locator("#other")).to_contain_text(GIULIA)
    assert accessible.grave_now(agent) == []
    agent.click("#answer")
    expect(agent.locator("#state")).to_have_text("In linea")
    expect(caller.locator("#state")).to_have_text("In linea")
    agent.fill("#say-text", "Buongiorno, sono Anna.")
    agent.keyboard.press("Enter")
    expect(caller.locator("#transcript .party")).to_contain_text("Buongiorno, sono Anna.", timeout=10_000)
    assert accessible.grave_now(agent) == []
    live.listen()
    _wait(agent, lambda: len(live.frames) > 100)
    assert _loudness(live) > -30
    agent.click("#hang-up")
    expect(agent.locator("#state")).to_have_text("Chiamata terminata")
    expect(caller.locator("#state")).to_have_text("Chiamata terminata", timeout=10_000)
    assert agents_problems == callers_problems == []


def test_axe_finds_nothing_serious_on_the_lines_pages_before_any_call(chromium: Browser, live: LiveLine) -> None:
    page = chromium.new_page()
    for path in ("/", "/phone", "/agent-phone/anna"):
        for language in ("it", "en"):
            page.goto(f"{live.address}{path}?language={language}")
            assert page.evaluate("document.documentElement.lang") == language
            assert accessible.grave_now(page) == []
    page.close()


def test_agent_who_answers_automatically_needs_no_click(chromium: Browser, live: LiveLine) -> None:
    agent, problems = _open(chromium, f"{live.address}/agent-phone/anna?answer=auto")
    caller, _ = _open(chromium, f"{live.address}/phone")
    caller.select_option("#to", "+39800")
    caller.click("#call")
    expect(agent.locator("#state")).to_have_text("In linea", timeout=10_000)
    caller.context.close()
    expect(agent.locator("#state")).to_have_text("Chiamata terminata", timeout=10_000)
    assert problems == []


def test_page_without_microphone_says_so_and_calls_by_typing(chromium: Browser, live: LiveLine) -> None:
    page, _ = _open(chromium, f"{live.address}/phone")
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError')) }"
    )
    page.click("#call")
    expect(page.locator("#notices")).to_contain_text("Il microfono non è disponibile")
    page.fill("#say-text", "un operatore", timeout=10_000)
    page.click("#say-button")
    _wait(page, lambda: bool(live.shop.heard))
    assert live.shop.heard[0]["SpeechResult"] == "un operatore"


def test_page_fits_a_phone_without_scrolling_sideways(chromium: Browser, live: LiveLine) -> None:
    page, _ = _open(chromium, f"{live.address}/phone")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("#call")
    expect(page.locator("#state")).to_have_text("In linea", timeout=10_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(("hertz", "loudest_db", "quietest_db"), [(1000, 1, -1), (4300, -50, -200), (7000, -60, -200)])
def test_microphone_has_a_real_telephone_band_before_it_is_8_kilohertz(
    chromium: Browser, live: LiveLine, hertz: int, loudest_db: float, quietest_db: float
) -> None:
    page, _ = _open(chromium, f"{live.address}/phone")
    level = page.evaluate(
        """async (hertz) => {
          const { Resampler } = await import("/phone/static/telephone.js");
          const tone = Float32Array.from({ length: 48000 }, (_, at) => Math.sin((2 * Math.PI * hertz * at) / 48000));
          const heard = new Resampler(48000, 8000).process(tone).slice(800);
          return 10 * Math.log10((2 * heard.reduce((sum, sample) => sum + sample * sample, 0)) / heard.length);
        }""",
        hertz,
    )
    assert quietest_db < level < loudest_db


def test_pages_mu_law_is_the_services_mu_law(chromium: Browser, live: LiveLine) -> None:
    page, _ = _open(chromium, f"{live.address}/phone")
    samples = list(range(-32767, 32768, 311))
    encoded = page.evaluate(
        """async (samples) => {
          const { encodeSample } = await import("/phone/static/telephone.js");
          return samples.map((sample) => encodeSample(sample / 32767));
        }""",
        samples,
    )
    ours = audio.ulaw_to_pcm(audio.pcm_to_ulaw(np.array(samples, dtype="<i2").tobytes()))
    theirs = audio.ulaw_to_pcm(bytes(encoded))
    difference = np.abs(np.frombuffer(ours, dtype="<i2").astype(int) - np.frombuffer(theirs, dtype="<i2"))
    # Rounding may differ at a step's edge: by one step, which is a thirty-second of the sample.
    assert (difference <= np.abs(samples) / 16 + 8).all()
