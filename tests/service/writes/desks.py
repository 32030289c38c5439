"""The pages of issues before the admin's room: sign-in, desk, board, alerts, routing, what-if, tokens."""

import html
import re
from collections.abc import Mapping
from typing import Any

from biometrics import alerts as alert_store
from biometrics.attacks import Alert, AlertKind
from ivr.accounts import store as accounts
from ivr.accounts import tokens
from tests.service.desks import ADMIN, AGENT, CALL, PASSWORD, SUPERVISOR
from tests.service.told_voices import CUSTOMER, ToldVoices
from tests.written import Write

# Acts within a call are told in the call's story, which nobody can edit either; what the trail keeps is what outlasts the call.
IN_A_CALL = "an act within a call: the call's story tells it"
NO_CHANGES = {
    "sign_in.enter": "opens a sign-in and changes nothing of the company",
    "sign_in.leave": "closes a sign-in and changes nothing of the company",
    "desk.here": "says that a page is open",
    "desk.set_state": "an agent's own presence: reports keep it, second by second",
    "desk.accept": IN_A_CALL,
    "desk.decline": IN_A_CALL,
    "desk.finish": IN_A_CALL,
    "desk.hang_up": IN_A_CALL,
    "desk.hold": IN_A_CALL,
    "desk_phone.ticket": "a ticket for the browser's telephone, which opens nothing else",
    "desk_talk.cancel_consult": IN_A_CALL,
    "desk_talk.complete_transfer": IN_A_CALL,
    "desk_talk.consult": IN_A_CALL,
    "desk_talk.join_all": IN_A_CALL,
    "desk_talk.mute": IN_A_CALL,
    "desk_talk.transfer": IN_A_CALL,
    "desk_tools.close_case": IN_A_CALL,
    "desk_tools.promise_callback": IN_A_CALL,
    "desk_tools.send_message": IN_A_CALL,
    "desk_voice.ask": "a consent, asked in a call: the ledger of consents keeps it, and cannot be edited either",
    "desk_voice.go_on": IN_A_CALL,
    "board_acts.supervise": IN_A_CALL,
    "board_acts.leave": IN_A_CALL,
    "board_acts.move": IN_A_CALL,
    "routing_admin.preview": "a look ahead: nothing is saved",
    "what_if.begin": "a calculation: nothing of the company changes",
}


def an_alert(voices: ToldVoices) -> Mapping[str, Any]:
    voices.said(2)
    with voices.house.sessions.begin() as session:
        alert = Alert(kind=AlertKind.LOCKED, customer_id=CUSTOMER, details={})
        kept = alert_store.raise_alert(session, alert, call_id=CALL, now=voices.house.clock())
    assert kept is not None
    return {"alert_id": kept.alert_id}


def a_watch(voices: ToldVoices) -> Mapping[str, Any]:
    names = an_alert(voices)
    content = {"label": "Chiama per altri", "days": "3"}
    answer = voices.house.signed_in(SUPERVISOR).post(f"/admin/alerts/{names['alert_id']}/watch", content)
    assert answer.status_code == 303
    rows = voices.house.signed_in(SUPERVISOR).get("/admin/alerts").text
    return {"watch_id": rows.split("/admin/alerts/watched/")[1].split("/")[0]}


def a_token(voices: ToldVoices) -> Mapping[str, Any]:
    with voices.house.sessions.begin() as session:
        by = accounts.by_email(session, ADMIN)
        assert by is not None
        now = voices.house.clock()
        made = tokens.make(session, by=by, name="a script", scopes=("calls:read",), days=1, now=now)
    assert isinstance(made, tokens.Made)
    return {"token_id": made.token.token_id}


def a_call_in_hand(voices: ToldVoices) -> Mapping[str, Any]:
    voices.collected(6)
    browser = voices.house.signed_in()
    assert browser.send(f"/desk/offers/{voices.house.offer()}/accept").status_code == 204
    return {}


def a_blocked_voice(voices: ToldVoices) -> Mapping[str, Any]:
    a_call_in_hand(voices)
    assert voices.house.signed_in().send(f"/desk/calls/{CALL}/voice/block", {"reason": "alike"}).status_code == 204
    return {}


