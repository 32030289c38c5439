"""Who acts in this request, and the one line by which a view notes in the audit trail what it changed."""

from typing import Any

from ivr.audit import store
from ivr.audit.store import Actor
from ivr.web import transaction
from ivr.web.guards import the_person
from ivr.web.people import came_through


def actor() -> Actor:
    """Who makes this request, and whether at a page or by a token of theirs."""
    person = the_person()
    return Actor(account_id=person.account_id, name=person.display_name, through=came_through())


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
