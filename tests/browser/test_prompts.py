"""The page on prompts in real Chromium: found, edited with chips, heard, recorded and saved, without the page being reloaded."""

import io
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Locator, Page, expect
from werkzeug.serving import make_server

from ivr.audit.store import Actor
from ivr.editing import drafts
from ivr.editing.drafts import Change
from ivr.synthesis import Pico, Speaker
from tests.browser import accessible
from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT, wait
from tests.browser.test_hearing_on_the_desks import Reader
from tests.service import desks
from tests.service.desks import House

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


# The seconds and the loudest sample of what was played.
HEARD = re.compile(r"^\d+\.\d+ \d+\.\d+$")


@dataclass(frozen=True, kw_only=True)
class Open:
    """A house that is served."""

    house: House
    address: str

    def said(self, key: str, language: str = "it") -> dict[str, object]:
        """What the draft says."""
        with self.house.sessions() as session:
            documents = drafts.draft(session, now=datetime.now(UTC)).documents
        wording: dict[str, object] = documents.prompts["prompts"][key].get(language, {})
        return wording


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    folder = tmp_path_factory.mktemp("prompts")
    with desks.open_house(folder, clock=lambda: datetime.now(UTC), line_url="") as house:
        server = make_server("127.0.0.1", 0, house.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Open(house=house, address=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


@pytest.fixture
def paolo(chromium: Browser, served: Open) -> Iterator[Reader]:
    reader = Reader(chromium, served.address, desks.ADMIN)
    reader.page.goto(f"{served.address}/admin/prompts")
    expect(reader.page.locator("#rows tr").first).to_be_visible(timeout=LIMIT)
    # A page that reloads forgets this.
    reader.page.evaluate("window.neverReloaded = true")
    yield reader
    assert reader.page.evaluate("window.neverReloaded") is True
    reader.leave()


def open_prompt(page: Page, key: str) -> Locator:
    """Open a prompt in the editor; gives its Italian column."""
    page.evaluate("key => { location.hash = key; }", key)
    expect(page.locator("#editor-title")).to_have_text(key, timeout=LIMIT)
    return page.locator("#editor .languages > section").first


def saved(page: Page) -> None:
    expect(page.locator("#editor [data-show=state]")).to_have_text("Salvato nella bozza.", timeout=LIMIT)


@pytest.mark.timeout(300)
def test_a_prompt_is_found_by_keyboard_edited_with_chips_heard_and_saved(paolo: Reader, served: Open) -> None:
    page = paolo.page
    page.keyboard.press("/")
    page.keyboard.type("ordine RITARDO chiama")
    expect(page.locator("#count")).to_contain_text("1 di")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#editor-title")).to_have_text("is_it_late_order")
    column = page.locator("#editor .languages > section").first
    text = column.locator(".chips").first
    expect(text.locator(".chip")).to_have_count(1)

    # One key takes the whole chip out, another brings it back; half of it never stands there.
    text.focus()
    page.keyboard.press("End")
    for _ in range(len(", che è in ritardo?")):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Backspace")
    expect(text.locator(".chip")).to_have_count(0)
    expect(column.locator("[data-show=measured]").first).not_to_contain_text("uno zero")
    page.keyboard.press("Control+z")
    expect(text.locator(".chip")).to_have_count(1)
    page.keyboard.press("End")
    page.keyboard.type(" Ordine {order_number:digits}, sì?")
    expect(text.locator(".chip")).to_have_count(2)
    expect(column.locator("[data-show=measured]").first).to_contain_text("uno zero, quattro due, sì?", timeout=LIMIT)

    # It is heard before it is saved, and is no silence.
    column.locator("[data-do=hear]").first.click()
    expect(column.locator(".field").first).to_have_attribute("data-heard", HEARD, timeout=LIMIT)
    seconds, peak = map(float, str(column.locator(".field").first.get_attribute("data-heard")).split())
    assert seconds > 3
    assert peak > 0.1

    text.focus()
    page.keyboard.press("End")
    page.keyboard.type("<b>")
    expect(column.locator("[data-show=problem]").first).to_contain_text("Carattere", timeout=LIMIT)
    for _ in range(3):
        page.keyboard.press("Backspace")
    expect(column.locator("[data-show=problem]").first).to_be_empty(timeout=LIMIT)
    paolo.picture("prompts-editor")
    page.keyboard.press("Control+s")
    saved(page)
    assert str(served.said("is_it_late_order")["text"]).endswith("in ritardo? Ordine {order_number:digits}, sì?")
    page.keyboard.press("Escape")
    expect(page.locator("tr[data-key=is_it_late_order]")).to_be_focused()
    expect(page.locator("tr[data-key=is_it_late_order] .said")).to_contain_text("sì?")
    page.fill("#find", "")
    paolo.picture("prompts")
    assert paolo.problems == []


@pytest.mark.timeout(300)
def test_what_is_typed_in_one_prompt_stays_while_another_is_looked_at(paolo: Reader, served: Open) -> None:
    page = paolo.page
    column = open_prompt(page, "consent_thanks")
    column.locator(".chips").first.focus()
    page.keyboard.press("End")
    page.keyboard.type(" Molto gentile.")
    open_prompt(page, "greeting")
    column = open_prompt(page, "consent_thanks")
    expect(column.locator(".chips").first).to_have_text("Grazie. Molto gentile.")
    assert served.said("consent_thanks")["text"] == "Grazie."
    page.click("[data-do=revert]")
    expect(column.locator(".chips").first).to_have_text("Grazie.")


@pytest.mark.timeout(300)
def test_a_recording_is_spoken_into_the_browser_or_uploaded_and_heard(
    paolo: Reader, served: Open, tmp_path: Path
) -> None:
    page = paolo.page
    column = open_prompt(page, "consent_thanks")
    told = column.locator("[data-show=recording-state]")
    column.locator("[data-do=record]").click()
    meter = column.locator("[data-show=meter]")
    # The microphone's file speaks: the meter moves.
    wait(paolo, lambda: meter.evaluate("meter => meter.value") > -30, "the microphone's level never moved")
    page.wait_for_timeout(1500)
    paolo.picture("prompts-recording")
    column.locator("[data-do=record]").click()
    expect(told).to_contain_text("come la linea", timeout=LIMIT)
    page.keyboard.press("Control+s")
    saved(page)
    first = served.said("consent_thanks")["recording"]
    assert str(first).startswith("sha256:")
    column.locator("[data-do=play-recording]").click()
    expect(column).to_have_attribute("data-heard", HEARD, timeout=LIMIT)
    seconds, peak = map(float, str(column.get_attribute("data-heard")).split())
    assert seconds > 1
    assert peak > 0.1

    spoken = tmp_path / "grazie.wav"
    pcm, rate_hz = Pico().pcm("Grazie mille.", language="it-IT", speaker=Speaker.LINE)
    soundfile.write(spoken, np.frombuffer(pcm, dtype="<i2"), rate_hz)
    column.locator("input[type=file]").set_input_files(spoken)
    expect(told).to_contain_text("come la linea", timeout=LIMIT)
    page.keyboard.press("Control+s")
    saved(page)
    assert served.said("consent_thanks")["recording"] != first

    silent = io.BytesIO()
    soundfile.write(silent, np.zeros(16000), 16000, format="WAV")
    column.locator("input[type=file]").set_input_files(
        {"name": "muta.wav", "mimeType": "audio/wav", "buffer": silent.getvalue()}
    )
    expect(told).to_contain_text("muta", timeout=LIMIT)
    # The refusal of the silent file, which the browser writes on its console.
    (refused,) = paolo.problems
    assert "422" in refused
    paolo.problems.clear()


@pytest.mark.timeout(300)
def test_a_second_wording_is_tried_and_its_result_said_only_when_there_is_one(paolo: Reader, served: Open) -> None:
    page = paolo.page
    column = open_prompt(page, "how_can_we_help")
    column.locator("[data-do=try]").check()
    second = column.locator("[data-show=alternative-text] .chips")
    second.fill("Che cosa le serve?")
    column.locator("[data-do=share]").fill("30")
    page.keyboard.press("Control+s")
    saved(page)
    assert served.said("how_can_we_help")["alternative"] == {"text": "Che cosa le serve?", "share": 30}
    expect(column.locator("[data-show=verdict]")).to_contain_text("servono altre 100 chiamate", timeout=LIMIT)
    paolo.picture("prompts-tried")


@pytest.mark.timeout(300)
def test_two_admins_who_edit_the_same_words_get_both_and_lose_none(paolo: Reader, served: Open) -> None:
    page = paolo.page
    column = open_prompt(page, "tell_us_then")
    column.locator(".chips").first.fill("Certo. Di cosa ha bisogno oggi?")
    # Somebody else has saved the same prompt meanwhile.
    place = ("prompts", "prompts", "tell_us_then", "it", "text")
    theirs = Change(place=place, before="Certo. Di cosa ha bisogno?", after="Va bene. Di cosa ha bisogno?")
    with served.house.sessions.begin() as session:
        drafts.edit(session, [theirs], by=Actor(name="Marta"), now=datetime.now(UTC))
    page.keyboard.press("Control+s")
    dialog = page.locator("#draft-merge")
    expect(dialog).to_be_visible(timeout=LIMIT)
    expect(dialog).to_contain_text("Va bene")
    paolo.picture("prompts-merge")
    page.click("#draft-merge button[value=save]")
    saved(page)
    expect(column.locator(".chips").first).to_have_text("Va bene. Di cosa ha bisogno oggi?")
    assert served.said("tell_us_then")["text"] == "Va bene. Di cosa ha bisogno oggi?"
    # The conflict, which the browser writes on its console.
    (refused,) = paolo.problems
    assert "409" in refused
    paolo.problems.clear()


@pytest.mark.timeout(300)
def test_axe_finds_nothing_grave_in_the_editor(paolo: Reader) -> None:
    try:
        source = accessible.axe_source()
    except accessible.AxeMissingError as error:
        pytest.skip(str(error))
    for key in ("is_it_late_order", "how_can_we_help", "code_text"):
        open_prompt(paolo.page, key)
        assert not accessible.axe_problems(paolo.page, source)
