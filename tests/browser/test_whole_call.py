"""A whole call in real Chromium: a caller at the telephone's page, an agent at her desk, an admin who watches.

The service is a process of its own, the line is the real one, the microphone is fed from a WAV file. Pictures of what people
see are kept in build/pictures.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ivr import trial
from tests.browser.conftest import CHROMIUM
from tests.browser.people import LIMIT, AtDesk, Caller, hears_a_voice, hears_nothing, loudest, wait
from tests.browser.trial_house import TrialHouse, trial_house
from tests.sealed import opened_rows

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed"),
]

WISH = "vorrei parlare con una persona"
NOTE = "Rimborsate le spese di spedizione della lampada."
NEXT_STEP = "Richiamare quando il corriere ha consegnato."
# The line plays its music at -30 dB and voices at -20 dB (`ivr.synthesis`); the WAV file is about as loud as a voice.
VOICE_DB, MUSIC_DB = -30, -45


@pytest.fixture
def house(tmp_path: Path) -> Iterator[TrialHouse]:
    with trial_house(tmp_path) as opened:
        yield opened


@pytest.mark.timeout(240)
def test_caller_and_agent_go_through_a_whole_call_at_their_pages(chromium: Browser, house: TrialHouse) -> None:
    anna = AtDesk(chromium, house, "anna@bottega.example")
    expect(anna.phone.locator("#state")).to_have_text("Pronto", timeout=LIMIT)
    anna.page.click("#presence [data-key=v]")
    anna.is_in("idle")
    anna.sees("#work", "In attesa della prossima chiamata")
    elena = AtDesk(chromium, house, trial.ADMIN_EMAIL)
    giulia = Caller(chromium, house)

    _giulia_tells_the_line(giulia, elena)
    _anna_reads_the_story_before_the_voices_meet(anna, giulia)
    _they_talk(anna, giulia)
    _giulia_waits_on_hold(anna, giulia)
    _anna_leaves_and_giulia_gives_her_score(anna, giulia)
    due_at = _anna_writes_down_what_it_led_to(anna)

    _it_is_all_kept(house, due_at)
    assert anna.problems == giulia.problems == elena.problems == []
    assert house.log == ""


def _giulia_tells_the_line(giulia: Caller, elena: AtDesk) -> None:
    giulia.call_as("Giulia Conti")
    giulia.sees("#notices", "il parlato in questa lingua non viene trasformato in parole")
    assert hears_a_voice(giulia, over_db=VOICE_DB) < 0
    giulia.hears("riconoscerla dalla voce")
    giulia.page.locator("h1").click()
    giulia.page.keyboard.press("1")
    giulia.hears("che è in ritardo?")
    elena.sees("#calls", "ask_late_order")
    elena.sees("#calls", "Giulia Conti")
    elena.picture("admin")
    giulia.types("sì, per quell'ordine")
    giulia.hears("Posso aiutarla in altro?")
    giulia.picture("phone")
    giulia.picture("phone-narrow", narrow=True)
    giulia.types(WISH)


def _anna_reads_the_story_before_the_voices_meet(anna: AtDesk, giulia: Caller) -> None:
    offer = anna.is_in("offered")
    expect(offer).to_contain_text("Giulia Conti")
    expect(offer).to_contain_text("1042")
    expect(offer).to_contain_text("in ritardo")
    expect(offer.locator(".done")).to_contain_text("Ha cercato l'ordine 1042")
    for words in (WISH, "sì, per quell'ordine", "Ha chiesto quando arriva la lampada"):
        anna.sees("#story", words)
    assert anna.page.title().startswith("☎")
    giulia.hears("♪")
    assert anna.phone.locator("#state").inner_text() == "Pronto"
    anna.can_be_read_by_everybody()
    anna.picture("desk-offer")
    anna.picture("desk-offer-narrow", narrow=True)
    anna.page.keyboard.press("a")
    anna.is_in("talking")
    expect(anna.phone.locator("#state")).to_have_text("In linea", timeout=LIMIT)


def _they_talk(anna: AtDesk, giulia: Caller) -> None:
    assert hears_a_voice(anna, over_db=VOICE_DB) < 0
    assert hears_a_voice(giulia, over_db=VOICE_DB) < 0
    # It is her microphone that is heard, and no other sound: without it there is none.
    giulia.page.click("#mute")
    hears_nothing(anna)
    giulia.page.click("#mute")
    wait(anna, lambda: loudest(anna, seconds=0.1) > VOICE_DB, "the microphone does not come back")
    anna.can_be_read_by_everybody()
    anna.picture("desk-call")
    anna.picture("desk-call-narrow", narrow=True)
    giulia.picture("phone-call")


def _giulia_waits_on_hold(anna: AtDesk, giulia: Caller) -> None:
    tunes = giulia.page.locator("#transcript li", has_text="♪")
    before = tunes.count()
    expect(anna.page.locator("#notes-save")).to_be_hidden()
    anna.page.keyboard.press("h")
    anna.sees("#work", "il cliente sente la musica")
    wait(giulia, lambda: tunes.count() > before, "no music on hold")
    hears_nothing(anna)
    assert MUSIC_DB < loudest(giulia, seconds=2.0) < 0
    anna.can_be_read_by_everybody()
    anna.picture("desk-hold")
    anna.page.keyboard.press("h")
    expect(anna.page.locator("#work")).not_to_contain_text("il cliente sente la musica", timeout=LIMIT)
    wait(anna, lambda: loudest(anna, seconds=0.2) > VOICE_DB, "the caller does not come back")
    wait(giulia, lambda: loudest(giulia, seconds=0.2) > VOICE_DB, "the agent does not come back")


def _anna_leaves_and_giulia_gives_her_score(anna: AtDesk, giulia: Caller) -> None:
    anna.page.keyboard.press("x")
    anna.is_in("wrap_up")
    expect(anna.phone.locator("#state")).to_have_text("Chiamata terminata", timeout=LIMIT)
    giulia.hears("quanto le è costato")
    giulia.page.locator("h1").click()
    giulia.page.keyboard.press("2")
    giulia.hears("A presto")
    expect(giulia.page.locator("#state")).to_have_text("Chiamata terminata", timeout=LIMIT)


def _anna_writes_down_what_it_led_to(anna: AtDesk) -> datetime:
    local = (datetime.now(UTC) + timedelta(days=2)).replace(minute=15, second=0, microsecond=0)
    expect(anna.page.locator("#notes-save")).to_be_enabled(timeout=LIMIT)
    anna.page.locator("label[for=outcome-solved]").click()
    anna.page.fill("#note", NOTE)
    anna.page.fill("#next-step", NEXT_STEP)
    anna.page.fill("#due-at", f"{local:%Y-%m-%dT%H:%M}")
    anna.can_be_read_by_everybody()
    anna.picture("desk-wrap-up")
    anna.picture("desk-wrap-up-narrow", narrow=True)
    anna.page.keyboard.press("Control+Enter")
    anna.is_in("idle")
    return local


def _it_is_all_kept(house: TrialHouse, due: datetime) -> None:
    (call,) = opened_rows(house.engine, "calls")
    assert call["status"] == "ended"
    assert call["agent_id"] == "anna"
    (contact,) = opened_rows(house.engine, "contacts", "WHERE call_id = :call", call=call["call_id"])
    assert (contact["outcome"], contact["note"]) == ("solved", NOTE)
    (case,) = opened_rows(house.engine, "cases", "WHERE opened_in_call = :call", call=call["call_id"])
    assert case["summary"] == NEXT_STEP
    rome = due.replace(tzinfo=house.settings.zone).astimezone(UTC)
    assert str(case["due_at"]).startswith(f"{rome:%Y-%m-%d %H:%M}")
    assert [row["score"] for row in house.rows("SELECT score FROM effort_scores")] == [2]
