"""Puts the one context of a call together from its turns, what happened besides, and the customer's records. Reads only."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from ivr.calls import explained, store
from ivr.calls.context import CallContext, CaseLine, ContactLine, DoneLine, OrderLine, Proof, TurnLine, Who
from ivr.calls.tables import Call, Happening, Turn
from ivr.calls.wording import sentence
from ivr.customers import store as customers
from sealing.columns import if_it_opens

STATUS_WORDS: Mapping[str, str] = {
    store.IN_LINE: "in the line",
    store.WAITING: "waiting",
    store.TALKING: "with an agent",
    store.ENDED: "ended",
}
# So many calls before this one are read with it: who is cut off more often has other troubles.
MOST_EARLIER = 3
# Facts of the flow that a reader of the story gains nothing from: what they say is said by a happening or by the turn itself.
_SILENT_FACTS = frozenset({"consent", "ended"})


def context_of(
    session: Session, call_id: str, *, language: str, now: datetime, agent_names: Mapping[str, str]
) -> CallContext | None:
    """The whole story of a call in the reader's language; None for an unknown call."""
    call = store.call(session, call_id)
    if call is None:
        return None
    turns, happenings = store.turns(session, call_id), store.happenings(session, call_id)
    earlier = _earlier(session, call)
    # What somebody has been at says so in its own place, and the rest is read all the same.
    broken = sentence("broken", {}, language)
    return CallContext(
        call_id=call.call_id,
        status=STATUS_WORDS[call.status],
        started_at=call.started_at,
        ended_at=call.ended_at,
        language=call.language,
        to_number=call.to_number,
        flow=call.flow,
        flow_version=call.flow_version,
        node=call.node,
        who=_who(session, call, happenings, language, broken),
        reason=call.reason,
        route_reason=call.route_reason,
        said=(
            *(line for one in earlier for line in _said(store.turns(session, one), frozenset(), broken)),
            *_said(turns, customers.turns_with_audio(session, call_id, now), broken),
        ),
        words_so_far=if_it_opens(call, "words_so_far", broken) if call.ended_at is None else "",
        done=(
            *(
                line
                for one in earlier
                for line in _done(store.turns(session, one), store.happenings(session, one), language, agent_names)
            ),
            *_done(turns, happenings, language, agent_names),
        ),
        orders=_orders(session, call.customer_id, now.date()),
        cases=_cases(session, call.customer_id, now, broken),
        contacts=_contacts(session, call, broken),
        agent_id=call.agent_id,
        on_hold=call.on_hold,
    )


def _earlier(session: Session, call: Call) -> tuple[str, ...]:
    """The calls that this one goes on with, the first one first: their line dropped, or they were to be rung back.

    What proved who called proved it for those calls alone.
    """
    chain: list[str] = []
    before = call.continues_id
    while before is not None and before not in chain and len(chain) < MOST_EARLIER:
        row = store.call(session, before)
        if row is None:
            break
        chain.insert(0, before)
        before = row.continues_id
    return tuple(chain)


def certainty(proofs: Sequence[Proof], *, is_known: bool) -> str:
    """How sure the line is of who calls: proved by what only the customer has, likely by the number, claimed, or none.

    A voice says what it said last. One that is not the customer's leaves the number no more than a claim.
    """
    accepted = {proof.kind for proof in proofs if proof.outcome == "accepted"} - {"voice"}
    voice = next((proof.outcome for proof in reversed(proofs) if proof.kind == "voice"), "")
    if voice == "accepted" or accepted & {"order_and_postcode", "digits", "code"}:
        return "proved"
    if "number_on_file" in accepted and voice != "rejected":
        return "likely"
    return "claimed" if is_known else "none"


