"""What pages and API do alike with a version: have it checked, and publish it by the company's own rules."""

from datetime import datetime

from ivr.editing import publications
from ivr.editing.publications import Publishing
from ivr.web import transaction
from ivr.web.audited import actor, noted
from ivr.web.wiring import wiring


def begin_check(number: int) -> None:
    """Begin the checks of a version: what this request wrote so far is committed, and the gates are asked behind it."""
    session, checks = transaction.session(), wiring().doors.checks
    check_id = checks.begin(session, number, by=actor(), now=transaction.now())
    noted("version.checked", f"version {number}")
    session.commit()
    checks.carry_on(check_id, number)


def needs_second_person() -> bool:
    """Whether somebody else must approve a version before it is published: the company's setting."""
    return wiring().doors.company.own.now().second_person


def publish(number: int, *, at: datetime | None, reason: str) -> Publishing:
    """Publish a version, in this request's transaction."""
    return publications.publish(
        transaction.session(),
        number,
        at=at,
        by=actor(),
        now=transaction.now(),
        approval=needs_second_person(),
        reason=reason,
    )
