"""Every page can be read by everybody and used without a mouse: axe-core and the keyboard go through all of them."""

from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Browser

from ivr.accounts.store import Role
from tests.browser import accessible
from tests.browser.accessible import NARROW, WIDE, AxeMissingError, Seen, addresses, opened, served, signed_in
from tests.service.desks import House

pytestmark = pytest.mark.chromium


Places = Mapping[str, str | int]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Places]]:
    with accessible.furnished(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture(scope="module")
def house(furnished: tuple[House, Places]) -> House:
    return furnished[0]


@pytest.fixture(scope="module")
def places(furnished: tuple[House, Places]) -> Places:
    return furnished[1]


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with served(house) as url:
        yield url


@pytest.fixture(scope="module")
def axe() -> str:
    try:
        return accessible.axe_source()
    except AxeMissingError as error:
        pytest.skip(str(error))


# Pages that each role sees in its own way.
OWN_WAY = frozenset({"/account", "/admin", "/admin/board", "/admin/flows", "/admin/routing"})


def pages_of(house: House, role: Role, places: Places) -> list[str]:
    of_admins = set() if role is Role.ADMIN else set(addresses(house.app, Role.ADMIN, places)) - OWN_WAY
    return [path for path in addresses(house.app, role, places) if path not in of_admins]


def test_every_page_is_known_to_this_test(house: House, places: Places) -> None:
    assert not accessible.unplaced(house.app, places), (
        "say in tests/browser/accessible.py what stands in their addresses"
    )


# The admin's pages wide in Italian and narrow in English; of the others only what no admin sees. The bench `admin` looks at
# every page in all twelve ways.
@pytest.mark.parametrize(
    "look",
    [(Role.ADMIN, "it", WIDE), (Role.ADMIN, "en", NARROW), (Role.SUPERVISOR, "it", NARROW), (Role.AGENT, "en", WIDE)],
    ids=["admin it wide", "admin en narrow", "supervisor it narrow", "agent en wide"],
)
def test_axe_finds_nothing_serious_on_any_page(
    chromium: Browser,
    furnished: tuple[House, Places],
    address: str,
    axe: str,
    look: tuple[Role, str, dict[str, int]],
) -> None:
    (house, places), (role, language, viewport) = furnished, look
    wrong = []
    with signed_in(chromium, house, address, role=role, language=language, viewport=viewport) as page:
        for path in pages_of(house, role, places):
            if opened(page, f"{address}{path}"):
                seen = Seen(address=path, role=role, language=language, width=viewport["width"])
                wrong += [f"{seen}: {problem}" for problem in accessible.axe_problems(page, axe)]
    assert not wrong, "\n".join(wrong)


def test_axe_finds_nothing_serious_on_a_what_if_run_without_an_answer(
    chromium: Browser, house: House, address: str, axe: str
) -> None:
    with signed_in(chromium, house, address, role=Role.SUPERVISOR) as page:
        for state, run_id in accessible.UNANSWERED.items():
            assert opened(page, f"{address}/admin/what-if/{run_id}")
            assert page.locator("#progress progress, #progress .alert").count() == 1, state
            assert accessible.axe_problems(page, axe) == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AGENT])
def test_every_control_is_reached_named_and_seen_by_keyboard(
    chromium: Browser, furnished: tuple[House, Places], address: str, role: Role
) -> None:
    house, places = furnished
    wrong = []
    with signed_in(chromium, house, address, role=role) as page:
        for path in pages_of(house, role, places):
            if opened(page, f"{address}{path}"):
                wrong += [f"{path}: {problem}" for problem in accessible.keyboard_problems(page)]
    assert not wrong, "\n".join(wrong)


BAD_PAGE = """
<style>.blind:focus { outline: none } .far { position: fixed; left: 0; top: -999px }</style>
<a href="#a">here</a> <button class="blind" style="transition: none">blind</button> <button></button>
<button class="far">far</button> <button tabindex="-1">never meant</button> <button id="last">end</button>
<script>document.querySelector("#last").addEventListener("keydown", (event) => event.preventDefault())</script>
"""


def test_the_walk_by_keyboard_finds_what_it_is_for(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content(BAD_PAGE)
    found = "\n".join(accessible.keyboard_problems(page))
    page.close()
    for wanted in ('focus not seen: <button class="blind"', "out of sight", "no name: <button></button>", "a trap"):
        assert wanted in found, found
    assert "never meant" not in found


def test_axe_finds_what_it_is_for(chromium: Browser, axe: str) -> None:
    page = chromium.new_page()
    page.set_content("<html lang=it><title>t</title><main><h1>t</h1><button></button></main>")
    found = accessible.axe_problems(page, axe)
    page.close()
    assert any("button-name" in one for one in found)
