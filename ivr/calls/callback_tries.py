"""What becomes of ringing somebody back: reached, or not and tried again later, or left to a person after the last try.

Nothing here talks to the carrier: what must go out is given back as effects.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ivr.calls import callbacks, own_words, store
from ivr.calls.callback_rules import next_ring
from ivr.calls.callbacks_tables import Callback
from ivr.calls.company import Company
from ivr.calls.effects import Effect, SendMessage
from ivr.customers import store as customers
from ivr.telephony.requests import can_receive_messages
from routing import calling_back
from routing import store as routing_store
from routing.hours import Hours
from sealing.columns import if_it_opens

# The case of whoever is to be rung back by a person.
CASE_KIND = "callback"


def hours_of(session: Session, company: Company, callback_id: str) -> Hours:
    """When a callback may be rung: while its queue is open."""
    row = routing_store.call_row(session, callback_id)
    queue = None if row is None else routing_store.queues(session).get(row.queue)
    return company.hours if queue is None or queue.hours is None else queue.hours


def reached(session: Session, row: Callback, now: datetime) -> bool:
    """The right person is on the line: the callback is done, and the case that stood for it too."""
    if not callbacks.close(session, row.callback_id, callbacks.CONNECTED, now):
        return False
    if row.call_id is not None:
        customers.settle_case(session, kind=CASE_KIND, opened_in_call=row.call_id, now=now)
    return True


def failed(session: Session, company: Company, row: Callback, reason: str, now: datetime) -> tuple[Effect, ...]:
    """A ring did not reach the person: it is tried again later, within the hours, or a person does it within a day."""
    row.tries += 1
    row.leg = None
    if row.call_id is not None:
        store.note(session, row.call_id, "callback_failed", {"reason": reason, "tries": row.tries}, now)
    hours = hours_of(session, company, row.callback_id)
    again_at = next_ring(now, row.tries, company.callback_rules, hours)
    if again_at is not None:
        row.state, row.due_at = callbacks.WAITING, again_at
        session.flush()
        calling_back.ring_again_at(session, call_id=row.callback_id, at=again_at)
        return ()
    row.state, row.ended_at = callbacks.GIVEN_UP, now
    session.flush()
    calling_back.ringing_failed(session, call_id=row.callback_id, reason=reason, now=now)
    return _leave_to_person(session, company, row, now)


def _leave_to_person(session: Session, company: Company, row: Callback, now: datetime) -> tuple[Effect, ...]:
    number = if_it_opens(row, "number", "")
    told = if_it_opens(row, "note", "")
    about = row.call_id or row.callback_id
    customers.open_case(
        session,
        kind=CASE_KIND,
        customer_id=row.customer_id,
        number=number,
        summary=told or (store.words_of(session, row.call_id) if row.call_id else ""),
        call_id=about,
        now=now,
    )
    if row.call_id is not None:
        store.note(session, row.call_id, "callback_given_up", {"tries": row.tries}, now)
    if not can_receive_messages(number):
        return ()
    version = company.version(company.live(session, now))
    words = version.catalogue.wording(own_words.CALLBACK_TEXT, language=row.language, values={})
    message = customers.record_message(session, call_id=about, to_number=number, text_=words, now=now)
    return (SendMessage(message_id=message.message_id, to_number=number, text=words),)
