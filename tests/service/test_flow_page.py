"""The page on the flow and its resource: what is drawn, what an act would change, and files that say the same as the screen."""

import html
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from ivr.audit.store import Actor
from ivr.editing import drafts, versions
from ivr.editing.documents import Documents
from ivr.editing.gates import GateFinding
from ivr.editing.places import Change
from ivr.flow.offers import offers
from ivr.web.editing.flow_imports import MOST_BYTES, NotFilesError, files_of, packed, unpacked
from prompts.told import Told, Worded
from prompts.version import FLOW_FILE, PROMPTS_FILE
from tests.service import desks
from tests.service.desks import ADMIN, SUPERVISOR, Browser, House


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("flows")) as house:
        yield house


@pytest.fixture
def house(opened: House) -> House:
    """The one house, with a draft that nobody has touched."""
    with opened.sessions.begin() as session:
        drafts.discard(session, by=Actor(account_id=1, name="Paolo"), now=opened.clock())
    return opened


def documents(house: House) -> Documents:
    with house.sessions() as session:
        return drafts.draft(session, now=house.clock()).documents


def edit(house: House, planned: Mapping[str, Any]) -> None:
    changes = [Change(**{**one, "place": tuple(one["place"])}) for one in planned["changes"]]
    with house.sessions.begin() as session:
        done = drafts.edit(session, changes, by=Actor(account_id=1, name="Paolo"), now=house.clock())
        assert isinstance(done, drafts.Edited), done


def plan(house: House, **asked: str) -> TestResponse:
    return house.signed_in(ADMIN).client.get("/api/v1/flow/plan", query_string=asked)


def read_in(browser: Browser, language: str) -> None:
    """From now on the person reads in this language."""
    sent = {"language": language, "csrf_token": browser.token("/admin/flows")}
    assert browser.client.post("/account/language", data=sent).status_code == 303


def bring(house: House, name: str, content: bytes) -> TestResponse:
    browser = house.signed_in(ADMIN)
    sent = {"file": (io.BytesIO(content), name), "csrf_token": browser.token("/admin/flows")}
    return browser.client.post("/admin/flows/files/preview", data=sent, content_type="multipart/form-data")


def take(house: House, page: str) -> TestResponse:
    browser = house.signed_in(ADMIN)
    fields = {
        name: page.split(f'name="{name}" type="hidden" value="')[1].split('"', maxsplit=1)[0]
        for name in ("files", "revision")
    }
    return browser.client.post("/admin/flows/files/take", data={**fields, "csrf_token": browser.token("/admin/flows")})


