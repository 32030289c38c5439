"""Scenarios as an admin keeps and runs them: on the page as form and as file, by the API, in the background, and at the gate."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from ivr.editing import drafts, scenarios
from ivr.editing.documents import Documents
from ivr.trials.scenario_gate import ScenarioGate
from ivr.trials.scenario_runs import ScenarioRuns
from ivr.trials.scenarios import read_scenario, written
from ivr.web.editing import scenario_form
from ivr.web.editing.scenario_wiring import scenario_runs
from tests.line.scenarios.trying import SHIPPED
from tests.service import desks
from tests.service.desks import ADMIN, SUPERVISOR, Browser, House
from tests.telephone import understanding

PAGE = "/admin/scenarios"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("scenarios"), understanding=understanding()) as opened:
        yield opened


@pytest.fixture
def admin(house: House) -> Browser:
    return house.signed_in(ADMIN)


def runs_of(house: House) -> ScenarioRuns:
    with house.app.app_context():
        return scenario_runs()


def finished(house: House, run_id: str) -> scenarios.Run:
    for _ in range(1200):
        with house.sessions() as session:
            found = scenarios.run(session, run_id, house.clock())
        assert found is not None
        if found.state != "running":
            return found
        time.sleep(0.05)
    raise AssertionError("the run does not end")


def form_of(document: dict[str, Any]) -> MultiDict[str, str]:
    """What the browser would send of a document's form."""
    form: MultiDict[str, str] = MultiDict()
    kind, detail = scenario_form.caller_of(document)
    form.update({"name": document["name"], "language": document["language"]})
    form.update({f"about_{code}": words for code, words in scenario_form.about_of(document).items()})
    form.update({"caller": kind, "caller_detail": detail, "at": document.get("at", "open")})
    form.update({"agents": document.get("agents", "answer")})
    for trouble in scenario_form.troubles_of(document):
        form.add("faults", trouble)
    for row in scenario_form.rows_of(document):
        for name, value in row.items():
            form.add("heard_language" if name == "language" else name, value)
    for name, value in scenario_form.ends_of(document).items():
        form.add(f"ends_{name}", value)
    return form


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_the_form_says_the_same_as_the_file(name: str) -> None:
    document = dict(SHIPPED[name].document)
    again = scenario_form.document_of(form_of(document), document)
    read = read_scenario(written(again), file="again.yaml")
    assert read.problems == ()
    assert read.scenario == SHIPPED[name]


def test_shipped_scenarios_stand_on_the_page_with_a_form_each(admin: Browser) -> None:
    shown = admin.get(PAGE)
    assert shown.status_code == 200
    assert all(name in shown.text for name in SHIPPED)
    one = admin.get(f"{PAGE}/one/late_order_told_first")
    assert one.status_code == 200
    assert "is_it_late_order" in one.text
    assert admin.get(f"{PAGE}/one/nothing").status_code == 404
    assert admin.get(f"{PAGE}/new").status_code == 200


def test_supervisors_do_not_write_scenarios(house: House) -> None:
    assert house.signed_in(SUPERVISOR).get(PAGE).status_code == 403


def test_what_is_wrong_in_a_file_is_told_with_its_line_and_the_text_stays(admin: Browser) -> None:
    text = 'name: mine\nlanguage: it\nsteps:\n  - say: ciao\n    press: "1"\n'
    answer = admin.post(f"{PAGE}/save", {"was": "", "revision": "0", "as_file": "1", "text": text})
    assert answer.status_code == 422
    assert "4: step 1: say e press stanno in un solo passo" in answer.text
    assert "say: ciao" in answer.text


def test_saved_changed_by_two_and_taken_out(admin: Browser, house: House) -> None:
    text = "name: of_two\nlanguage: it\nsteps:\n  - say: ciao\n"
    given = {"was": "", "revision": "0", "as_file": "1", "text": text}
    assert admin.post(f"{PAGE}/save", given).status_code == 303
    stale = admin.post(f"{PAGE}/save", {**given, "was": "of_two", "text": text.replace("ciao", "pronto")})
    assert stale.status_code == 409
    assert "pronto" in stale.text
    fresh = admin.post(f"{PAGE}/save", {**given, "was": "of_two", "revision": "1"})
    assert fresh.status_code == 303
    assert admin.post(f"{PAGE}/one/of_two/remove", {"revision": "1"}).status_code == 409
    assert admin.post(f"{PAGE}/one/of_two/remove", {"revision": "2"}).status_code == 303
    assert admin.get(f"{PAGE}/one/of_two").status_code == 404
    with house.sessions() as session:
        assert "of_two" not in scenarios.scenarios(session, {})


def test_a_run_goes_on_beside_the_request_and_its_results_stand_on_both_pages(admin: Browser, house: House) -> None:
    wrong = 'name: goes_wrong\nlanguage: it\ncaller: mario\nsteps:\n  - press: "1"\n  - expect: order_late\n    hang_up: true\n'
    assert admin.post(f"{PAGE}/save", {"was": "", "revision": "0", "as_file": "1", "text": wrong}).status_code == 303
    begun = admin.post(f"{PAGE}/run", {"against": "draft", "name": "goes_wrong"})
    assert begun.status_code == 303, begun.text
    run = finished(house, begun.headers["Location"].rsplit("/", 1)[1])
    assert (run.state, run.done, run.total, run.failures) == ("done", 1, 1, 1)
    shown = admin.get(begun.headers["Location"])
    sentence = "atteso il prompt «order_late», sentiti: order_under_way, anything_else"
    assert sentence in shown.text
    assert "data-events" not in shown.text
    assert sentence in admin.get(PAGE).text
    assert admin.post(f"{PAGE}/one/goes_wrong/remove", {"revision": "1"}).status_code == 303


