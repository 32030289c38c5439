"""The pages on the company and their resources."""

import io
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from ivr.accounts import keeping
from ivr.accounts.store import Role
from ivr.accounts.tables import Account
from ivr.connectors import store as connectors
from ivr.connectors.definition import definition_of
from tests.service.desks import ADMIN, SUPERVISOR
from tests.service.told_voices import ToldVoices
from tests.written import Write

NO_CHANGES = {
    "welcome.chosen": "somebody's own password, by the link that the trail shows as made; its sign-in is their own",
    "company_connectors.try_it": "a question to another system: nothing is saved",
}
HOURS = {
    "version": "0", "opens_at": "09:00", "closes_at": "20:00", "open_days": ["1", "2"], "country": "IT", "subdivision": "",
}  # fmt: skip
CSV = "codice;nome\nK9;Sara Neri\n"


def somebody(voices: ToldVoices) -> Mapping[str, Any]:
    with voices.house.sessions() as session:
        found = session.scalars(select(Account.account_id).where(Account.email == SUPERVISOR)).one()
    return {"account_id": found}


def somebody_closed(voices: ToldVoices) -> Mapping[str, Any]:
    names = somebody(voices)
    with voices.house.sessions.begin() as session:
        keeping.set_active(session, names["account_id"], active=False, by=None, now=voices.house.clock())
    return names


def a_connector(voices: ToldVoices) -> Mapping[str, Any]:
    document = {"url": "https://shop.example/orders/{order_number}", "mapping": {"order_number": "id"}}
    with voices.house.sessions.begin() as session:
        connectors.save(
            session, definition_of("orders", document), is_on=True, secret="x", version=None, by="Paolo",
            now=voices.house.clock(),
        )  # fmt: skip
    return {"address": document["url"]}


def an_address(_voices: ToldVoices) -> Mapping[str, Any]:
    return {"address": "https://shop.example/orders/{order_number}"}


def a_file(_voices: ToldVoices) -> Mapping[str, Any]:
    return {"file": [(io.BytesIO(CSV.encode()), "clienti.csv")]}


def a_staged_file(voices: ToldVoices) -> Mapping[str, Any]:
    with voices.house.sessions.begin() as session:
        by = session.scalars(select(Account.account_id).where(Account.email == ADMIN)).one()
        staged = connectors.stage(
            session,
            account_id=by,
            kind="customers",
            filename="clienti.csv",
            content=CSV.encode(),
            now=voices.house.clock(),
        )
    return {"import_id": staged}


MEMBER = {"display_name": "Marta Conti", "role": Role.AGENT.value, "language": "it", "agent_id": "sara"}
TOLD = {"name": "Marta Conti", "role": "agent", "language": "it", "agent": "sara"}
CONNECTOR = {
    "version": "0", "is_on": "y", "url": "{address}", "method": "GET", "timeout_seconds": "2.0", "tries": "2",
    "m_order_number": "id",
}  # fmt: skip
ACCOUNT = "/admin/company/people/{account_id}"
API_ACCOUNT = "/api/v1/accounts/{account_id}"
WRITES = (
    Write(endpoint="company.save_hours", address="/admin/company/hours", act="company.changed", form=HOURS),
    Write(
        endpoint="company.save_numbers", address="/admin/company/numbers", act="company.changed",
        form={"version": "0", "number_0": "+390210420000", "label_0": "Centralino", "emergency_number": ""},
    ),
    Write(
        endpoint="company.save_retention", address="/admin/company/retention", act="company.changed",
        form={"version": "0", "words_days": "400", "audio_days": "30", "voice_days": "30", "voiceprint_days": "730"},
    ),
    Write(
        endpoint="company.save_settings", address="/admin/company/settings", act="company.changed",
        form={"version": "0", "default_language": "en", "accuracy_loss": "1.0"},
    ),
    Write(
        endpoint="company_people.add", address="/admin/company/people", act="account.added",
        form={"email": "nuova@example.it", "display_name": "Nuova", "role": "agent", "language": "it", "agent_id": ""},
    ),
    Write(endpoint="company_people.change", address=ACCOUNT, act="account.role_changed", form=MEMBER, given=somebody),
    Write(endpoint="company_people.close", address=f"{ACCOUNT}/close", act="account.closed", form={}, given=somebody),
    Write(endpoint="company_people.open_again", address=f"{ACCOUNT}/open", act="account.opened", form={}, given=somebody_closed),
    Write(endpoint="company_people.new_link", address=f"{ACCOUNT}/link", act="account.password_reset", form={}, given=somebody),
    Write(
        endpoint="company_import.send", address="/admin/company/import", act="import.staged",
        form={"kind": "customers", "file": "{file}"}, given=a_file,
    ),
    Write(
        endpoint="company_import.take_over", address="/admin/company/import/{import_id}", act="import.taken_over",
        form={"act": "all"}, given=a_staged_file,
    ),
    Write(
        endpoint="company_connectors.save", address="/admin/company/connectors/orders", act="connector.changed", form=CONNECTOR,
        given=an_address,
    ),
    Write(
        endpoint="company_connectors.remove", address="/admin/company/connectors/orders/remove", act="connector.removed", form={},
        given=a_connector,
    ),
    Write(
        endpoint="api_company.change_settings", method="PATCH", address="/api/v1/company/settings", act="company.changed",
        json={"values": {"second_person": True}},
    ),
    Write(
        endpoint="api_company.set_connector", method="PUT", address="/api/v1/connectors/orders", act="connector.changed",
        json={"definition": {"url": "{address}", "mapping": {"order_number": "id"}}}, given=an_address,
    ),
    Write(
        endpoint="api_company.remove_connector", method="DELETE", address="/api/v1/connectors/orders", act="connector.removed",
        given=a_connector,
    ),
    Write(
        endpoint="api_company.take_over", address="/api/v1/imports/customers", act="import.taken_over", json={"csv": CSV},
    ),
    Write(
        endpoint="api_people.add", address="/api/v1/accounts", act="account.added",
        json={"email": "nuova@example.it", "name": "Nuova", "role": "agent", "language": "it"},
    ),
    Write(
        endpoint="api_people.change", method="PUT", address=API_ACCOUNT, act="account.role_changed", json=TOLD, given=somebody,
    ),
    Write(endpoint="api_people.close", address=f"{API_ACCOUNT}/close", act="account.closed", given=somebody),
    Write(endpoint="api_people.open_again", address=f"{API_ACCOUNT}/open", act="account.opened", given=somebody_closed),
    Write(endpoint="api_people.new_link", address=f"{API_ACCOUNT}/link", act="account.password_reset", given=somebody),
)  # fmt: skip
