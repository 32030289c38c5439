"""What the flow has performed: each act of `ivr.flow.steps.Act` done on the company's records, its outcome handed back as `Done`.

One function an act, listed in one table. Nothing here talks to the carrier: what must go out is left in the call's `effects`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, assert_never

from ivr.calls import callback_acts, elsewhere, resuming, store, voice_learning, voice_proof, withdrawal
from ivr.calls.effects import SendMessage
from ivr.calls.work import Work
from ivr.customers import store as customers
from ivr.customers.ledger import PHONE, Answer, Asked, AskedBy
from ivr.flow.events import Done, Value
from ivr.flow.steps import Act, Perform
from ivr.telephony.requests import can_receive_messages
from sealing.columns import if_it_opens


def perform(work: Work, step: Perform) -> Done:
    """Do what the flow asks; raises nothing that a caller can cause."""
    return _ACTS[step.act](work, step.values)


def _identify(work: Work, _values: Mapping[str, Value]) -> Done:
    call = work.call
    if not call.from_number:
        return Done(outcome="hidden")
    elsewhere.ask_for_customer(work, call.from_number)
    known = customers.by_number(work.session, call.from_number)
    if len(known) != 1:
        # A number shared by two customers says nothing yet about which of them calls.
        return Done(outcome="unknown", values={"customers_with_number": len(known)})
    customer = known[0]
    name = if_it_opens(customer, "name", None)
    if name is None:
        # Somebody has been at the record: nothing in it is told to whoever calls.
        work.note("record_broken")
        return Done(outcome="unknown", values={"customers_with_number": 1})
    call.customer_id = customer.customer_id
    work.note("proof", proof="number_on_file", outcome="accepted")
    first_call = not customers.has_contacts(work.session, customer.customer_id)
    granted = customers.consents_of(work.session, customer.customer_id)
    values: dict[str, Value] = {
        "customer_id": customer.customer_id,
        "name": name,
        "first_call": first_call,
        "language": customer.language,
        **{f"consent_{purpose}": answer for purpose, answer in granted.items()},
        **voice_learning.what_is_known(work, first_call=first_call),
        **_matter(work, customer.customer_id),
    }
    return Done(outcome="known", values=values)


def _matter(work: Work, customer_id: str) -> dict[str, Value]:
    """What the customer most probably calls about: an order that is late, a return under way, a case that is open."""
    orders = customers.orders_of(work.session, customer_id)
    late = [order for order in orders if customers.days_late(order, work.today)]
    if late:
        return {"proactive": "late_order", **_order_values(customers.found(late[0], work.today))}
    returns = customers.open_returns_of(work.session, customer_id)
    if returns:
        due = (returns[0].opened_at + customers.RETURN_WINDOW).astimezone(work.company.zone).date()
        return {
            "proactive": "open_return",
            "return_number": returns[0].return_number,
            "order_number": returns[0].order_number,
            "due_date": due.isoformat(),
        }
    cases = customers.open_cases_of(work.session, customer_id)
    if cases:
        due = cases[0].due_at.astimezone(work.company.zone).date()
        return {"proactive": "open_case", "case_number": cases[0].case_id, "due_date": due.isoformat()}
    under_way = [order for order in orders if order.status in {"preparing", "shipped"}]
    only = {"order_under_way": under_way[0].order_number} if len(under_way) == 1 else {}
    return {"proactive": "", **only}


def _consent(work: Work, values: Mapping[str, Value]) -> Done:
    purpose = str(values.get("purpose", ""))
    if work.call.customer_id is None:
        work.note("consent_without_customer", purpose=purpose)
        return Done(outcome="recorded")
    answer = Answer(str(values.get("answer") or Answer.UNCLEAR))
    asked = Asked(
        by=AskedBy.LINE,
        channel=PHONE,
        wording=str(values.get("wording", "")),
        wording_version=work.version.number,
        language=work.call.language,
        call_id=work.call.call_id,
        turn=work.call.turn,
        heard=work.heard or work.keys,
    )
    withdrawal.answered(
        work.session, customer_id=work.call.customer_id, purpose=purpose, answer=answer, asked=asked, now=work.now
    )
    if answer == Answer.UNCLEAR:
        # Not a word that can be held against anybody: it counts as a no in this call and may be asked in another.
        work.note("consent_unclear", purpose=purpose)
    else:
        work.note("consent", purpose=purpose, granted=answer == Answer.YES)
    is_withdrawn = answer == Answer.WITHDRAWN
    return Done(outcome="recorded", values=dict(voice_learning.NOTHING_KNOWN) if is_withdrawn else {})


def _lookup(work: Work, values: Mapping[str, Value]) -> Done:
    match values.get("what"):
        case "order":
            return _lookup_order(work, values)
        case "return":
            return _lookup_return(work, values)
        case "case":
            return _lookup_case(work, values)
        case _:
            customer = customers.customer(work.session, work.call.customer_id)
            name = None if customer is None else if_it_opens(customer, "name", None)
            return Done(outcome="not_found") if name is None else Done(outcome="found", values={"name": name})


def _lookup_order(work: Work, values: Mapping[str, Value]) -> Done:
    postcode = values.get("postcode")
    order_number = str(values.get("order_number") or values.get("order_under_way", ""))
    asked = elsewhere.ask_for_order(work, order_number)
    if asked is not elsewhere.Told.KEPT:
        return Done(outcome=asked.value)
    answer = customers.look_up_order(
        work.session,
        order_number=order_number,
        customer_id=work.call.customer_id,
        postcode=None if postcode is None else str(postcode),
        today=work.today,
    )
    match answer:
        case customers.NotFound():
            return Done(outcome="not_found")
        case customers.NeedsProof():
            return Done(outcome="needs_proof")
        case customers.WrongProof():
            work.note("proof", proof="order_and_postcode", outcome="rejected", order_number=values.get("order_number"))
            return Done(outcome="wrong_proof")
        case customers.Found(order=order, days_late=days) as found:
            if order.customer_id != work.call.customer_id:
                work.call.customer_id = order.customer_id
                work.note("proof", proof="order_and_postcode", outcome="accepted", order_number=order.order_number)
            work.note("looked_up_order", order_number=order.order_number, status=order.status, days_late=days)
            return Done(outcome="late" if days else "found", values=_order_values(found))
        case _:
            assert_never(answer)


def _order_values(found: customers.Found) -> dict[str, Value]:
    order, days = found.order, found.days_late
    values: dict[str, Value] = {
        "order_number": order.order_number,
        "status": order.status,
        "due_date": order.due_on.isoformat(),
        "items": order.items,
        "carrier": order.carrier,
    }
    if order.delivered_on:
        values["delivered_on"] = order.delivered_on.isoformat()
    if days:
        values["days_late"] = days
    return values


def _lookup_return(work: Work, _values: Mapping[str, Value]) -> Done:
    found = customers.open_returns_of(work.session, work.call.customer_id) if work.call.customer_id else []
    if not found:
        return Done(outcome="not_found")
    due = (found[0].opened_at + customers.RETURN_WINDOW).astimezone(work.company.zone).date()
    values = {"return_number": found[0].return_number, "order_number": found[0].order_number, "status": "awaited"}
    return Done(outcome="found", values={**values, "due_date": due.isoformat()})


def _lookup_case(work: Work, _values: Mapping[str, Value]) -> Done:
    found = customers.open_cases_of(work.session, work.call.customer_id) if work.call.customer_id else []
    if not found:
        return Done(outcome="not_found")
    due = found[0].due_at.astimezone(work.company.zone).date()
    return Done(outcome="found", values={"case_number": found[0].case_id, "due_date": due.isoformat()})


def _case(work: Work, values: Mapping[str, Value]) -> Done:
    kind = str(values.get("kind", "question"))
    if kind == "return":
        answer = customers.open_return(
            work.session,
            order_number=str(values.get("order_number", "")),
            call_id=work.call.call_id,
            now=work.now,
            today=work.today,
        )
    else:
        answer = customers.open_case(
            work.session,
            kind=kind,
            customer_id=work.call.customer_id,
            number=work.call.from_number,
            summary=str(values.get("message_text") or _summary(work)),
            call_id=work.call.call_id,
            now=work.now,
        )
    name = "return_number" if kind == "return" else "case_number"
    match answer:
        case customers.Opened(number=number, due_at=due_at):
            work.note("opened", kind=kind, number=number)
            return Done(outcome="opened", values={name: number, "due_date": _day(work, due_at)})
        case customers.AlreadyOpen(number=number, due_at=due_at):
            return Done(outcome="already_open", values={name: number, "due_date": _day(work, due_at)})
        case customers.Refused(reason=reason):
            work.note("refused", kind=kind, reason=reason)
            return Done(outcome="refused", values={"refusal": reason})
        case _:
            assert_never(answer)


def _message(work: Work, values: Mapping[str, Value]) -> Done:
    number = work.call.from_number
    if not can_receive_messages(number):
        return Done(outcome="no_number")
    wording = work.version.catalogue.wording(
        str(values["prompt"]), language=work.call.language, values={k: v for k, v in values.items() if k != "prompt"}
    )
    row = customers.record_message(
        work.session, call_id=work.call.call_id, to_number=number, text_=wording, now=work.now
    )
    work.effects.append(SendMessage(message_id=row.message_id, to_number=number, text=wording))
    work.note("message", number=number)
    return Done(outcome="sent")


def _survey(work: Work, values: Mapping[str, Value]) -> Done:
    score = values.get("score")
    if score is not None:
        store.record_effort(work.session, work.call.call_id, int(score), work.now)
        work.note("effort", score=int(score), about=values.get("about"))
    return Done(outcome="recorded")


def _summary(work: Work) -> str:
    # Mostly the very words that this is about have just been said.
    return "\n".join(filter(None, (store.words_of(work.session, work.call.call_id), work.heard)))


def _day(work: Work, at: datetime) -> str:
    return at.astimezone(work.company.zone).date().isoformat()


_ACTS: Mapping[Act, Callable[[Work, Mapping[str, Any]], Done]] = {
    Act.IDENTIFY: _identify,
    Act.VERIFY: voice_proof.verify,
    Act.CHALLENGE: voice_proof.challenge,
    Act.ENROL: lambda work, _values: voice_learning.enrol(work),
    Act.CONSENT: _consent,
    Act.LOOKUP: _lookup,
    Act.CASE: _case,
    Act.CALLBACK: callback_acts.promise,
    Act.RESUME: resuming.resume,
    Act.REACHED: callback_acts.who_picked_up,
    Act.MESSAGE: _message,
    Act.SURVEY: _survey,
}