def test_an_unknown_version_or_scenario_is_refused(admin: Browser) -> None:
    assert admin.post(f"{PAGE}/run", {"against": "77"}).status_code == 404
    assert admin.post(f"{PAGE}/run", {"against": "draft", "name": "nothing"}).status_code == 404
    assert admin.get(f"{PAGE}/runs/nothing").status_code == 404


def test_a_trial_call_is_kept_by_the_api_and_can_be_run(admin: Browser, house: House) -> None:
    headers = {"X-CSRFToken": admin.token("/account")}
    document = {"name": "kept_call", "language": "it", "caller": "mario", "steps": [{"press": "1"}, {"hang_up": True}]}

    def post(address: str, content: Any) -> Any:
        return admin.client.post(f"/api/v1{address}", json=content, headers=headers)

    kept = post("/scenarios", {"document": document, "revision": 0})
    assert (kept.status_code, kept.json) == (201, {"name": "kept_call", "revision": 1})
    assert post("/scenarios", {"document": document, "revision": 0}).status_code == 409
    wrong = post("/scenarios", {"document": {**document, "steps": []}})
    assert wrong.status_code == 422
    shown = admin.get("/api/v1/scenarios/kept_call").json
    assert shown["document"] == document
    assert read_scenario(shown["yaml"], file="x.yaml").document == document
    begun = post("/scenario-runs", {"names": ["kept_call"], "against": "live"})
    assert begun.status_code == 201, begun.text
    finished(house, begun.json["run_id"])
    done = admin.get(f"/api/v1/scenario-runs/{begun.json['run_id']}").json
    assert [(one["name"], one["state"]) for one in done["results"]] == [("kept_call", "passed")]
    gone = admin.client.delete("/api/v1/scenarios/kept_call?revision=1", headers=headers)
    assert gone.status_code == 204


def test_the_gate_holds_back_what_breaks_a_scenario(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = runs_of(house)
    few = {name: SHIPPED[name].document for name in ("how_data_are_used", "order_status_by_key")}
    monkeypatch.setattr(ScenarioRuns, "shipped", lambda _self: few)
    gate = ScenarioGate(runs, language="it")
    with house.sessions() as session:
        shipped = drafts.draft(session, now=house.clock()).documents
    with runs.reading_sessions() as session:
        assert gate(session, shipped, None) == ()
        flow = {**shipped.flow, "nodes": {**shipped.flow["nodes"]}}
        flow["nodes"]["say_under_way"] = {**flow["nodes"]["say_under_way"], "prompt": "order_delivered_once"}
        broken = Documents(flow=flow, prompts=shipped.prompts, intents=shipped.intents)
        (finding,) = gate(session, broken, shipped)
    assert (finding.gate, finding.severity, finding.place) == ("scenarios", "error", "order_status_by_key")
    assert finding.can_be_overruled
    assert "atteso il prompt «order_under_way»" in finding.message
    with house.sessions() as session:
        newest = scenarios.runs(session, house.clock())[0]
    assert (newest.state, newest.failures, newest.total) == ("done", 1, 2)


def test_against_what_the_checker_refuses_nothing_is_run(house: House) -> None:
    runs = runs_of(house)
    with runs.reading_sessions() as session:
        shipped = drafts.draft(session, now=house.clock()).documents
        nothing = Documents(flow={**shipped.flow, "nodes": {}}, prompts=shipped.prompts, intents=shipped.intents)
        assert ScenarioGate(runs, language="it")(session, nothing, shipped) == ()


def test_a_faulty_file_is_told_with_its_line_and_the_others_are_run(
    admin: Browser, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "asks.yaml").write_text(written(SHIPPED["how_data_are_used"].document), encoding="utf-8")
    (folder / "wrong.yaml").write_text("name: wrong\nlanguage: it\nsteps:\n  - shout: ciao\n", encoding="utf-8")
    runs = replace(runs_of(house), folder=tmp_path)
    monkeypatch.setattr("ivr.web.editing.scenarios.scenario_runs", lambda: runs)
    shown = admin.get(PAGE)
    assert shown.status_code == 200
    assert "scenarios/wrong.yaml:4" in shown.text
    assert "how_data_are_used" in shown.text
    with runs.reading_sessions() as session:
        documents = drafts.draft(session, now=house.clock()).documents
        (finding,) = ScenarioGate(runs, language="it")(session, documents, None)
    assert (finding.severity, finding.place) == ("error", "scenarios/wrong.yaml:4 step 1")
    assert "shout" in finding.message
    assert finding.remedy
    with house.sessions() as session:
        newest = scenarios.runs(session, house.clock())[0]
    assert (newest.failures, newest.total) == (0, 1)


def test_what_a_scenario_shows_is_told_in_the_reader_s_language(admin: Browser) -> None:
    assert "Un reclamo diventa una pratica" in admin.get(PAGE).text