def _who(session: Session, call: Call, happenings: Sequence[Happening], language: str, broken: str) -> Who:
    customer = customers.customer(session, call.customer_id)
    proofs = []
    for row in happenings:
        details = _details(row)
        if row.kind == "proof" and details:
            proofs.append(
                Proof(
                    kind=details["proof"],
                    outcome=details["outcome"],
                    detail=sentence("proof", details, language),
                    at=row.at,
                )
            )
    return Who(
        customer_id=call.customer_id,
        name=if_it_opens(customer, "name", broken) if customer else None,
        number=call.from_number,
        certainty=certainty(proofs, is_known=customer is not None),
        proofs=tuple(proofs),
    )


def _details(row: Happening) -> dict[str, Any]:
    details: dict[str, Any] = json.loads(if_it_opens(row, "details", "") or "{}")
    return details


def _said(turns: Sequence[Turn], with_audio: frozenset[int], broken: str) -> tuple[TurnLine, ...]:
    lines = []
    for position, row in enumerate(turns):
        answer = turns[position + 1] if position + 1 < len(turns) else None
        heard = if_it_opens(answer, "heard", broken) if answer else ""
        keys = if_it_opens(answer, "keys", broken) if answer else ""
        hearing = if_it_opens(answer, "hearing", "") if answer else ""
        lines.append(
            TurnLine(
                turn=row.turn,
                at=row.at,
                node=row.node,
                prompt=if_it_opens(row, "prompt", broken),
                heard=heard,
                keys=keys,
                intent=answer.intent if answer else "",
                confidence=answer.confidence if answer else None,
                ended=answer.ended if answer else "",
                hearing=explained.hearing_of(hearing, heard=heard, keys=keys),
                has_audio=row.turn in with_audio,
            )
        )
    return tuple(lines)


def _done(
    turns: Sequence[Turn], happenings: Sequence[Happening], language: str, agent_names: Mapping[str, str]
) -> tuple[DoneLine, ...]:
    facts: list[tuple[datetime, int, str, Mapping[str, Any]]] = []
    for turn in turns:
        facts.extend(
            (turn.at, 0, fact["kind"], fact["values"])
            for fact in json.loads(if_it_opens(turn, "facts", "") or "[]")
            if fact["kind"] not in _SILENT_FACTS
        )
    facts.extend((row.at, 1, row.kind, _named(_details(row), agent_names)) for row in happenings)
    facts.sort(key=lambda fact: fact[:2])
    lines = (DoneLine(at=at, kind=kind, text=sentence(kind, details, language)) for at, _, kind, details in facts)
    return tuple(line for line in lines if line.text)


def _named(details: dict[str, Any], agent_names: Mapping[str, str]) -> dict[str, Any]:
    """The details of a happening, agents by name; an act on somebody who is not known yet names no one."""
    for role in ("agent", "to"):
        details[role] = agent_names.get(details.get(role, ""), details.get(role))
    return details


def _orders(session: Session, customer_id: str | None, today: date) -> tuple[OrderLine, ...]:
    if customer_id is None:
        return ()
    return tuple(
        OrderLine(
            number=order.order_number,
            placed_on=order.placed_on.isoformat(),
            status=order.status,
            due_on=order.due_on.isoformat(),
            is_late=customers.days_late(order, today) > 0,
            items=order.items,
            postcode=order.postcode,
        )
        for order in customers.orders_of(session, customer_id)
    )


def _cases(session: Session, customer_id: str | None, now: datetime, broken: str) -> tuple[CaseLine, ...]:
    if customer_id is None:
        return ()
    return tuple(
        CaseLine(
            case_id=case.case_id,
            kind=case.kind,
            opened_at=case.opened_at,
            due_at=case.due_at,
            is_overdue=case.due_at < now,
            summary=if_it_opens(case, "summary", broken),
        )
        for case in customers.open_cases_of(session, customer_id)
    )


def _contacts(session: Session, call: Call, broken: str) -> tuple[ContactLine, ...]:
    if call.customer_id is None:
        return ()
    return tuple(
        ContactLine(
            at=row.at,
            channel=row.channel,
            reason=row.reason,
            outcome=row.outcome,
            note=if_it_opens(row, "note", broken),
        )
        for row in customers.contacts_of(session, call.customer_id)
        if row.call_id != call.call_id
    )
