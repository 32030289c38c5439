"""Intents by the API: examples of the draft, what was not understood, a sentence explained, draft and live compared."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from ivr.customers.ledger import Answer
from tests.service import desks, small_intents
from tests.service.desks import ADMIN, AGENT, SUPERVISOR, Browser, House
from tests.service.small_intents import EXAMPLES, keep_said

API = "/api/v1/intents"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with small_intents.open_house(tmp_path_factory.mktemp("intents")) as opened:
        yield opened


@pytest.fixture
def admin(house: House) -> Browser:
    return house.signed_in(ADMIN)


def write(browser: Browser, address: str, content: Any = None, status: int = 200) -> Any:
    answer = browser.client.post(address, json=content, headers={"X-CSRFToken": browser.token("/account")})
    assert answer.status_code == status, answer.text
    return answer.json


def wish(act: str, text: str, intent: str = "return", **more: str) -> dict[str, Any]:
    return {"wishes": [{"act": act, "language": "it", "intent": intent, "text": text, **more}]}


def texts(browser: Browser, intent: str, of: str = "draft") -> list[str]:
    query = {"language": "it", "intent": intent, "of": of, "limit": "200"}
    return [one["text"] for one in browser.get(f"{API}/phrases", query_string=query).json["phrases"]]


def test_intents_are_told_with_their_examples_counted(admin: Browser) -> None:
    found = admin.get(API).json
    assert found["languages"] == ["it", "en"]
    counts = {one["name"]: one["counts"] for one in found["intents"]}
    assert counts["return"] == {"it": EXAMPLES, "en": EXAMPLES}
    assert "out_of_scope" in counts


def test_example_is_added_moved_and_removed_in_the_draft_and_not_in_what_is_live(admin: Browser) -> None:
    first = write(admin, f"{API}/phrases", wish("add", "questo lo rimando indietro"))
    assert first["changed"] == 1
    assert "questo lo rimando indietro" in texts(admin, "return")
    moved = write(admin, f"{API}/phrases", wish("move", "questo lo rimando indietro", to="complaint"))
    assert moved["revision"] > first["revision"]
    assert "questo lo rimando indietro" in texts(admin, "complaint")
    write(admin, f"{API}/phrases", wish("remove", "questo lo rimando indietro", intent="complaint"))
    assert "questo lo rimando indietro" not in texts(admin, "complaint")
    assert texts(admin, "return") == texts(admin, "return", of="live")


def test_wishes_that_cannot_be_met_are_refused_each_with_its_sentence(admin: Browser) -> None:
    before = texts(admin, "return")
    content = {"wishes": [*wish("add", "nuova")["wishes"], *wish("add", "il mio [numero]")["wishes"]]}
    answer = write(admin, f"{API}/phrases", content, status=422)
    assert answer["code"] == "phrase_with_placeholder"
    assert answer["errors"][0]["place"] == ["wishes", "1", "text"] or "1" in answer["errors"][0]["place"]
    assert texts(admin, "return") == before


@pytest.mark.parametrize(
    "content", [{}, {"wishes": []}, {"wishes": [{}]}, wish("burn", "x"), {"wishes": wish("add", "x")["wishes"] * 201}]
)
def test_rubbish_is_refused(admin: Browser, content: Any) -> None:
    write(admin, f"{API}/phrases", content, status=422)


def test_only_admins_change_examples_and_read_what_callers_said(house: House) -> None:
    supervisor = house.signed_in(SUPERVISOR)
    assert supervisor.get(API).status_code == 200
    assert supervisor.get(f"{API}/heard").status_code == 403
    write(supervisor, f"{API}/phrases", wish("add", "x"), status=403)
    assert house.signed_in(AGENT).get(API).status_code == 403


def test_what_was_not_understood_is_told_without_who_said_it_and_added_at_once(house: House, admin: Browser) -> None:
    with house.sessions.begin() as session:
        keep_said(session, "CAh1", "mi chiamo Brambilla il bollitore perde acqua dal fondo")
        keep_said(session, "CAh2", "il bollitore perde acqua")
        keep_said(session, "CAh3", "solo io dico questa cosa qua")
    found = admin.get(f"{API}/heard").json
    phrases = [phrase for group in found["groups"] for phrase in group["phrases"]]
    assert not any("brambilla" in phrase["text"].lower() for phrase in phrases)
    assert any("[nome]" in phrase["text"] for phrase in phrases)
    assert not any("solo io" in phrase["text"] for phrase in phrases), "what one unknown caller said is theirs"
    group = next(group for group in found["groups"] if group["calls"] == 2)
    assert group["intent"] in {one["name"] for one in admin.get(API).json["intents"]}
    for phrase in group["phrases"]:
        write(admin, f"{API}/phrases", wish("add", phrase["example"], intent="complaint"))
    assert not any(group["calls"] == 2 for group in admin.get(f"{API}/heard").json["groups"])


def test_customers_own_words_are_read_only_with_their_consent(house: House, admin: Browser) -> None:
    with house.sessions.begin() as session:
        keep_said(session, "CAc1", "la teiera fischia troppo forte", customer_id="K0007")
        keep_said(session, "CAc2", "la teiera fischia troppo forte", customer_id="K0007")

    def told() -> bool:
        groups = admin.get(f"{API}/heard").json["groups"]
        return any("teiera" in phrase["text"] for group in groups for phrase in group["phrases"])

    assert not told()
    with house.sessions.begin() as session:
        small_intents.consent(session, "K0007", Answer.YES)
    assert told()
    with house.sessions.begin() as session:
        small_intents.consent(session, "K0007", Answer.NO)
    assert not told()


def test_phrase_put_aside_is_not_shown_again(house: House, admin: Browser) -> None:
    with house.sessions.begin() as session:
        for number in range(2):
            keep_said(session, f"CAd{number}", "fate anche le grigliate la domenica")
    (group,) = [
        group for group in admin.get(f"{API}/heard").json["groups"] if "grigliate" in group["phrases"][0]["text"]
    ]
    content = {"language": "it", "phrases": [phrase["text"] for phrase in group["phrases"]]}
    write(admin, f"{API}/heard/dismissed", content, status=204)
    assert not any("grigliate" in one["phrases"][0]["text"] for one in admin.get(f"{API}/heard").json["groups"])


def ready(browser: Browser, method: str, address: str, content: Any = None) -> Any:
    until = monotonic() + 60
    while monotonic() < until:
        found = write(browser, address, content) if method == "POST" else browser.get(address).json
        if found["state"] not in {"learning", "underway", "not_begun"}:
            return found
        sleep(0.1)
    raise AssertionError("it never came")


def test_sentence_is_explained_by_rule_phrase_or_nearest_examples(admin: Browser) -> None:
    def answer(text: str, node: str = "", language: str = "it") -> Any:
        content = {"text": text, "language": language, "node": node, "of": "draft"}
        found = ready(admin, "POST", f"{API}/explained", content)
        assert found["state"] == "ready"
        return found["answer"]

    person = answer("vorrei parlare con una persona")
    assert (person["outcome"], person["intent"], person["decided_by"]) == ("understood", "person", "person rule")
    order = answer("dov'è il mio ordine")
    assert order["intent"] == "order_status"
    assert order["decided_by"] == "classifier"
    assert order["examples"][0]["likeness"] >= order["examples"][-1]["likeness"]
    assert {one["word"] for one in order["weights"]} >= {"ordine"}
    assert sum(one["chance"] for one in order["chances"]) == pytest.approx(1.0)
    assert answer("")["reason"] == "nothing was said"
    questions = admin.get(f"{API}/questions").json["questions"]
    number = next(one["node"] for one in questions if one["slot"] == "order_number")
    assert answer("uno zero quattro due", node=number)["slots"]["order_number"] == "1042"


def test_question_that_is_not_there_is_refused(admin: Browser) -> None:
    ready(admin, "POST", f"{API}/explained", {"text": "x", "language": "it"})
    write(admin, f"{API}/explained", {"text": "x", "language": "it", "node": "nowhere"}, status=422)
    write(admin, f"{API}/explained", {"text": "x", "language": "fr"}, status=422)


def test_draft_and_live_are_compared_beside_and_a_draft_that_lost_its_examples_is_refused(admin: Browser) -> None:
    examples = texts(admin, "product_question")[:-1]
    content = {"wishes": [wish("move", text, intent="product_question", to="person")["wishes"][0] for text in examples]}
    write(admin, f"{API}/phrases", content)
    begun = write(admin, f"{API}/comparison")
    assert begun["state"] in {"underway", "ready"}
    found = ready(admin, "GET", f"{API}/comparison")
    assert found["state"] == "ready"
    assert not found["is_same"]
    assert {one["language"] for one in found["draft"]} == {"", "it", "en"}
    whole = found["live"][0]
    assert sum(cell["phrases"] for cell in whole["matrix"]) == whole["accuracy"]["whole"]
    assert {one["intent"] for one in found["changes"]} >= {"", "product_question"}


def test_the_page_is_for_admins_and_names_every_intent(house: House, admin: Browser) -> None:
    page = admin.get("/admin/intents").text
    assert all(name in page for name in ("order_status", "product_question", "out_of_scope"))
    assert 'style="' not in page
    assert house.signed_in(SUPERVISOR).get("/admin/intents").status_code == 403


def test_a_house_with_the_shipped_phrases_answers_at_once(tmp_path: Path) -> None:
    with desks.open_house(tmp_path) as house:
        admin = house.signed_in(ADMIN)
        found = write(admin, f"{API}/explained", {"text": "dov'è il mio ordine", "language": "it", "of": "live"})
        assert found["state"] == "ready"
        assert admin.get(f"{API}/heard").status_code == 200