def exported(house: House) -> dict[str, str]:
    content = house.signed_in(ADMIN).client.get("/admin/flows/files/draft.zip").data
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def zipped(files: Mapping[str, str]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return kept.getvalue()


def test_the_drawing_is_given_with_what_is_said_and_found(house: House) -> None:
    shown = house.signed_in(SUPERVISOR).client.get("/api/v1/flow").get_json()
    assert list(shown["flow"]["languages"]) == ["it", "en"]
    assert shown["flow"] == documents(house).flow
    assert shown["says"]["greeting"]["en"].startswith("{daytime:choice}")
    assert "goodbye" in shown["fits"]["say"]
    assert "goodbye" not in shown["fits"]["ask"]
    assert "return_text" in shown["fits"]["message"]
    assert shown["findings"] == []
    assert house.signed_in(SUPERVISOR).client.get("/api/v1/flow?version=99").status_code == 404


def test_a_form_is_offered_for_every_kind(house: House) -> None:
    kinds = house.signed_in(ADMIN).client.get("/api/v1/flow/kinds").get_json()["kinds"]
    assert set(kinds) == set(offers())
    assert kinds["lookup"]["outcomes"]["return"] == ["found", "not_found"]


def test_an_act_on_the_screen_is_kept_by_the_draft_and_found_wanting(house: House) -> None:
    edit(house, plan(house, act="rename", node="say_late", to="say_it_is_late").get_json())
    flow = documents(house).flow
    assert flow["nodes"]["lookup_order"]["outcomes"]["late"] == "say_it_is_late"
    edit(house, plan(house, act="remove", node="say_it_is_late").get_json())
    shown = house.signed_in(ADMIN).client.get("/api/v1/flow").get_json()
    (finding,) = shown["findings"]
    assert (finding["node"], finding["severity"]) == ("lookup_order", "error")
    assert finding["message"] == "late va a 'say_it_is_late', e questo nodo non c'è"
    assert finding["remedy"] == "Intendevi 'say_too_late'? Scrivi il nodo say_it_is_late, o correggi"


def test_findings_and_helps_are_in_the_language_of_who_reads(house: House) -> None:
    edit(house, plan(house, act="remove", node="say_late").get_json())
    browser = house.signed_in(ADMIN)
    said = {}
    for language in ("en", "it"):
        read_in(browser, language)
        finding, *advice = browser.client.get("/api/v1/draft/findings").get_json()["findings"]
        assert all(one["severity"] == "advice" for one in advice)
        said[language] = finding["message"], finding["remedy"]
        assert finding == browser.client.get("/api/v1/flow").get_json()["findings"][0]
        page = html.unescape(browser.client.get("/admin/versions").text)
        assert finding["message"] in page
        assert finding["remedy"] in page
    assert said == {
        "it": (
            "late va a 'say_late', e questo nodo non c'è",
            "Intendevi 'say_too_late'? Scrivi il nodo say_late, o correggi",
        ),
        "en": (
            "late goes to 'say_late', and there is no such node",
            "Did you mean 'say_too_late'? Write the node say_late, or correct",
        ),
    }
    read_in(browser, "it")
    kinds = browser.client.get("/api/v1/flow/kinds").get_json()["kinds"]
    assert kinds["lookup"]["about"] == "Chiede ai sistemi del negozio."
    assert "Ask" not in json.dumps([kinds["ask"]["about"], [one["about"] for one in kinds["ask"]["fields"]]])


def test_what_is_wrong_with_a_file_that_is_brought_is_told_in_the_readers_language(house: House) -> None:
    broken = exported(house)[FLOW_FILE].replace("kind: say", "kind: sai", 1)
    page = html.unescape(bring(house, FLOW_FILE, broken.encode()).text)
    assert "kind: 'sai' qui non è possibile. " in page
    assert "Scrivi uno di questi: " in page
    assert "Write one of" not in page


def test_what_a_check_has_found_is_kept_for_readers_of_both_languages(house: House) -> None:
    found = (
        GateFinding(
            gate="checker", severity="error", message=Told("the outcome '%(outcome)s' is missing", outcome="next")
        ),
        GateFinding(gate="scenarios", severity="error", message=Worded("atteso", {"it": "atteso", "en": "expected"})),
    )
    with house.sessions.begin() as session:
        check = versions.begin_check(session, 1, base=1, by=Actor(account_id=1, name="Paolo"), now=house.clock())
        versions.end_check(session, check, found, now=house.clock())
    for language, said in {
        "it": ["manca l'esito 'next'", "atteso"],
        "en": ["the outcome 'next' is missing", "expected"],
    }.items():
        browser = house.signed_in(ADMIN)
        read_in(browser, language)
        shown = browser.client.get("/api/v1/versions/1").get_json()["check"]["findings"]
        assert [one["message"] for one in shown] == said
        page = html.unescape(browser.client.get("/admin/versions/1").text)
        assert all(one in page for one in said)
    read_in(house.signed_in(ADMIN), "it")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"act": "rename", "node": "nowhere", "to": "somewhere"}, 404, "node_unknown"),
        ({"act": "rename", "node": "greet", "to": "goodbye"}, 409, "name_taken"),
        ({"act": "rename", "node": "greet", "to": "Good bye"}, 422, "name_unfit"),
        ({"act": "add", "node": "fresh", "kind": "dance"}, 422, "kind_unknown"),
        ({"act": "change", "node": "greet", "field": "prompt", "value": "{"}, 422, "content_refused"),
        ({"act": "dance", "node": "greet"}, 422, "content_refused"),
    ],
)
def test_an_act_that_cannot_be_is_refused_with_its_reason(
    house: House, asked: dict[str, str], status: int, code: str
) -> None:
    answer = plan(house, **asked)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_export_edit_import_is_the_same_as_the_edit_on_the_screen(house: House) -> None:
    files = exported(house)
    assert "no" in bring(house, "draft.zip", zipped(files)).text
    assert "non cambierebbe niente" in bring(house, "draft.zip", zipped(files)).text

    # On the screen: another name, another way, another prompt.
    for asked in (
        {"act": "rename", "node": "say_late", "to": "say_it_is_late"},
        {"act": "connect", "node": "greet", "outcome": "next", "to": "ask_request"},
        {"act": "change", "node": "say_sorry", "field": "prompt", "value": '"trouble"'},
        {"act": "connect", "node": "which_day", "outcome": "absent", "to": "say_delivered"},
    ):
        edit(house, plan(house, **asked).get_json())
    on_screen, on_screen_files = documents(house), exported(house)

    # The same by an editor, from the files as they were before.
    by_hand = {
        **files,
        FLOW_FILE: files[FLOW_FILE]
        .replace("say_late", "say_it_is_late")
        .replace("prompt: greeting, outcomes: {next: tell_privacy}", "prompt: greeting, outcomes: {next: ask_request}")
        .replace(
            "prompt: greeting\n    outcomes: {next: tell_privacy}",
            "prompt: greeting\n    outcomes: {next: ask_request}",
        )
        .replace("prompt: complaint_sorry", "prompt: trouble")
        .replace("absent: say_delivered_once", "absent: say_delivered"),
    }
    with house.sessions.begin() as session:
        drafts.discard(session, by=Actor(account_id=1, name="Paolo"), now=house.clock())
    page = bring(house, "draft.zip", zipped(by_hand)).text
    assert "flow.nodes.say_it_is_late" in page
    assert take(house, page).status_code == 302
    assert documents(house).digest == on_screen.digest
    assert exported(house)[FLOW_FILE].splitlines() == on_screen_files[FLOW_FILE].splitlines()
    assert exported(house) == on_screen_files


