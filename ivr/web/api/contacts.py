"""Contacts by the API: what customers had to do with the company on other channels enters the one history that agents see."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from ivr.customers import store
from ivr.customers.contacts import CHANNELS, add, every_of
from ivr.web import errors, transaction
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import SliceQuery, Strict, choice, text
from ivr.web.audited import noted

contacts = Resource("contacts", "Contacts", "Dealings of customers with the company, on every channel: one history.")

_LONGEST_NOTE = 4000
_NAME = r"^[a-z][a-z0-9_]{0,39}$"


class ContactTold(Strict):
    """A contact on another channel."""

    at = fields.AwareDateTime(required=True, metadata={"description": "When it was; not to come."})
    channel = choice(*CHANNELS, required=True)
    reason = fields.String(
        validate=validate.Regexp(_NAME),
        load_default="",
        metadata={"description": "The name of an intent, as calls have."},
    )
    outcome = fields.String(validate=validate.Regexp(_NAME), load_default="")
    note = text(_LONGEST_NOTE, load_default="", metadata={"description": "For agents; kept sealed."})


class ContactShown(Schema):
    """A contact."""

    contact_id = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    channel = fields.String(required=True)
    reason = fields.String(required=True)
    outcome = fields.String(required=True)
    note = fields.String(required=True)
    call_id = fields.String(required=True, allow_none=True)


class ContactList(Schema):
    """Contacts, the newest first."""

    contacts = fields.List(fields.Nested(ContactShown), required=True)


@contacts.operation(
    "get", "/customers/<id:customer_id>/contacts", scope="calls:read", query=SliceQuery, gives=ContactList,
    refuses=("customer_unknown",),
)  # fmt: skip
def every(query: Mapping[str, Any], customer_id: str) -> ResponseReturnValue:
    """A customer's contacts on every channel, the newest first."""
    session = transaction.session()
    if store.customer(session, customer_id) is None:
        return errors.refused("customer_unknown")
    return {"contacts": list(every_of(session, customer_id, **query))}


@contacts.operation(
    "post", "/customers/<id:customer_id>/contacts", scope="contacts:write", content=ContactTold, gives=ContactShown,
    status=201, refuses=("customer_unknown", "contact_to_come"),
)  # fmt: skip
def record(content: Mapping[str, Any], customer_id: str) -> ResponseReturnValue:
    """Enter a contact of another channel. Those of calls enter by themselves."""
    session = transaction.session()
    if store.customer(session, customer_id) is None:
        return errors.refused("customer_unknown")
    if content["at"] > transaction.now():
        return errors.refused("contact_to_come")
    made = add(session, customer_id=customer_id, **content)
    # The trail forgets nothing, so it names no customer: the contact does, until the customer is erased.
    noted("contact.entered", f"contact {made.contact_id}", after={"channel": made.channel})
    return asdict(made)
