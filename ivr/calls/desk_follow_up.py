"""What an agent does for the customer besides talking: closes a case, sends a text message of the company, promises a callback.

Each act is for the agent who has the call in hand, and answers as `ivr.calls.desk` does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.dates import format_datetime
from sqlalchemy.orm import Session

from ivr.calls import callbacks, store
from ivr.calls.company import Company
from ivr.calls.desk import DUE_TIME_PAST, Done, Outcome, Refused
from ivr.calls.effects import SendMessage
from ivr.calls.numbers import Wrong, dialable
from ivr.calls.tables import Call
from ivr.calls.timeline import CASE_CLOSED
from ivr.customers import erasure, history
from ivr.customers import store as customers
from ivr.telephony.requests import can_receive_messages
from prompts.desk_book import fill
from prompts.spoken import Value
from sealing.columns import if_it_opens

TEXTED, CALLBACK_PROMISED = "texted", "callback_promised"
# Beyond this a callback is an appointment, which the desk does not make; judgement.
FARTHEST_CALLBACK = timedelta(days=30)

CASE_UNKNOWN = "case_unknown"
CASE_CLOSED_BEFORE = "case_closed_before"
MESSAGE_UNKNOWN = "message_unknown"
MESSAGE_INCOMPLETE = "message_incomplete"
MESSAGE_SENT_BEFORE = "message_sent_before"
NO_NUMBER_FOR_MESSAGES = "no_number_for_messages"
CALLBACK_CLOSED_THEN = "callback_closed_then"
CALLBACK_TOO_FAR = "callback_too_far"


@dataclass(frozen=True, kw_only=True)
class InHand:
    """A call that an agent has, talked in or being written down."""

    session: Session
    company: Company
    call: Call
    agent_id: str
    agent_name: str
    now: datetime


def close_case(hand: InHand, *, case_id: str, note: str) -> Outcome:
    """Close a case of this call's customer, with what was done; a second click changes nothing."""
    row = history.case(hand.session, case_id, lock=True)
    if row is None or not history.is_of(row, customer_id=hand.call.customer_id, number=hand.call.from_number):
        return Refused(reason=CASE_UNKNOWN)
    if not history.close_case(row, hand.now):
        return Done() if _closed_here(hand, case_id) else Refused(reason=CASE_CLOSED_BEFORE)
    details = {"agent": hand.agent_id, "case": case_id, "note": note}
    store.note(hand.session, hand.call.call_id, CASE_CLOSED, details, hand.now)
    return Done()


def number_for_messages(session: Session, call: Call) -> str:
    """Where a text message of this call goes: a mobile on the customer's file that nobody shares, the calling one first.

    Of a caller whom nobody knows it is the calling number. "" where nothing can receive one.
    """
    if call.customer_id is None:
        return call.from_number if can_receive_messages(call.from_number) else ""
    own = erasure.numbers_of(session, call.customer_id).own
    reachable = sorted(
        (one for one in own if can_receive_messages(one)), key=lambda one: (one != call.from_number, one)
    )
    return reachable[0] if reachable else ""


def values_of(
    session: Session, company: Company, call: Call, *, agent_name: str, language: str, now: datetime
) -> Mapping[str, Value]:
    """What the placeholders of snippets and messages stand for in this call; what it has not got is left out."""
    version = company.version(call.flow_version)
    values: dict[str, Value] = {
        "agent": agent_name,
        "company": version.catalogue.company,
        "line_number": company.line_number,
    }
    if call.customer_id is None:
        return values
    customer = customers.customer(session, call.customer_id)
    if customer is not None:
        values["customer"] = if_it_opens(customer, "name", "")
    today = now.astimezone(company.zone).date()
    order = history.order_in_question(session, call.customer_id, today)
    if order is not None:
        values["order_number"], values["order_items"] = order.order_number, order.items
        # A day that is past is none that anybody can be promised.
        if order.due_on >= today:
            values["order_due"] = order.due_on.isoformat()
    cases = customers.open_cases_of(session, call.customer_id)
    if cases:
        values["case_number"] = cases[0].case_id
        if cases[0].due_at > now:
            local = cases[0].due_at.astimezone(company.zone)
            values["case_due"] = format_datetime(local, "d MMMM, HH:mm", locale=language)
    return values


