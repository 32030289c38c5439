"""Orders and customers that the company keeps in another system: asked for in a call, and kept in our tables as they were told.

So what follows (proofs, returns, the agent's desk) reads one place. Where the other system does not answer, an order goes to a
person, and who calls is known as they were known before.
"""

from enum import Enum
from typing import assert_never

from ivr.calls.work import Work
from ivr.connectors.http import Failed
from ivr.connectors.lookups import CustomerFound, NotConfigured, NotFound, OrderFound
from ivr.customers import imports


class Told(Enum):
    """What came of asking for an order; the value is the outcome of the lookup where there is one."""

    KEPT = ""  # our tables have what there is
    NOT_FOUND = "not_found"
    # No flow names it: the machine apologises and goes to a person.
    FAILED = "failed"


def ask_for_order(work: Work, number: str) -> Told:
    """Ask the other system for an order, if there is one."""
    answer = work.company.lookups.order(number, country=work.company.hours.country)
    match answer:
        case NotConfigured():
            return Told.KEPT
        case NotFound():
            return Told.NOT_FOUND
        case Failed(reason=reason):
            work.note("connector_failed", what="order", reason=reason)
            return Told.FAILED
        case OrderFound(record=record):
            if imports.keep_told(work.session, record, language=work.company.default_language):
                return Told.KEPT
            work.note("connector_failed", what="order", reason="too_little")
            return Told.FAILED
        case _:
            assert_never(answer)


def ask_for_customer(work: Work, number: str) -> None:
    """Ask the other system whose number this is, if there is one; what it does not tell, our tables may."""
    answer = work.company.lookups.customer(number, country=work.company.hours.country)
    match answer:
        case NotConfigured() | NotFound():
            return
        case Failed(reason=reason):
            work.note("connector_failed", what="customer", reason=reason)
        case CustomerFound(record=record):
            if not imports.keep_told(work.session, record, language=work.company.default_language, number=number):
                work.note("connector_failed", what="customer", reason="too_little")
        case _:
            assert_never(answer)
