"""The page of alerts: what happened in plain words, verdicts, watched voices, unlocking; and who may see it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from biometrics import alerts
from biometrics.attacks import Alert, AlertKind, Details
from biometrics.vault import Vault
from biometrics.watchlist import watched
from ivr.calls import store as calls
from ivr.calls.tables import Call
from ivr.customers.tables import Customer
from sealing.columns import ring_of
from tests.service import desks
from tests.service.desks import ADMIN, CALL, SUPERVISOR, House
from tests.voices import utterances

BEFORE = "CA" + "0" * 32
CUSTOMER = "K0007"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


def raised(
    house: House, kind: AlertKind, *, customer_id: str = CUSTOMER, call_id: str = CALL, **details: object
) -> int:
    given: Details = details  # type: ignore[assignment]  # a dict is invariant in its values
    with house.sessions.begin() as session:
        alert = Alert(kind=kind, customer_id=customer_id, details=given)
        kept = alerts.raise_alert(session, alert, call_id=call_id, now=house.clock())
    assert kept is not None
    return kept.alert_id


def an_earlier_call(house: House) -> None:
    with house.sessions.begin() as session:
        calls.add(
            session,
            Call(
                call_id=BEFORE, from_number="", to_number="+390210420000", flow="shop", flow_version=1,
                listening="stream", language="it", status=calls.ENDED, turn=2, node="end",
                started_at=house.clock() - timedelta(days=3), ended_at=house.clock() - timedelta(days=3),
            ),
        )  # fmt: skip


def voice_heard(house: House) -> None:
    with house.sessions.begin() as session:
        Vault(ring_of(session.connection())).keep_sample(
            session, call_id=CALL, turn=1, customer_id=CUSTOMER, sample=utterances(1, 1)[0], encoder="line-ge2e",
            channel="telephone", now=house.clock(),
        )  # fmt: skip


@pytest.mark.parametrize("email", [SUPERVISOR, ADMIN])
def test_a_replay_is_told_in_plain_words_with_both_calls(house: House, email: str) -> None:
    an_earlier_call(house)
    raised(house, AlertKind.REPLAY, heard_in=BEFORE, heard_in_turn=2, share=0.913, seconds=2.85)
    page = house.signed_in(email).get("/admin/alerts").text
    for wanted in (
        "Chiara Moretti",
        "la stessa registrazione",
        "2,8 s",
        "91%",
        f"/admin/calls/{CALL}",
        BEFORE,
        "21 nov",
    ):
        assert wanted in page, wanted


@pytest.mark.parametrize(
    ("kind", "details", "wanted"),
    [
        (AlertKind.MANY_CLAIMS, {"customers": ["K0008", "K0009"], "least_ratio": 7.1}, "Anna Verdi, K0009"),
        (AlertKind.MANY_VOICES, {"voices": 3, "calls": 4, "days": 7}, "3 voci diverse hanno detto in 7 giorni"),
        (AlertKind.WATCHED, {"watch_id": "gone", "ratio": 9.0}, "Ha chiamato una voce sorvegliata"),
        (AlertKind.LOCKED, {}, "Per tre volte di seguito"),
        (AlertKind.SYNTHETIC, {"score": -2.5, "countermeasure": "aasist"}, "(aasist: -2.5)"),
        (AlertKind.DRIFT, {"before": 5.1, "now": 7.2}, "passata da 5.1 a 7.2"),
    ],
)
def test_each_kind_is_told_in_plain_words(
    house: House, kind: AlertKind, details: dict[str, object], wanted: str
) -> None:
    with house.sessions.begin() as session:
        session.add(Customer(customer_id="K0008", name="Anna Verdi", language="it", email=""))
    raised(house, kind, **details)
    page = house.signed_in(SUPERVISOR).get("/admin/alerts").text
    assert wanted in page
    assert f">{kind.value}<" not in page


def test_an_english_page_is_english(house: House) -> None:
    raised(house, AlertKind.LOCKED)
    browser = house.signed_in(SUPERVISOR)
    browser.post("/account/language", {"language": "en"})
    assert "Three times in a row" in browser.get("/admin/alerts").text


def test_a_name_in_an_alert_is_no_markup(house: House) -> None:
    with house.sessions.begin() as session:
        session.add(Customer(customer_id="K0666", name="<script>alert(1)</script>", language="it", email=""))
    raised(house, AlertKind.LOCKED, customer_id="K0666")
    raised(house, AlertKind.SYNTHETIC, customer_id="K0666", countermeasure="<b>", score=1.0)
    page = house.signed_in(SUPERVISOR).get("/admin/alerts").text
    assert "<script>alert" not in page
    assert "(<b>" not in page


def test_an_erased_customer_and_a_forgotten_call_leave_a_page_that_reads(house: House) -> None:
    raised(house, AlertKind.REPLAY, customer_id="", call_id="CAgone", heard_in="CAgone2", heard_in_turn=1)
    page = house.signed_in(SUPERVISOR).get("/admin/alerts").text
    assert "un cliente i cui dati sono stati cancellati" in page
    assert "CAgone" not in page


def test_open_alerts_are_counted_in_the_navigation_until_somebody_has_looked(house: House) -> None:
    alert_id = raised(house, AlertKind.LOCKED)
    browser = house.signed_in(SUPERVISOR)
    assert "text-bg-danger" in browser.get("/admin").text
    answer = browser.post(f"/admin/alerts/{alert_id}/verdict", {"verdict": "harmless"})
    assert (answer.status_code, answer.location) == (303, "/admin/alerts")
    page = browser.get("/admin/alerts").text
    for wanted in ("Segnato: innocuo.", "innocuo</span>", "Marta Conti"):
        assert wanted in page
    assert "text-bg-danger" not in page
    browser.post(f"/admin/alerts/{alert_id}/verdict", {"verdict": "attack"})
    assert "attacco</span>" in browser.get("/admin/alerts").text


@pytest.mark.parametrize(("alert_id", "verdict", "status"), [(1, "", 400), (1, "maybe", 400), (404, "attack", 404)])
def test_a_verdict_that_is_none_changes_nothing(house: House, alert_id: int, verdict: str, status: int) -> None:
    raised(house, AlertKind.LOCKED)
    browser = house.signed_in(SUPERVISOR)
    assert browser.post(f"/admin/alerts/{alert_id}/verdict", {"verdict": verdict}).status_code == status
    with house.sessions() as session:
        assert alerts.count_open(session) == 1


def test_a_voice_is_watched_and_no_longer(house: House) -> None:
    voice_heard(house)
    alert_id = raised(house, AlertKind.LOCKED)
    browser = house.signed_in(SUPERVISOR)
    given = {"label": "chiede sempre rimborsi", "days": "14"}
    assert browser.post(f"/admin/alerts/{alert_id}/watch", given).status_code == 303
    page = browser.get("/admin/alerts").text
    for wanted in ("chiede sempre rimborsi", "Marta Conti, fino al 8 dic"):
        assert wanted in page, wanted
    with house.sessions() as session:
        watch_id = watched(session, ring_of(session.connection()), house.clock())[0].watch_id
    assert browser.post(f"/admin/alerts/watched/{watch_id}/stop").status_code == 303
    assert "chiede sempre rimborsi" not in browser.get("/admin/alerts").text
    assert browser.post(f"/admin/alerts/watched/{watch_id}/stop").status_code == 409


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"label": "x", "days": "14"}, 409),
        ({"label": "", "days": "14"}, 400),
        ({"label": "x", "days": "91"}, 400),
        ({"label": "x", "days": "many"}, 400),
        ({}, 400),
    ],
)
def test_what_cannot_be_watched_is_told(house: House, given: dict[str, str], status: int) -> None:
    alert_id = raised(house, AlertKind.LOCKED)
    browser = house.signed_in(SUPERVISOR)
    assert browser.post(f"/admin/alerts/{alert_id}/watch", given).status_code == status
    assert browser.post("/admin/alerts/404/watch", given).status_code == 404


def test_a_locked_voice_is_unlocked(house: House) -> None:
    with house.sessions.begin() as session:
        for _ in range(3):
            Vault(ring_of(session.connection())).note_rejection(session, CUSTOMER, house.clock())
    alert_id = raised(house, AlertKind.LOCKED)
    browser = house.signed_in(SUPERVISOR)
    assert "Sblocca la voce" in browser.get("/admin/alerts").text
    assert browser.post(f"/admin/alerts/{alert_id}/unlock").status_code == 303
    assert "Sblocca la voce" not in browser.get("/admin/alerts").text
    assert browser.post(f"/admin/alerts/{alert_id}/unlock").status_code == 409
    assert browser.post("/admin/alerts/404/unlock").status_code == 404


def test_an_agent_sees_neither_the_page_nor_its_link(house: House) -> None:
    raised(house, AlertKind.LOCKED)
    browser = house.signed_in()
    assert browser.get("/admin/alerts").status_code == 403
    assert "/admin/alerts" not in browser.get("/desk").text