def send_message(hand: InHand, *, code: str, sent_before: int) -> Outcome:
    """Send one of the company's messages to the customer's number.

    `sent_before` is how often it had been sent in this call when the agent saw the button: another click of the same moment
    finds it sent, and sends nothing.
    """
    entry = hand.company.desk_book.message(code)
    if entry is None:
        return Refused(reason=MESSAGE_UNKNOWN)
    number = number_for_messages(hand.session, hand.call)
    if not number:
        return Refused(reason=NO_NUMBER_FOR_MESSAGES)
    sent = times_sent(hand.session, hand.call.call_id).get(code, 0)
    if sent != sent_before:
        return Done() if sent == sent_before + 1 else Refused(reason=MESSAGE_SENT_BEFORE)
    language = hand.call.language
    values = values_of(
        hand.session, hand.company, hand.call, agent_name=hand.agent_name, language=language, now=hand.now
    )
    filled = fill(entry, language=language, values=values)
    if filled.missing:
        return Refused(reason=MESSAGE_INCOMPLETE)
    call_id = hand.call.call_id
    row = customers.record_message(hand.session, call_id=call_id, to_number=number, text_=filled.text, now=hand.now)
    details = {"agent": hand.agent_id, "code": code, "number": number, "text": filled.text}
    store.note(hand.session, call_id, TEXTED, details, hand.now)
    return Done(effects=(SendMessage(message_id=row.message_id, to_number=number, text=filled.text),))


def times_sent(session: Session, call_id: str) -> Mapping[str, int]:
    """How often each message was sent in a call, by its code."""
    times: dict[str, int] = {}
    for row in store.happened_in(session, (call_id,), TEXTED):
        code = json.loads(if_it_opens(row, "details", "") or "{}").get("code", "")
        times[code] = times.get(code, 0) + 1
    return times


def promise_callback(
    hand: InHand, *, number: str, due_at: datetime, with_me: bool, note: str, promised_before: int
) -> Outcome:
    """Have the line call the customer back at a time within the opening hours; another click of the same moment adds none.

    `promised_before` is how many callbacks of this call there were when the agent saw the button.
    """
    match dialable(number, country=hand.company.hours.country):
        case Wrong() as wrong:
            return Refused(reason=wrong.value)
        case found:
            wanted = found.number
    if due_at <= hand.now:
        return Refused(reason=DUE_TIME_PAST)
    if due_at > hand.now + FARTHEST_CALLBACK:
        return Refused(reason=CALLBACK_TOO_FAR)
    if not hand.company.hours.is_open(due_at):
        return Refused(reason=CALLBACK_CLOSED_THEN)
    if times_promised(hand.session, hand.call.call_id) > promised_before:
        return Done()
    callbacks.schedule(
        hand.session,
        call_id=hand.call.call_id,
        customer_id=hand.call.customer_id,
        number=wanted,
        due_at=due_at,
        agent_id=hand.agent_id if with_me else None,
        note=note,
        now=hand.now,
        rules=hand.company.routing_rules,
    )
    local = f"{due_at.astimezone(hand.company.zone):%d/%m %H:%M}"
    details = {"agent": hand.agent_id, "number": wanted, "at": local, "note": note}
    store.note(hand.session, hand.call.call_id, CALLBACK_PROMISED, details, hand.now)
    return Done()


def times_promised(session: Session, call_id: str) -> int:
    """How many callbacks agents have promised in a call."""
    return store.times_happened(session, call_id).get(CALLBACK_PROMISED, 0)


def _closed_here(hand: InHand, case_id: str) -> bool:
    rows = store.happened_in(hand.session, (hand.call.call_id,), CASE_CLOSED)
    return any(json.loads(if_it_opens(row, "details", "") or "{}").get("case") == case_id for row in rows)
