"""Every route names its guard, and the guard does what it says: a new route fails here until somebody says who may call it."""

from collections.abc import Iterable, Iterator, Mapping

import pytest
from flask import Flask
from werkzeug.routing import Rule

from ivr.accounts import store as accounts
from ivr.accounts import tokens
from ivr.accounts.scopes import SCOPES, scopes_of
from ivr.accounts.store import Person, Role
from ivr.web import guards
from ivr.web.guards import Guard, GuardKind, guard_of
from tests.guarded import address_of, methods_of, rules, unguarded, upgrade_of
from tests.service import desks
from tests.service.desks import House

EVERYBODY = frozenset(Role)
WATCHERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

EXPECTED_ROLES = {
    "home.start": EVERYBODY,
    "sign_in.leave": EVERYBODY,
    "sign_in.account": EVERYBODY,
    "sign_in.change_password": EVERYBODY,
    "sign_in.change_language": EVERYBODY,
    "desk.page": EVERYBODY,
    "desk.events": EVERYBODY,
    "desk.here": EVERYBODY,
    "desk.set_state": EVERYBODY,
    "desk.accept": EVERYBODY,
    "desk.decline": EVERYBODY,
    "desk.hold": EVERYBODY,
    "desk.hang_up": EVERYBODY,
    "desk.finish": EVERYBODY,
    "desk.audio": EVERYBODY,
    "admin.page": WATCHERS,
    "what_if.page": WATCHERS,
    "coverage.page": WATCHERS,
    "intents.page": frozenset({Role.ADMIN}),
    "what_if.begin": WATCHERS,
    "what_if.run": WATCHERS,
    "what_if.events": WATCHERS,
    "what_if.plot": WATCHERS,
    "what_if.figures": WATCHERS,
    "admin.events": WATCHERS,
    "admin.call": WATCHERS,
    "admin.call_events": WATCHERS,
    "admin.audio": WATCHERS,
    "flows.page": WATCHERS,
    "flow_files.export": ADMINS,
    "flow_files.export_flow": ADMINS,
    "flow_files.preview": ADMINS,
    "flow_files.take": ADMINS,
    "board.page": WATCHERS,
    "board.events": WATCHERS,
    "board_acts.call": WATCHERS,
    "board_acts.agent": WATCHERS,
    "board_acts.supervise": WATCHERS,
    "board_acts.leave": WATCHERS,
    "board_acts.move": WATCHERS,
    "board_acts.skills": WATCHERS,
    "board_acts.force_state": WATCHERS,
    "routing_admin.page": WATCHERS,
    "routing_admin.queue": WATCHERS,
    "routing_admin.save_queue": frozenset({Role.ADMIN}),
    "routing_admin.preview": WATCHERS,
    "routing_admin.agent": WATCHERS,
    "routing_admin.save_agent": frozenset({Role.ADMIN}),
    "routing_receipts.receipts": WATCHERS,
    "desk_phone.ticket": EVERYBODY,
    "desk_phone.sdk": EVERYBODY,
    "desk_talk.mute": EVERYBODY,
    "desk_talk.consult": EVERYBODY,
    "desk_talk.transfer": EVERYBODY,
    "desk_talk.cancel_consult": EVERYBODY,
    "desk_talk.join_all": EVERYBODY,
    "desk_talk.complete_transfer": EVERYBODY,
    "desk_tools.close_case": EVERYBODY,
    "desk_tools.send_message": EVERYBODY,
    "desk_tools.promise_callback": EVERYBODY,
    "desk_voice.ask": EVERYBODY,
    "desk_voice.go_on": EVERYBODY,
    "desk_voice.renew": EVERYBODY,
    "desk_voice.block": EVERYBODY,
    "desk_voice.erase": EVERYBODY,
    "desk_voice.unblock": WATCHERS,
    "desk_voice.unlock": WATCHERS,
    "reports.page": WATCHERS,
    "reports.table": WATCHERS,
    "reports.definitions": WATCHERS,
    "alerts.page": WATCHERS,
    "alerts.judge": WATCHERS,
    "alerts.watch": WATCHERS,
    "alerts.unlock": WATCHERS,
    "alerts.unwatch": WATCHERS,
    "trial.page": ADMINS,
    "trial.ticket": ADMINS,
    "trial.sound": ADMINS,
    "trial.socket": ADMINS,
    "prompts_page.page": ADMINS,
    "tokens.page": ADMINS,
    "tokens.make": ADMINS,
    "tokens.end": ADMINS,
    "scenarios.page": ADMINS,
    "scenarios.new": ADMINS,
    "scenarios.one": ADMINS,
    "scenarios.save": ADMINS,
    "scenarios.remove": ADMINS,
    "scenarios.run": ADMINS,
    "scenarios.replay_calls": ADMINS,
    "scenarios.one_run": ADMINS,
    "scenarios.events": ADMINS,
    "api_page.page": WATCHERS,
}
EXPECTED_ROLES |= dict.fromkeys(
    (
        "audit.page",
        "versions.page",
        "versions.version",
        "versions.submit",
        "versions.check",
        "versions.judge",
        "versions.publish",
        "versions.cancel",
        "versions.roll_back",
        "versions.discard",
        "versions.files",
        "company.page",
        "company.hours",
        "company.save_hours",
        "company.numbers",
        "company.save_numbers",
        "company.retention",
        "company.save_retention",
        "company.settings",
        "company.save_settings",
        "company_people.page",
        "company_people.add",
        "company_people.one",
        "company_people.change",
        "company_people.close",
        "company_people.open_again",
        "company_people.new_link",
        "company_consents.page",
        "company_import.page",
        "company_import.send",
        "company_import.look",
        "company_import.bad",
        "company_import.take_over",
        "company_connectors.page",
        "company_connectors.one",
        "company_connectors.save",
        "company_connectors.try_it",
        "company_connectors.remove",
    ),
    frozenset({Role.ADMIN}),
)
EXPECTED_PUBLIC = {
    "welcome.choose",
    "welcome.chosen",
    "sign_in.page",
    "sign_in.enter",
    "health.live",
    "health.ready",
    "api_document.openapi",
    "assets.static",
    "bootstrap.static",
    "voice.music_file",
    "voice.spoken",
    "voice.recording",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with desks.open_house(tmp_path_factory.mktemp("routes")) as opened:
        yield opened


def test_every_route_names_the_guard_that_is_expected_of_it(house: House) -> None:
    for rule in rules(house.app):
        guard = guard_of(house.app.view_functions[rule.endpoint])
        assert guard is not None, f"{rule.endpoint} names no guard"
        if rule.endpoint in EXPECTED_ROLES:
            assert guard.roles == EXPECTED_ROLES[rule.endpoint], rule.endpoint
        elif rule.endpoint in EXPECTED_PUBLIC:
            assert guard.kind is GuardKind.PUBLIC, rule.endpoint
            assert guard.reason, rule.endpoint
        elif rule.endpoint.startswith("api_"):
            assert guard.kind is GuardKind.SCOPE, rule.endpoint
            assert guard.roles <= SCOPES[guard.scope], f"{rule.endpoint} lets in more than its scope"
        elif rule.endpoint.startswith("voice."):
            assert guard.kind is GuardKind.CARRIER, rule.endpoint
        else:
            pytest.fail(f"{rule.endpoint} is new: say in this file who may call it")


def test_no_route_lets_a_stranger_in(house: House) -> None:
    assert not unguarded(house)


def test_this_file_names_no_route_that_is_gone(house: House) -> None:
    assert set(EXPECTED_ROLES) | EXPECTED_PUBLIC <= {rule.endpoint for rule in rules(house.app)}


def test_a_stranger_gets_nothing_from_a_guarded_route(house: House) -> None:
    for rule in rules(house.app):
        if rule.endpoint not in EXPECTED_ROLES:
            continue
        for method in methods_of(rule):
            browser = house.browser()
            token = browser.token()
            answer = browser.client.open(
                address_of(rule), method=method, data={"csrf_token": token}, headers=upgrade_of(rule)
            )
            if method == "GET":
                assert answer.status_code == 302, rule.endpoint
                assert answer.location.startswith("/sign-in"), rule.endpoint
            else:
                assert answer.status_code == 401, rule.endpoint


def test_an_agent_gets_nothing_from_the_watchers_routes(house: House) -> None:
    browser = house.signed_in()
    token = browser.token("/account")
    for rule in rules(house.app):
        if EXPECTED_ROLES.get(rule.endpoint) == WATCHERS:
            for method in methods_of(rule):
                answer = browser.client.open(
                    address_of(rule), method=method, data={"csrf_token": token}, headers=upgrade_of(rule)
                )
                assert answer.status_code == 403, rule.endpoint


def test_no_writing_route_of_people_takes_a_form_without_the_page_s_token(house: House) -> None:
    browser = house.signed_in(desks.ADMIN)
    for rule in rules(house.app):
        guard = guard_of(house.app.view_functions[rule.endpoint])
        # The API's own are walked below.
        of_people = guard is not None and guard.kind in {GuardKind.ROLE, GuardKind.PUBLIC}
        if of_people and "POST" in methods_of(rule):
            assert browser.client.post(address_of(rule)).status_code == 400, rule.endpoint


def routes_of_api(app: Flask) -> Iterator[tuple[Rule, Guard, str]]:
    for rule in rules(app):
        guard = guard_of(app.view_functions[rule.endpoint])
        if guard is not None and guard.kind is GuardKind.SCOPE:
            for method in methods_of(rule):
                yield rule, guard, method


def token_of(house: House, email: str, scopes: Iterable[str]) -> Mapping[str, str]:
    with house.sessions.begin() as session:
        person = accounts.by_email(session, email)
        assert isinstance(person, Person)
        made = tokens.make(session, by=person, name="a test", scopes=tuple(scopes), days=1, now=house.clock())
        assert isinstance(made, tokens.Made), made
    return {"Authorization": f"Bearer {made.secret}"}


def test_the_api_has_routes_to_walk(house: House) -> None:
    assert len({rule.endpoint for rule, _, _ in routes_of_api(house.app)}) > 1


def test_a_stranger_and_a_made_up_token_get_nothing_from_the_api(house: House) -> None:
    client = house.app.test_client()
    for rule, _, method in routes_of_api(house.app):
        for headers in ({}, {"Authorization": "Bearer ctl_made_up"}, {"Authorization": "Basic cGFvbG86cGFvbG8="}):
            answer = client.open(address_of(rule), method=method, headers=headers)
            assert answer.status_code == 401, rule.endpoint
            assert answer.json["code"] == "not_signed_in"


def test_a_token_without_the_scope_is_refused_by_every_route_of_the_api(house: House) -> None:
    client = house.app.test_client()
    lacking = {scope: token_of(house, desks.ADMIN, set(SCOPES) - {scope}) for scope in SCOPES}
    for rule, guard, method in routes_of_api(house.app):
        answer = client.open(address_of(rule), method=method, headers=lacking[guard.scope])
        assert answer.status_code == 403, rule.endpoint


def test_a_supervisor_s_token_and_cookie_get_nothing_that_only_admins_may(house: House) -> None:
    client, browser = house.app.test_client(), house.signed_in(desks.SUPERVISOR)
    token, page = token_of(house, desks.SUPERVISOR, scopes_of(Role.SUPERVISOR)), browser.token("/account")
    for rule, guard, method in routes_of_api(house.app):
        if Role.SUPERVISOR not in guard.roles:
            assert client.open(address_of(rule), method=method, headers=token).status_code == 403, rule.endpoint
            answer = browser.client.open(address_of(rule), method=method, headers={"X-CSRFToken": page})
            assert answer.status_code == 403, rule.endpoint


def test_an_agent_s_cookie_opens_no_route_of_the_api(house: House) -> None:
    browser = house.signed_in()
    page = browser.token("/account")
    for rule, guard, method in routes_of_api(house.app):
        if Role.AGENT not in guard.roles:
            answer = browser.client.open(address_of(rule), method=method, headers={"X-CSRFToken": page})
            assert answer.status_code == 403, rule.endpoint


def test_a_cookie_alone_changes_nothing_by_the_api(house: House) -> None:
    browser = house.signed_in(desks.ADMIN)
    for rule, _, method in routes_of_api(house.app):
        if method != "GET":
            answer = browser.client.open(address_of(rule), method=method, json={})
            assert (answer.status_code, answer.json["code"]) == (400, "csrf_missing"), rule.endpoint


def test_a_token_opens_no_page(house: House) -> None:
    client, token = house.app.test_client(), token_of(house, desks.ADMIN, SCOPES)
    for rule in rules(house.app):
        if rule.endpoint in EXPECTED_ROLES and "GET" in methods_of(rule):
            assert client.get(address_of(rule), headers={**token, **upgrade_of(rule)}).status_code == 302, rule.endpoint


def test_the_carrier_s_routes_refuse_what_is_not_signed(house: House) -> None:
    for rule in rules(house.app):
        guard = guard_of(house.app.view_functions[rule.endpoint])
        # A socket that is no socket gets 400 before any view; its handshake has tests of its own.
        if guard is not None and guard.kind is GuardKind.CARRIER and not rule.websocket:
            for method in methods_of(rule):
                answer = house.browser().client.open(address_of(rule), method=method, data={"CallSid": desks.CALL})
                assert answer.status_code == 403, rule.endpoint


def test_a_view_that_forgot_its_guard_is_closed_to_everybody() -> None:
    app = Flask("forgetful")
    app.before_request(guards.refuse_unguarded)
    app.add_url_rule("/forgotten", view_func=lambda: "secret", endpoint="forgotten")
    assert app.test_client().get("/forgotten").status_code == 403


def test_a_guard_without_roles_or_reason_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="at least one role"):
        guards.guarded_by()
    with pytest.raises(ValueError, match="why it is public"):
        guards.public("")
