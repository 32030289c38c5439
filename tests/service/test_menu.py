"""The rows of pages: everybody sees the pages that are theirs, and where they are."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import desks
from tests.service.desks import ADMIN, AGENT, SUPERVISOR, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with desks.open_house(tmp_path) as opened:
        yield opened


def rows(text: str) -> list[list[str]]:
    """The entries of each row of pages, the one that one is in marked."""
    found = re.findall(r"<nav class=\"(?:pages|room)[^>]*>(.*?)</nav>", text, re.DOTALL)
    return [
        [
            ("*" if "aria-current" in attributes else "") + path
            for path, attributes in re.findall(r'<a [^>]*href="(/[^"]*)"([^>]*)>', row)
        ]
        for row in found
    ]


def test_an_agent_sees_the_desk_and_the_own_account_alone(house: House) -> None:
    assert rows(house.signed_in(AGENT).get("/account").text) == [["/desk", "/account"]]


def test_a_supervisor_sees_no_page_of_admins(house: House) -> None:
    first, second = rows(house.signed_in(SUPERVISOR).get("/admin/what-if").text)
    assert "*/admin/routing" in first
    assert not {"/admin/prompts", "/admin/company"} & set(first)
    assert second == ["/admin/routing", "*/admin/what-if"]


def test_a_room_leads_to_its_first_page_and_shows_the_others(house: House) -> None:
    first, *_ = rows(house.signed_in(ADMIN).get("/admin").text)
    assert "*/admin" in first
    assert "*/admin/board" not in first
    _, second = rows(house.signed_in(ADMIN).get("/admin/routing/queues/general").text)
    assert second[0] == "*/admin/routing"


def test_every_page_that_is_shown_is_there(house: House) -> None:
    browser = house.signed_in(ADMIN)
    shown = {path.lstrip("*") for row in rows(browser.get("/admin").text) for path in row}
    for path in sorted(shown):
        assert browser.get(path, follow_redirects=True).status_code == 200, path
