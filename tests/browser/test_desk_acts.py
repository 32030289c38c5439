"""An agent's acts in real Chromium: nothing typed is lost, keys stay quiet while writing, clicks count once, two tabs agree.

The desks' house on a port of the loopback; only the telephone network is a stand-in. Pictures are kept in build/pictures.
"""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from ivr.calls import store as calls
from ivr.customers.tables import Contact, Message
from routing import dispatch
from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT, PICTURES
from tests.browser.test_hearing_on_the_desks import Reader
from tests.service import desks
from tests.service.desks import CALL, House
from tests.service.talking import SARA, comes_in, has_an_account, they_meet, they_part

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]
NOTE = "Il corriere passa stasera"
WORD_ON_THE_WAY = "Vuole la consegna di sera: si può?"


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


def talking(chromium: Browser, house: House, address: str) -> Reader:
    """An agent at her desk who talks with the caller."""
    house.offer()
    agent = Reader(chromium, address, desks.AGENT)
    agent.page.click("text=Accetta")
    agent.page.wait_for_selector("[data-phase=connecting]")
    they_meet(house)
    happens(house)
    agent.page.wait_for_selector("[data-phase=talking]")
    return agent


def happens(house: House, kind: str = "held") -> None:
    """Something is noted, so that every open desk of the call is drawn anew."""
    with house.sessions.begin() as session:
        calls.note(session, CALL, kind, {}, house.clock())


@pytest.mark.timeout(300)
def test_nothing_typed_is_lost_when_the_call_goes_on(chromium: Browser, house: House, address: str) -> None:
    agent = talking(chromium, house, address)
    page = agent.page
    page.keyboard.press("t")
    expect(page.locator("#pass-find")).to_be_focused()
    page.keyboard.type("sara")
    expect(page.locator("#pass-targets li:visible")).to_have_count(2)  # Sara, and a number whatever is looked for
    page.check("#to-agent-sara")
    page.fill("#pass-note", "Vuole la consegna di sera")
    page.click("#case-C204117-sum")
    page.fill("#case-C204117-note", "Sto scrivendo")
    page.select_option("#timeline-channel", "chat")
    expect(page.locator("#timeline li:visible")).to_have_count(1)
    agent.picture("desk-pass")
    # The caller goes on talking: every part is drawn anew under the agent's hands.
    with house.sessions.begin() as session:
        calls.keep_words_so_far(session, call_id=CALL, turn=4, words="e poi volevo dire")
        call = calls.call(session, CALL)
        assert call is not None
        call.on_hold = True
        calls.note(session, CALL, "held", {}, house.clock())
    page.wait_for_selector(".hero-held")
    expect(page.locator("#case-C204117-note")).to_be_focused()
    assert page.input_value("#case-C204117-note") == "Sto scrivendo"
    assert page.input_value("#pass-note") == "Vuole la consegna di sera"
    assert page.is_checked("#to-agent-sara")
    expect(page.locator("#pass-targets li:visible")).to_have_count(2)
    expect(page.locator("#timeline li:visible")).to_have_count(1)
    # While somebody writes, letters are letters.
    page.keyboard.type(" hmxtbgp")
    assert page.input_value("#case-C204117-note") == "Sto scrivendo hmxtbgp"
    assert not [asked for asked in house.carrier.asked if "Participants" in asked[1]]
    assert agent.problems == []
    agent.leave()


@pytest.mark.timeout(300)
def test_notes_that_were_not_saved_stay_until_they_are(chromium: Browser, house: House, address: str) -> None:
    agent = talking(chromium, house, address)
    page = agent.page
    page.locator("label[for=outcome-solved]").click()
    page.fill("#note", NOTE)
    they_part(house)
    page.wait_for_selector("[data-phase=wrap_up]")
    assert page.input_value("#note") == NOTE
    page.evaluate("window.scrollTo(0, 0)")
    agent.picture("desk-wrap-up-timeline")
    # The time for writing is over: somebody else ended it, as the ticker would.
    other = Reader(chromium, address, desks.AGENT)
    other.page.wait_for_selector("[data-phase=wrap_up]")
    other.page.locator("label[for=outcome-not_solved]").click()
    other.page.click('button[form="notes-form"]')
    other.page.wait_for_selector("[data-phase=idle]")
    # The other tab shows the same, and still has what was written there.
    page.wait_for_selector("[data-phase=idle]")
    kept = page.locator("#unsaved")
    expect(kept).to_contain_text("quello che hai scritto è ancora qui")
    assert kept.locator("textarea[name=note]").input_value() == NOTE
    agent.picture("desk-unsaved")
    kept.locator("button").click()
    expect(kept.locator("form")).to_have_count(0, timeout=LIMIT)
    with house.sessions() as session:
        contact = session.scalars(select(Contact).where(Contact.call_id == CALL)).one()
        assert (contact.outcome, contact.note) == ("solved", NOTE)
    assert agent.problems == other.problems == []
    other.leave()
    agent.leave()


