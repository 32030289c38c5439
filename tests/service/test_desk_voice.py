"""What an agent does with a caller's voice: only with the call in hand, once, in the story; and what was erased is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from biometrics.vault import Blocked, Collecting, Enrolled
from ivr.accounts import store as accounts
from ivr.accounts.store import Added, Role
from ivr.calls import store as calls
from ivr.customers.ledger import Answer, AskedBy
from routing import dispatch
from tests.line.proving import ENCODER
from tests.service import told_voices
from tests.service.desks import ADMIN, CALL, PASSWORD, SUPERVISOR, Browser
from tests.service.told_voices import ACCEPTED, CUSTOMER, REJECTED, ToldVoices

ACTS = {
    "ask": {"answer": "yes"},
    "go-on": {},
    "renew": {},
    "block": {"reason": "alike"},
    "erase": {"sure": "1"},
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToldVoices]:
    with told_voices.open_house(tmp_path_factory.mktemp("voices")) as voices:
        yield voices


@pytest.fixture
def voices(opened: ToldVoices) -> ToldVoices:
    opened.begin_again()
    return opened


@pytest.fixture
def agent(voices: ToldVoices) -> Browser:
    """The agent, who has taken the call."""
    browser = voices.house.signed_in()
    assert browser.send(f"/desk/offers/{voices.house.offer()}/accept").status_code == 204
    return browser


def do(browser: Browser, act: str, **content: str) -> int:
    return browser.send(f"/desk/calls/{CALL}/voice/{act}", content or ACTS[act]).status_code


def watch(browser: Browser, act: str) -> int:
    return browser.send(f"/admin/calls/{CALL}/voice/{act}").status_code


def known(voices: ToldVoices) -> object:
    return voices.knows("voiceprint_of", ENCODER.name)


def test_a_yes_is_in_the_ledger_as_asked_by_the_agent_in_the_words_that_were_shown(
    voices: ToldVoices, agent: Browser
) -> None:
    page = agent.get("/desk").text
    assert "possiamo riconoscerla dalla voce" in page
    for _ in range(2):
        assert do(agent, "ask", answer="yes") == 204
    standing = voices.stands()
    assert standing is not None
    assert (standing.answer, standing.by, standing.call_id) == (Answer.YES, AskedBy.AGENT, CALL)
    assert voices.happened("voice_agreed") == 1
    page = agent.get("/desk").text
    assert 'data-voice="collecting"' in page
    assert "Giulia Ferri ha chiesto se riconoscere il cliente dalla voce: ha detto di sì." in (
        voices.house.signed_in(SUPERVISOR).get(f"/admin/calls/{CALL}").text
    )


def test_a_no_is_kept_once_and_nothing_is_enrolled(voices: ToldVoices, agent: Browser) -> None:
    for _ in range(2):
        assert do(agent, "ask", answer="no") == 204
    standing = voices.stands()
    assert standing is not None
    assert (standing.answer, standing.by) == (Answer.NO, AskedBy.AGENT)
    assert voices.happened("voice_declined") == 1
    assert known(voices) is None
    assert 'data-voice="refused"' in agent.get("/desk").text


def test_enrolment_goes_on_with_what_this_call_has_said(voices: ToldVoices, agent: Browser) -> None:
    voices.collected(2)
    voices.said(1)
    for _ in range(2):
        assert do(agent, "go-on") == 204
    collecting = known(voices)
    assert isinstance(collecting, Collecting)
    assert collecting.progress.net_seconds == pytest.approx(18)
    assert voices.happened("voice_being_learnt") == 1
    assert "finora 18,0 s di parlato, mancano 12,0 s" in agent.get("/desk").text


def test_nobody_s_voice_is_enrolled_on_their_word_alone(voices: ToldVoices, agent: Browser) -> None:
    with voices.house.sessions.begin() as session:
        call = calls.call(session, CALL)
        assert call is not None
        call.from_number = "+393339999999"
    assert do(agent, "ask", answer="yes") == 409
    assert voices.stands() is None


def test_the_old_voice_counts_until_the_new_one_is_complete(voices: ToldVoices, agent: Browser) -> None:
    voices.enrolled()
    voices.decided(ACCEPTED)
    voices.said(2)
    before = known(voices)
    for _ in range(2):
        assert do(agent, "renew") == 204
    assert voices.happened("voice_renewed") == 1
    assert known(voices) == before
    assert 'data-voice="renewing"' in agent.get("/desk").text
    voices.said(6)
    assert do(agent, "go-on") == 204
    after = known(voices)
    assert isinstance(before, Enrolled)
    assert isinstance(after, Enrolled)
    assert after.voiceprint.enrolled_at > before.voiceprint.enrolled_at


def test_a_call_that_the_old_voice_did_not_accept_does_not_replace_it(voices: ToldVoices, agent: Browser) -> None:
    voices.enrolled()
    before = known(voices)
    assert do(agent, "renew") == 204
    voices.said(6)
    assert do(agent, "go-on") == 204
    assert known(voices) == before


def test_what_an_agent_rules_out_only_a_watcher_lets_count_again(voices: ToldVoices, agent: Browser) -> None:
    voices.enrolled()
    for _ in range(2):
        assert do(agent, "block") == 204
    assert known(voices) == Blocked()
    assert voices.happened("voice_blocked") == 1
    page = agent.get("/desk").text
    assert "Giulia Ferri: in casa c&#39;è una voce simile." in page
    assert "Non faccia leva sulla voce" in page
    assert watch(agent, "unblock") == 403
    assert do(agent, "renew") == 409
    watcher = voices.house.signed_in(ADMIN)
    for _ in range(2):
        assert watch(watcher, "unblock") == 204
    assert isinstance(known(voices), Enrolled)
    assert voices.happened("voice_unblocked") == 1


def test_only_a_watcher_unlocks(voices: ToldVoices, agent: Browser) -> None:
    voices.enrolled()
    voices.locked()
    assert 'data-voice="locked"' in agent.get("/desk").text
    assert watch(agent, "unlock") == 403
    assert do(agent, "renew") == 409
    watcher = voices.house.signed_in(SUPERVISOR)
    for _ in range(2):
        assert watch(watcher, "unlock") == 204
    assert not voices.knows("is_locked")
    assert voices.happened("voice_unlocked") == 1


def test_what_is_erased_is_gone_with_its_consent(voices: ToldVoices, agent: Browser) -> None:
    voices.enrolled()
    voices.said(2)
    voices.decided(ACCEPTED)
    assert do(agent, "erase", sure="0") == 400
    assert isinstance(known(voices), Enrolled)
    for _ in range(2):
        assert do(agent, "erase") == 204
    with voices.house.sessions() as session:
        assert not any(voices.vault.rows(session, CUSTOMER).values())
    standing = voices.stands()
    assert standing is not None
    assert (standing.answer, standing.by) == (Answer.WITHDRAWN, AskedBy.AGENT)
    assert voices.happened("voice_erased") == 1
    assert 'data-voice="withdrawn"' in agent.get("/desk").text


@pytest.mark.parametrize("act", ACTS)
def test_who_does_not_have_the_call_does_nothing_with_its_voice(voices: ToldVoices, act: str) -> None:
    voices.enrolled()
    house = voices.house
    agent = house.signed_in()
    house.offer()
    # Offered, and not taken: it may still become somebody else's.
    assert do(agent, act) == 403
    with house.sessions.begin() as session:
        added = accounts.add(
            session, email="luca@example.it", display_name="Luca Neri", role=Role.AGENT, password=PASSWORD,
            agent_id="luca", now=house.clock(),
        )  # fmt: skip
        assert isinstance(added, Added)
    assert do(house.signed_in("luca@example.it"), act) == 403
    assert do(house.signed_in(SUPERVISOR), act) == 403  # who takes no calls has no desk
    assert isinstance(known(voices), Enrolled)


def test_once_the_call_is_written_down_its_voice_is_out_of_reach(voices: ToldVoices, agent: Browser) -> None:
    voices.enrolled()
    with voices.house.sessions.begin() as session:
        dispatch.connected(session, call_id=CALL, now=voices.house.clock())
        dispatch.talk_ended(session, call_id=CALL, now=voices.house.clock())
    assert agent.send(f"/desk/calls/{CALL}/finish", {"outcome": "solved"}).status_code == 204
    assert do(agent, "erase") == 403
    assert isinstance(known(voices), Enrolled)


@pytest.mark.parametrize(
    ("act", "content"), [("ask", {"answer": "maybe"}), ("block", {"reason": "his nose"}), ("erase", {"sure": "yes"})]
)
def test_a_form_that_no_page_sends_is_refused(
    voices: ToldVoices, agent: Browser, act: str, content: dict[str, str]
) -> None:
    voices.enrolled()
    assert do(agent, act, **content) == 400
    assert isinstance(known(voices), Enrolled)


def test_a_watcher_is_told_of_a_call_that_is_not_there(voices: ToldVoices) -> None:
    answer = voices.house.signed_in(SUPERVISOR).send("/admin/calls/CA404/voice/unlock")
    assert answer.status_code == 404


def test_the_card_says_what_the_call_has_shown_and_what_to_do(voices: ToldVoices, agent: Browser) -> None:
    voices.enrolled()
    voices.decided(ACCEPTED)
    page = agent.get("/desk").text
    for wanted in (
        "È la voce registrata",
        "molto sicura",
        "Da 8,0 s di parlato",
        "Può procedere.",
        "Sopra le altre voci",
    ):
        assert wanted in page, wanted


def test_a_rejected_voice_is_nothing_to_rely_on(voices: ToldVoices, agent: Browser) -> None:
    voices.enrolled()
    voices.decided(REJECTED)
    page = agent.get("/desk").text
    assert "Non è la voce registrata" in page
    assert "quasi certamente un&#39;altra persona" in page
    assert "Non faccia leva sulla voce: chieda numero d&#39;ordine e CAP." in page


def test_where_no_voice_is_looked_at_the_card_is_one_line(tmp_path: Path) -> None:
    with told_voices.open_house(tmp_path, voice="off", encoder=None) as voices:
        browser = voices.house.signed_in()
        assert browser.send(f"/desk/offers/{voices.house.offer()}/accept").status_code == 204
        page = browser.get("/desk").text
        assert "Su questa linea le voci non si guardano." in page
        assert "/voice/" not in page.split('data-voice="off"')[1].split("</p>")[0]
        assert do(browser, "erase") == 409
