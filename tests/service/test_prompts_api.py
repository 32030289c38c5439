"""Prompts and recordings by the API: what the page shows, measures, hears, records and compares."""

import base64
import hashlib
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import soundfile
from sqlalchemy import text
from werkzeug.test import TestResponse

from ivr.audit.store import Actor
from ivr.calls.tables import Call, WordingHeard
from ivr.editing import drafts, prompt_rows, recordings, versions
from ivr.editing.documents import shipped
from ivr.editing.drafts import Change
from ivr.editing.reading import built
from ivr.synthesis import installed_voice
from prompts import experiment
from tests.service import desks
from tests.service.desks import ADMIN, AGENT, START, Browser, House
from tests.unit.test_recording_sound import file, tone

API = "/api/v1"
ME = Actor(name="Prova")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("prompts")) as opened:
        with opened.sessions.begin() as session:
            if versions.version(session, 1) is None:
                versions.add(session, shipped(), note="", by=ME, now=START)
        yield opened


@pytest.fixture
def admin(house: House) -> Browser:
    return house.signed_in(ADMIN)


def sent(browser: Browser, address: str, content: Any) -> TestResponse:
    return browser.client.post(f"{API}{address}", json=content, headers={"X-CSRFToken": browser.token("/account")})


def prompts_of(browser: Browser) -> dict[str, dict[str, Any]]:
    answer = browser.get(f"{API}/prompts")
    assert answer.status_code == 200, answer.text
    return {one["key"]: one for one in answer.json["prompts"]}


def test_prompts_are_told_with_where_they_are_said_and_how_long_they_take(admin: Browser) -> None:
    found = prompts_of(admin)
    greeting, ask = found["greeting"], found["how_can_we_help"]
    assert greeting["placeholders"] == {"daytime": "choice"}
    assert {node["kind"] for node in greeting["nodes"]} == {"say"}
    assert ask["role"] == "node"
    assert len(ask["measured"]["it"]) == 1 + len(ask["wordings"]["it"]["reprompts"])
    assert 1 < ask["measured"]["it"][0]["seconds"] < 4
    assert ask["measured"]["it"][0]["level"]["formula"] == "Gulpease"
    assert (found["queue_next"]["role"], found["choice.return"]["role"]) == ("service", "choice")
    assert found["privacy_use"]["advice"] == ["too_long"]
    assert found["code_text"]["measured"]["it"][0]["messages"] == 2
    assert {one["role"] for one in found.values()} <= {"node", "flow", "service", "choice"}


def test_a_text_that_is_not_saved_is_measured_and_told_its_faults(admin: Browser) -> None:
    told = sent(admin, "/prompts/measure", {"language": "it", "text": "Un <b>momento</b>, {name:name}."}).json
    assert told["faults"][0]["position"] == 4
    assert "<b>" in told["faults"][0]["message"]
    told = sent(admin, "/prompts/measure", {"language": "it", "text": "Ordine {n:kilos}"}).json
    assert "kilos" in told["problem"]
    assert sent(admin, "/prompts/measure", {"language": "it", "text": ""}).json["seconds"] == 0.0


def test_a_text_that_is_not_saved_can_be_heard(admin: Browser) -> None:
    if not installed_voice().speaks("it-IT"):
        pytest.skip("no synthesiser is installed")
    short = sent(admin, "/prompts/speech", {"language": "it", "text": "Ordine {order_number:digits}."})
    assert short.mimetype == "audio/wav"
    samples, rate_hz = soundfile.read(io.BytesIO(short.data))
    assert rate_hz == 8000
    assert np.abs(samples).max() > 0.05
    marked = sent(admin, "/prompts/speech", {"language": "it", "text": "Ordine<break time='2s'/> {n:digits}."})
    assert soundfile.info(io.BytesIO(marked.data)).duration > len(samples) / rate_hz + 1.5
    assert sent(admin, "/prompts/speech", {"language": "it", "text": " "}).status_code == 422


def test_an_agent_neither_reads_nor_measures_prompts(house: House) -> None:
    agent = house.signed_in(AGENT)
    assert agent.get(f"{API}/prompts").status_code == 403
    assert sent(agent, "/prompts/measure", {"language": "it", "text": "x"}).status_code == 403


