"""The decision card in real Chromium: live beside the call, the question read and answered, the voice erased after a second yes.

Voices are told in numbers. Pictures of what people see are kept in build/pictures.
"""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from biometrics.attacks import AlertKind
from biometrics.vault import Enrolled
from ivr.customers.ledger import Answer
from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT, PICTURES
from tests.browser.test_hearing_on_the_desks import Reader
from tests.line.proving import ENCODER
from tests.service import desks, told_voices
from tests.service.desks import CALL
from tests.service.told_voices import ACCEPTED, REJECTED, ToldVoices

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]


@pytest.fixture
def voices(tmp_path: Path) -> Iterator[ToldVoices]:
    given = {"clock": lambda: datetime.now(UTC), "line_url": "", "offer_seconds": 120}
    with told_voices.open_house(tmp_path, **given) as opened:
        yield opened


@pytest.fixture
def address(voices: ToldVoices) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, voices.house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def agent_with_the_call(chromium: Browser, voices: ToldVoices, address: str) -> Reader:
    voices.house.offer()
    agent = Reader(chromium, address, desks.AGENT)
    agent.page.click("text=Accetta")
    agent.page.wait_for_selector("[data-phase=connecting]")
    return agent


@pytest.mark.timeout(300)
def test_the_card_follows_the_call_and_the_voice_is_erased_only_after_a_second_yes(
    chromium: Browser, voices: ToldVoices, address: str
) -> None:
    voices.enrolled()
    agent = agent_with_the_call(chromium, voices, address)
    card = agent.page.locator("[data-voice]")
    expect(card).to_contain_text("Non ancora confrontata.")
    voices.decided(ACCEPTED)
    expect(card).to_contain_text("È la voce registrata, molto sicura", timeout=LIMIT)
    expect(card).to_contain_text("Può procedere.")
    agent.page.click("#voice-more-sum")
    agent.picture("voice-accepted")
    place = card.bounding_box()
    assert place is not None
    agent.page.screenshot(path=PICTURES / "desk-voice.png", full_page=True, clip={**place})
    sure = agent.page.get_by_role("button", name="Il cliente lo vuole: cancella")
    expect(sure).to_be_hidden()
    agent.page.click("#voice-erase-sum")
    voices.alerted(AlertKind.MANY_CLAIMS)
    # The card has changed under the agent's hands: what is open stays open.
    expect(card).to_contain_text("Una voce, più clienti", timeout=LIMIT)
    expect(sure).to_be_visible()
    agent.picture("voice-erase")
    sure.click()
    expect(agent.page.locator("[data-voice=withdrawn]")).to_contain_text("non resta niente", timeout=LIMIT)
    with voices.house.sessions() as session:
        assert not any(voices.vault.rows(session, told_voices.CUSTOMER).values())
    agent.leave()


@pytest.mark.timeout(300)
def test_the_agent_reads_the_question_and_says_what_was_answered(
    chromium: Browser, voices: ToldVoices, address: str
) -> None:
    agent = agent_with_the_call(chromium, voices, address)
    agent.page.click("#voice-ask-sum")
    expect(agent.page.locator("#voice-ask blockquote")).to_contain_text("possiamo riconoscerla dalla voce")
    agent.picture("voice-ask")
    agent.page.locator("#voice-ask").get_by_role("button", name="Sì").click()
    expect(agent.page.locator("[data-voice=collecting]")).to_contain_text("mancano 30,0 s", timeout=LIMIT)
    standing = voices.stands()
    assert standing is not None
    assert (standing.answer, standing.call_id) == (Answer.YES, CALL)
    agent.picture("voice-collecting")
    agent.leave()


@pytest.mark.timeout(300)
def test_a_supervisor_sees_why_a_voice_is_locked_and_unlocks_it(
    chromium: Browser, voices: ToldVoices, address: str
) -> None:
    voices.enrolled()
    voices.decided(REJECTED)
    voices.locked()
    supervisor = Reader(chromium, address, desks.SUPERVISOR)
    supervisor.page.click(".calls a")
    card = supervisor.page.locator("[data-voice]")
    expect(card).to_contain_text("Bloccata: per tre chiamate di fila la voce era un'altra.")
    supervisor.picture("voice-locked")
    supervisor.page.get_by_role("button", name="Sblocca la voce").click()
    expect(supervisor.page.locator("[data-voice=enrolled]")).to_contain_text(
        "Non faccia leva sulla voce", timeout=LIMIT
    )
    assert isinstance(voices.knows("voiceprint_of", ENCODER.name), Enrolled)
    assert not voices.knows("is_locked")
    supervisor.leave()