def test_a_file_with_a_fault_is_told_by_line_before_anything_is_taken(house: House) -> None:
    text = exported(house)[FLOW_FILE]
    line = text[: text.index("late: say_late")].count("\n") + 1
    page = bring(house, "shop.flow.yaml", text.replace("late: say_late", "late: say_lat").encode()).text
    assert f"<td>{line}</td><td>node lookup_order</td>" in page
    assert "Intendevi &#39;say_late&#39;?" in page
    torn = bring(house, "shop.flow.yaml", text.replace("flow: shop", 'flow: "shop').encode()).text
    assert "questo non è YAML" in torn
    assert 'name="files"' not in torn
    assert documents(house).digest == documents(house).digest


def test_files_are_not_taken_over_what_somebody_has_changed_meanwhile(house: House) -> None:
    prompts = exported(house)[PROMPTS_FILE].replace("Arrivederci", "A presto")
    page = bring(house, "shop.prompts.yaml", prompts.encode()).text
    edit(house, plan(house, act="rename", node="say_late", to="say_it_is_late").get_json())
    assert take(house, page).status_code == 409


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("flow.zip", b"PK\x03\x04 torn", 422),
        ("notes.txt", b"hello", 422),
        ("shop.flow.yaml", b"\xff\xfe\x00", 422),
    ],
)
def test_what_is_none_of_our_files_is_refused(house: House, name: str, content: bytes, status: int) -> None:
    assert bring(house, name, content).status_code == status


def test_a_form_that_no_preview_has_made_is_refused(house: House) -> None:
    browser = house.signed_in(ADMIN)
    for files in ("", "AAAA", "eJyrVkrLz1eyUlBKSixSqgUAHuAEeg=="):
        sent = {"files": files, "revision": "0", "csrf_token": browser.token("/admin/flows")}
        assert browser.client.post("/admin/flows/files/take", data=sent).status_code in {409, 422}


def test_files_beyond_any_flow_are_refused_before_they_are_read() -> None:
    with pytest.raises(NotFilesError, match="files_too_large"):
        files_of("large.yaml", b"nodes:" + b" " * MOST_BYTES)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(FLOW_FILE, b" " * (MOST_BYTES + 1))
    with pytest.raises(NotFilesError, match="files_too_large"):
        files_of("bomb.zip", bomb.getvalue())
    assert unpacked(packed({FLOW_FILE: "è"})) == {FLOW_FILE: "è"}
