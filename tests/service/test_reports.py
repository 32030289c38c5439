"""The page of reports and its file: what they show, to whom, and what they say when asked for nonsense."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from html import unescape

import pytest

from ivr.web.reports_view import DASH
from routing import store
from routing.figures_table import FIGURES, SECTIONS
from tests.service import desks
from tests.service.desks import ADMIN, SUPERVISOR, Browser, House
from tests.stays import keep, keep_calls, week

PAGE = "/admin/reports"
# The clock of the house stands at Tuesday, 24 November.
WEEK = {"period": "days", "first": "2026-11-16", "last": "2026-11-22"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("reports")) as opened:
        made = week(date(2026, 11, 16), calls_an_hour=4)
        with opened.sessions.begin() as session:
            keep(session, made)
            keep_calls(session, made)
        yield opened


@pytest.fixture
def supervisor(house: House) -> Browser:
    return house.signed_in(SUPERVISOR)


def rows(browser: Browser, **wishes: str) -> list[dict[str, str]]:
    answer = browser.client.get(f"{PAGE}/table.csv", query_string={**WEEK, **wishes})
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    text = answer.data.decode("utf-8-sig")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("by", ["queue", "intent", "agent", "hour", "all"])
def test_every_grouping_has_a_page_with_figures_definitions_and_plots(supervisor: Browser, by: str) -> None:
    page = unescape(supervisor.client.get(PAGE, query_string={**WEEK, "by": by}).text)
    for figure in FIGURES.values():
        assert figure.definitions["it"] in page
        assert figure.undefined["it"] in page
    assert page.count("<svg xmlns") == 2
    assert page.count("<title id=") == 2
    assert 'style="' not in page, "the page's own rules forbid styles in elements"


def test_a_page_without_wishes_is_the_last_seven_days_by_queue(supervisor: Browser) -> None:
    page = supervisor.get(PAGE).text
    assert f"18 nov {DASH} 24 nov" in page
    assert 'value="queue" selected' in page


def test_english_readers_read_english(house: House) -> None:
    browser = house.signed_in(SUPERVISOR)
    browser.post("/account/language", {"language": "en"})
    page = browser.client.get(PAGE, query_string=WEEK).text
    browser.post("/account/language", {"language": "it"})
    assert FIGURES["service_level"].definitions["en"] in unescape(page)
    assert "Group by" in page


def test_the_file_holds_what_the_groups_and_the_whole_count(supervisor: Browser) -> None:
    for by in ("queue", "day", "agent"):
        *lines, whole = rows(supervisor, by=by)
        assert whole[by] == "total"
        assert sum(int(line["offered"]) for line in lines) == int(whole["offered"]) > 100
        low, level, high = (float(whole[name]) for name in ("service_level_low", "service_level", "service_level_high"))
        assert 0 < low < level < high < 1


def test_what_is_not_defined_is_an_empty_cell_and_a_dash(supervisor: Browser) -> None:
    lines = rows(supervisor, by="agent")
    assert {line["service_level"] for line in lines[:-1]} == {""}
    assert {line["occupancy"] for line in rows(supervisor, by="queue")[:-1]} == {""}
    page = supervisor.client.get(PAGE, query_string={"period": "today"}).text
    assert f">{DASH}<" in page.replace("\n", "")


def test_the_threshold_and_the_choice_on_short_abandons_count(supervisor: Browser) -> None:
    def level(**wishes: str) -> float:
        return float(rows(supervisor, **wishes)[-1]["service_level"])

    assert level(seconds="5") < level(seconds="20") < level(seconds="120")
    assert level(short="against") < level() < level(short="in_time")


def test_filters_narrow_the_report(supervisor: Browser) -> None:
    assert [line["queue"] for line in rows(supervisor, queue="orders")] == ["orders", "total"]
    of_intent = rows(supervisor, by="intent", intent="return")
    assert [line["intent"] for line in of_intent] == ["return", "total"]
    assert rows(supervisor, agent="luca", by="agent")[0]["name"] == "Luca Neri"


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"period": "ever"}, "Questo periodo non esiste"),
        ({"period": "days"}, "Un giorno manca"),
        ({"period": "days", "first": "2026-02-30"}, "Un giorno manca"),
        ({"period": "days", "first": "9999-12-31", "last": "9999-12-31"}, "Un giorno manca"),
        ({"period": "days", "first": "0001-01-01", "last": "2026-01-01"}, "Un giorno manca"),
        ({"period": "days", "first": "2026-11-02", "last": "2026-11-01"}, "finisce prima di cominciare"),
        ({"period": "days", "first": "2025-01-01", "last": "2026-11-01"}, "al massimo 400 giorni"),
        ({"period": "days", "first": "2027-01-01", "last": "2027-01-02"}, "deve ancora venire"),
        ({"by": "moon"}, "non si possono raggruppare"),
        ({"seconds": "0"}, "da 1 a 600"),
        ({"seconds": "-1"}, "da 1 a 600"),
        ({"seconds": "601"}, "da 1 a 600"),
        ({"seconds": "²"}, "da 1 a 600"),
        ({"seconds": "9" * 5000}, "da 1 a 600"),
        ({"short": "x"}, "abbandoni brevi"),
        ({"queue": "x" * 65}, "filtro"),
        ({"agent": "a\x00b"}, "filtro"),
    ],
)
def test_nonsense_is_answered_with_a_sentence(supervisor: Browser, wishes: dict[str, str], sentence: str) -> None:
    for address in (PAGE, f"{PAGE}/table.csv"):
        answer = supervisor.client.get(address, query_string=wishes)
        assert answer.status_code == 400
        assert sentence in unescape(answer.text), address


def test_four_hundred_days_are_counted(supervisor: Browser) -> None:
    lines = rows(supervisor, first="2025-10-19", last="2026-11-22", by="day")
    assert len(lines) == 401


def test_a_name_that_would_be_a_formula_is_quoted_in_the_file_and_harmless_on_the_page(house: House) -> None:
    evil = '=HYPERLINK("http://example.org")'
    with house.sessions.begin() as session:
        store.save_agent(
            session, agent_id="ugo", name=evil, address="client:ugo", languages=("it",), skills={"orders": 3},
            now=house.clock(),
        )  # fmt: skip
    browser = house.signed_in(SUPERVISOR)
    names = [line["name"] for line in rows(browser, by="agent")]
    assert f"'{evil}" in names
    assert evil not in names
    page = browser.client.get(PAGE, query_string={**WEEK, "queue": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


def test_the_definitions_are_a_file_too(supervisor: Browser) -> None:
    text = supervisor.get(f"{PAGE}/definitions.csv").data.decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["code"] for line in lines] == list(FIGURES)
    assert lines[3]["definition"] == FIGURES["service_level"].definitions["it"]


def test_admins_see_them_too(house: House) -> None:
    assert house.signed_in(ADMIN).get(PAGE).status_code == 200


def test_agents_see_no_reports(house: House) -> None:
    agent = house.signed_in()
    for address in (PAGE, f"{PAGE}/table.csv", f"{PAGE}/definitions.csv"):
        assert agent.get(address).status_code == 403


def test_every_figure_stands_in_one_section() -> None:
    assert sorted(code for codes in SECTIONS.values() for code in codes) == sorted(FIGURES)
