"""Who acts in this request, and the one line by which a view notes in the audit trail what it changed."""

from typing import Any

from flask import g

from ivr.audit import store
from ivr.audit.store import Actor
from ivr.web import transaction
from ivr.web.guards import the_person


def actor() -> Actor:
    """Who makes this request: the signed-in person, or whom a token stands for (its guard sets `g.actor`)."""
    given: Actor | None = g.get("actor")
    if given is not None:
        return given
    person = the_person()
    return Actor(account_id=person.account_id, name=person.display_name)


def noted(act: str, subject: str, *, before: Any = None, after: Any = None, note: str = "") -> None:
    """Note a change of this request, in its transaction: what is refused or fails leaves no entry."""
    store.note(
        transaction.session(),
        by=actor(),
        act=act,
        subject=subject,
        before=before,
        after=after,
        now=transaction.now(),
        note=note,
    )