def test_a_recording_is_kept_once_noted_and_heard(house: House, admin: Browser, tmp_path: Any) -> None:
    content = {"name": "saluto.wav", "sound": base64.b64encode(file(tone())).decode()}
    first, again = sent(admin, "/recordings", content), sent(admin, "/recordings", content)
    assert (first.status_code, again.status_code) == (201, 201), first.text
    address = first.json["address"]
    assert again.json["address"] == address
    listed = admin.get(f"{API}/recordings").json
    assert (listed["total"], listed["recordings"][0]["name"]) == (1, "saluto.wav")
    heard = admin.get(f"{API}/recordings/{address.removeprefix('sha256:')}/sound")
    assert soundfile.info(io.BytesIO(heard.data)).samplerate == 8000
    assert admin.get(f"{API}/recordings/{'0' * 64}/sound").status_code == 404
    with house.sessions() as session:
        (acts,) = session.execute(text("SELECT count(*) FROM audit_entries WHERE act = 'recording.added'")).one()
        assert acts == 1
        files = recordings.files(session, [address, "saluto.wav", f"sha256:{'0' * 64}"], tmp_path)
    assert {name: path.read_bytes() for name, path in files.items()} == {address: heard.data}


@pytest.mark.parametrize(("sound", "code"), [("bm8=", "recording_unreadable"), ("§", "")])
def test_a_recording_that_cannot_be_used_is_refused_with_its_code(admin: Browser, sound: str, code: str) -> None:
    answer = sent(admin, "/recordings", {"sound": sound})
    assert answer.status_code == 422
    assert code in answer.json["code"]


def test_two_wordings_are_compared_once_there_are_enough_calls(house: House, admin: Browser) -> None:
    assert admin.get(f"{API}/prompts/how_can_we_help/tried?language=it").status_code == 404
    place = ("prompts", "prompts", "how_can_we_help", "it", "alternative")
    with house.sessions.begin() as session:
        tried = {"text": "Che cosa le serve?", "share": 50}
        drafts.edit(session, [Change(place=place, before=None, after=tried)], by=ME, now=START)
    wording = prompts_of(admin)["how_can_we_help"]
    assert wording["wordings"]["it"]["alternative"]["share"] == 50
    assert len(wording["measured"]["it"]) == 5
    found = admin.get(f"{API}/prompts/how_can_we_help/tried?language=it").json
    assert (found["verdict"], found["missing_calls"]) == ("too_few", experiment.FEWEST_CALLS)
    with house.sessions.begin() as session:
        _calls(session, 240)
    found = admin.get(f"{API}/prompts/how_can_we_help/tried?language=it").json
    assert [arm["calls"] for arm in found["arms"]] == [120, 120]
    assert found["verdict"] == "b_better"
    assert [one["better"] for one in found["differences"] if one["measure"] == "without_person"] == ["b"]


def _calls(session: Any, count: int) -> None:
    trial = hashlib.sha256(b"Mi dica, come posso aiutarla?\0Che cosa le serve?").hexdigest()[:16]
    for number in range(count):
        call_id, arm = f"CAtried{number}", "ab"[number % 2]
        to_person = "asked for a person" if arm == "a" and number % 3 else ""
        session.add(
            Call(
                call_id=call_id, from_number="", to_number="", flow="shop", flow_version=1, listening="carrier",
                language="it", status="ended", started_at=START, ended_at=START, state="", expecting="", heard="",
                words_so_far="", route_reason=to_person,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            WordingHeard(
                call_id=call_id, key="how_can_we_help", language="it", arm=arm, trial=trial, flow_version=1, turn=1,
                node="how_can_i_help", asked=True, at=START,
            )
        )  # fmt: skip


def test_a_recording_of_the_draft_is_what_calls_hear_once_it_is_published(
    house: House, admin: Browser, tmp_path: Any
) -> None:
    content = {"name": "saluto.wav", "sound": base64.b64encode(file(tone(1.5))).decode()}
    address = sent(admin, "/recordings", content).json["address"]
    place = ("prompts", "prompts", "consent_thanks", "it", "recording")
    with house.sessions.begin() as session:
        drafts.edit(session, [Change(place=place, before=None, after=address)], by=ME, now=START)
        documents = drafts.draft(session, now=START).documents
    playing = recordings.Playing(sessions=house.sessions, own_folder=tmp_path, folder=tmp_path / "kept")
    version = built(documents, number=9, recordings=playing)
    path = version.recordings["consent_thanks", "it"]
    assert soundfile.info(path).duration == pytest.approx(1.5, abs=0.05)
    gone = recordings.Playing(sessions=house.sessions, own_folder=tmp_path, folder=tmp_path / "kept")
    assert gone(prompt_rows.catalogue_of(documents)) == version.recordings