@pytest.mark.timeout(300)
def test_a_double_click_sends_one_message_and_a_lost_network_says_so(
    chromium: Browser, house: House, address: str
) -> None:
    agent = talking(chromium, house, address)
    page = agent.page
    page.keyboard.press("s")
    page.click("#message-order_late-sum")
    page.locator("#message-order_late button").dblclick()
    expect(page.locator("#message-order_late-sum")).to_contain_text("mandato", timeout=LIMIT)
    page.wait_for_timeout(300)
    with house.sessions() as session:
        assert len(session.scalars(select(Message)).all()) == 1
    page.click("#snippet-late_parcel-sum")
    page.click("#snippet-late_parcel [data-enlarges]")
    expect(page.locator("#snippet-late_parcel-text.is-large")).to_be_visible()
    page.click("#snippet-late_parcel [data-copies]")
    expect(page.locator("#told")).to_have_text("Copiato")
    agent.picture("desk-tools")
    page.evaluate("document.querySelector('header').classList.remove('sticky-top')")
    page.locator("#tools").screenshot(path=PICTURES / "desk-tools-only.png")
    page.fill("#note", NOTE)
    page.context.set_offline(offline=True)
    expect(page.locator("#lost")).to_be_visible(timeout=LIMIT)
    page.click("[data-key=m]")
    expect(page.locator("#told")).to_contain_text("c'è la rete?")
    assert page.input_value("#note") == NOTE
    page.context.set_offline(offline=False)
    expect(page.locator("#lost")).to_be_hidden(timeout=LIMIT)
    assert [told for told in agent.problems if "INTERNET_DISCONNECTED" not in told] == []
    agent.problems.clear()
    agent.leave()


@pytest.mark.timeout(300)
def test_one_agent_asks_another_and_passes_the_call_at_their_pages(
    chromium: Browser, house: House, address: str
) -> None:
    has_an_account(house)
    giulia = talking(chromium, house, address)
    sara = Reader(chromium, address, SARA)
    sara.page.wait_for_selector("[data-phase=idle]")
    giulia.page.keyboard.press("t")
    giulia.page.check("#to-agent-sara")
    giulia.page.fill("#pass-note", WORD_ON_THE_WAY)
    giulia.page.get_by_role("button", name="Prima chiedi").click()
    expect(giulia.page.locator("[data-leg=consulted]")).to_contain_text("Sara Bruni", timeout=LIMIT)
    offer = sara.page.locator("#work [data-phase=offered]")
    expect(offer).to_contain_text("Giulia Ferri ti chiede un parere", timeout=LIMIT)
    expect(offer).to_contain_text(WORD_ON_THE_WAY)
    sara.picture("desk-receiver")
    sara.page.keyboard.press("a")
    sara.page.wait_for_selector("[data-phase=connecting]")
    with house.sessions.begin() as session:
        comes_in(session, "sara", house)
        call = calls.call(session, CALL)
        assert call is not None
        call.on_hold = True
        calls.note(session, CALL, "consult_answered", {"agent": "sara"}, house.clock())
    giulia.page.wait_for_selector("[data-key=p]")
    expect(giulia.page.locator(".legs")).to_contain_text("sente la musica")
    giulia.page.evaluate("window.scrollTo(0, 0)")
    giulia.picture("desk-consult")
    expect(sara.page.locator(".hero-talking")).to_contain_text("Un collega ti chiede un parere", timeout=LIMIT)
    giulia.page.keyboard.press("p")
    giulia.page.wait_for_selector("[data-phase=wrap_up]")
    expect(sara.page.locator("[data-key=h]")).to_be_visible(timeout=LIMIT)
    expect(sara.page.locator(".handed")).to_contain_text(WORD_ON_THE_WAY)
    assert giulia.problems == sara.problems == []
    sara.leave()
    giulia.leave()


@pytest.mark.timeout(300)
def test_an_offer_that_goes_says_why(chromium: Browser, house: House, address: str) -> None:
    house.offer()
    agent = Reader(chromium, address, desks.AGENT)
    agent.page.wait_for_selector("[data-phase=offered]")
    with house.sessions.begin() as session:
        dispatch.withdraw(session, call_id=CALL, reason="the caller hung up", now=house.clock())
    agent.page.wait_for_selector("[data-phase=idle]")
    expect(agent.page.locator("#told")).to_contain_text("il cliente ha riagganciato", timeout=LIMIT)
    assert agent.problems == []
    agent.leave()
