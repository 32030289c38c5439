"""What the flow has done about callbacks: promised to a caller, and confirmed or not by whoever picks up."""

from collections.abc import Mapping

from ivr.calls import callbacks, store
from ivr.calls.callback_rules import within
from ivr.calls.callback_tries import failed, reached
from ivr.calls.callbacks import Place
from ivr.calls.work import Work
from ivr.customers import store as customers
from ivr.flow.events import Done, Value
from ivr.telephony.requests import as_said, dialled
from routing.skills import LOWEST_LEVEL, Requirements

PLACE, CASE = "place", "case"


def promise(work: Work, values: Mapping[str, Value]) -> Done:
    """Note that the caller is to be rung back: the place stays in the queue; with `keeps: case` a person is to see to it too."""
    given = str(values.get("callback_number") or work.call.from_number)
    number = dialled(given, work.company.hours.country)
    if not number:
        return Done(outcome="no_number")
    place = _place(work, values)
    callbacks.keep_place(
        work.session,
        call=work.call,
        number=number,
        place=place,
        due_at=within(work.company.hours, work.now),
        now=work.now,
        rules=work.company.routing_rules,
    )
    if values.get("keeps", CASE) == CASE:
        said = "\n".join(filter(None, (store.words_of(work.session, work.call.call_id), work.heard)))
        customers.open_case(
            work.session,
            kind="callback",
            customer_id=work.call.customer_id,
            number=number,
            summary=said,
            call_id=work.call.call_id,
            now=work.now,
        )
        work.note("callback", number=number)
    else:
        work.note("place_kept", number=number)
    return Done(outcome="recorded", values={"callback_number": as_said(number, work.company.hours.country)})


def who_picked_up(work: Work, values: Mapping[str, Value]) -> Done:
    """What whoever picked up has said to the question who they are."""
    row = callbacks.of_leg(work.session, work.call.call_id)
    answer = values.get("answer")
    if row is None or row.state != callbacks.ANSWERED:
        return Done(outcome="silent")
    if answer == "yes" and reached(work.session, row, work.now):
        work.call.customer_id = row.customer_id
        _prove(work, row.customer_id)
        work.note("callback_reached")
        return Done(outcome="confirmed", values={"customer_id": row.customer_id, "kept_place": row.callback_id})
    reason = "another person" if answer == "no" else "not confirmed"
    work.effects.extend(failed(work.session, work.company, row, reason, work.now))
    return Done(outcome="denied" if answer == "no" else "silent")


def _prove(work: Work, customer_id: str | None) -> None:
    """We rang the number on file, and whoever picked up says that it is they: as good as a call from there."""
    known = customers.by_number(work.session, work.call.from_number)
    if len(known) == 1 and known[0].customer_id == customer_id:
        work.note("proof", proof="number_on_file", outcome="accepted")


def _place(work: Work, values: Mapping[str, Value]) -> Place:
    """The place that the call has had, or would have taken."""
    had = callbacks.place_of(work.session, work.call.call_id)
    if had is not None:
        return had
    requirements = Requirements(
        skill=str(values.get("wanted_skill") or callbacks.ANY_SKILL),
        level=int(values.get("wanted_level") or LOWEST_LEVEL),
        languages=(work.call.language,),
    )
    queue = values.get("wanted_queue")
    return Place(requirements=requirements, queue=str(queue) if queue else None, came_at=work.now)