def a_locked_voice(voices: ToldVoices) -> Mapping[str, Any]:
    voices.collected(6)
    voices.locked()
    return an_alert(voices)


def an_agent_s_page(voices: ToldVoices) -> Mapping[str, Any]:
    page = voices.house.signed_in(ADMIN).get("/admin/routing/agents/luca").text
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found is not None
    return {"seen": html.unescape(found[1])}


QUEUE = {
    "version": "0", "queue_id": "recovery", "name_it": "Recupero", "name_en": "Recovery", "team": ["recovery", "orders"],
    "order": "best_fit", "rings-0-after_seconds": "0", "service_seconds": "20", "service_percent": "80", "overflow_to": "",
    "closed_does": "callback", "priority": "2", "preferred_seconds": "15", "own_hours": "company", "subdivision": "",
}  # fmt: skip
WRITES = (
    Write(
        endpoint="sign_in.change_password", address="/account/password", act="account.password_changed",
        form={"current": PASSWORD, "wanted": "una frase nuova e lunga"},
    ),
    Write(
        endpoint="sign_in.change_language", address="/account/language", act="account.language_changed",
        form={"language": "en"}, email=AGENT,
    ),
    Write(
        endpoint="alerts.judge", address="/admin/alerts/{alert_id}/verdict", act="alert.judged", form={"verdict": "harmless"},
        given=an_alert,
    ),
    Write(
        endpoint="alerts.watch", address="/admin/alerts/{alert_id}/watch", act="voice.watched",
        form={"label": "Chiama per altri", "days": "3"}, given=an_alert,
    ),
    Write(
        endpoint="alerts.unwatch", address="/admin/alerts/watched/{watch_id}/stop", act="voice.unwatched", form={}, given=a_watch,
    ),
    Write(
        endpoint="board_acts.skills", address="/admin/board/agents/giulia/skills", act="skills.changed",
        form={"skill": "orders", "level.orders": "4", "language": "it"}, email=SUPERVISOR,
    ),
    Write(
        endpoint="board_acts.force_state", address="/admin/board/agents/giulia/state", act="agent.state_forced",
        form={"state": "away", "reason": "break", "confirmed": "1"}, email=SUPERVISOR,
    ),
    Write(
        endpoint="desk_voice.block", address=f"/desk/calls/{CALL}/voice/block", act="voice.blocked", form={"reason": "alike"},
        email=AGENT, given=a_call_in_hand,
    ),
    Write(
        endpoint="desk_voice.erase", address=f"/desk/calls/{CALL}/voice/erase", act="voice.erased", form={"sure": "1"},
        email=AGENT, given=a_call_in_hand,
    ),
    Write(
        endpoint="desk_voice.unblock", address=f"/admin/calls/{CALL}/voice/unblock", act="voice.unblocked", form={},
        email=SUPERVISOR, given=a_blocked_voice,
    ),
    Write(endpoint="routing_admin.save_queue", address="/admin/routing/queues/new", act="queue.made", form=QUEUE),
    Write(
        endpoint="alerts.unlock", address="/admin/alerts/{alert_id}/unlock", act="voice.unlocked", form={}, email=SUPERVISOR,
        given=a_locked_voice,
    ),
    Write(
        endpoint="desk_voice.unlock", address=f"/admin/calls/{CALL}/voice/unlock", act="voice.unlocked", form={},
        email=SUPERVISOR, given=a_locked_voice,
    ),
    Write(
        endpoint="desk_voice.renew", address=f"/desk/calls/{CALL}/voice/renew", act="voice.renewed", form={}, email=AGENT,
        given=a_call_in_hand,
    ),
    Write(
        endpoint="routing_admin.save_agent", address="/admin/routing/agents/luca", act="skills.changed",
        form={"seen": "{seen}", "languages": ["it"], "skills-0-skill": "orders", "skills-0-level": "4", "skills-0-basis": ""},
        given=an_agent_s_page,
    ),
    Write(
        endpoint="tokens.make", address="/admin/tokens", act="token.made",
        form={"name": "cassa", "days": "30", "scopes": ["calls:read"]},
    ),
    Write(endpoint="tokens.end", address="/admin/tokens/{token_id}/end", act="token.ended", form={}, given=a_token),
)  # fmt: skip
