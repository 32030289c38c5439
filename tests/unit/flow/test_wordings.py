"""On every way through the shipped flow, all that is said can be said: no wording lacks a value that its path must have brought.

The conductor is played from the table of values that `ivr.flow.steps.Act` documents, and nothing beyond it.
"""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.definition import build
from ivr.flow.events import Done, Doubtful, Event, Keyed, NotUnderstood, Silent, Started, Understood, Value
from ivr.flow.machine import step
from ivr.flow.state import State
from ivr.flow.steps import Ask, End, Perform, Route, Say, Step
from prompts.version import load

VERSION = load()
SHOP = build(VERSION.flow)
DUE: Mapping[str, Value] = {"due_date": "2026-11-24"}
ORDER: Mapping[str, Value] = {"order_number": "1042", "items": "una lampada", "carrier": "", **DUE}
MATTERS: tuple[Mapping[str, Value], ...] = (
    {"proactive": ""},
    {"proactive": "", "order_number": "1077"},
    {"proactive": "late_order", "order_number": "1042", **DUE},
    {"proactive": "open_return", "return_number": "R12", "order_number": "1042", **DUE},
    {"proactive": "open_case", "case_number": "P9", **DUE},
)
KNOWN = tuple(
    {"customer_id": "c", "name": name, "first_call": first, "voice_offer": not first and not name, **matter}
    for name in ("Anna", "")
    for first in (True, False)
    for matter in MATTERS
)


def done(outcome: str, *values: Mapping[str, Value]) -> list[Event]:
    return [Done(outcome=outcome, values=one) for one in values or ({},)]


STATUSES = [{**ORDER, "status": status} for status in ("preparing", "shipped", "cancelled", "delivered", "lost")]
CASES = {
    "return": [*done("opened", {"return_number": "R1", **DUE}), *done("already_open", {"return_number": "R1", **DUE}),
               *done("refused", {"refusal": "too_late"}, {"refusal": "not_delivered"}, {"refusal": "other"})],
}  # fmt: skip
LOOKUPS = {
    "order": [
        *done("found", *STATUSES, {**STATUSES[1], "carrier": "Rapido"}, {**STATUSES[3], "delivered_on": "2026-11-20"}),
        *done("late", {**ORDER, "status": "shipped", "days_late": 2}),
        *done("not_found"),
        *done("needs_proof"),
        *done("wrong_proof"),
    ],
    "return": [
        *done(
            "found",
            *(
                {"return_number": "R1", "order_number": "1042", "status": status, **DUE}
                for status in ("awaited", "received", "refunded")
            ),
        ),
        *done("not_found"),
    ],
    "case": [*done("found", {"case_number": "P9", **DUE}), *done("not_found")],
}
INTENTS = [
    *SHOP.requests,
    *SHOP.languages.values(),
    "yes",
    "no",
    "repeat",
    "privacy",
    "withdraw_consent",
    "nothing_else",
    "person",
]
VERIFIED = {
    what: [
        *done("accepted", {"voice": "accepted", "step_up": "", "reason": ""}),
        *(
            Done(outcome=outcome, values={"voice": "rejected", "step_up": step_up, "reason": "?"})
            for outcome in ("step_up", "rejected", "inconclusive", "locked")
            for step_up in ("digits", "code", "person")
            if what == "voice" or outcome in {"rejected", "inconclusive"}
        ),
    ]
    for what in ("voice", "digits", "code")
}
CHALLENGED = {
    "digits": [*done("ready", {"challenge_digits": "47190"}), *done("unavailable")],
    "code": [*done("sent"), *done("no_number"), *done("failed")],
}
ENROLLED = [
    *done("enrolled", {"newly_enrolled": True}, {"newly_enrolled": False}),
    *done("more_needed", {"seconds_missing": 10}),
    *done("declined"),
    *done("unavailable"),
]
HEARD: list[Event] = [
    *(Understood(text="…", intent=intent, confidence=0.9) for intent in INTENTS),
    *(Understood(text="…", intent=intent, confidence=0.9, slots={"order_number": "1042"}) for intent in SHOP.requests),
    *(Doubtful(text="…", candidates=(first, second)) for first in INTENTS for second in ("return", "no", "privacy")),
    *(
        NotUnderstood(text=number, reason="?", slots={slot: number}, heard_confidence=confidence)
        for slot, number in (
            ("order_number", "1052"),
            ("callback_number", "3331234567"),
            ("spoken_digits", "47190"),
            ("code_digits", "123456"),
        )
        for confidence in (0.3, 1.0)
    ),
    *(Keyed(keys=keys) for keys in ("1", "2", "5", "1042", "20121", "3331234567")),
    Silent(),
]


ROUTED = ("closed", "nobody", "met", "left", "message", "overflow", "failed")


def possible(waiting: Step) -> list[Event]:
    match waiting:
        case Perform():
            return performed(waiting)
        case Route():
            return [event for outcome in ROUTED for event in done(outcome)]
        case _:
            return HEARD


def performed(waiting: Perform) -> list[Event]:
    what = str(waiting.values.get("what") or waiting.values.get("kind"))
    opened = done("opened", {"case_number": "P1", **DUE}) + done("already_open", {"case_number": "P1", **DUE})
    outcomes: Mapping[str, list[Event]] = {
        "identify": [*done("known", *KNOWN), *done("unknown"), *done("hidden")],
        "lookup": LOOKUPS.get(what, []),
        "case": CASES.get(what, opened),
        "message": [*done("sent"), *done("no_number"), *done("failed")],
        "callback": [*done("recorded", {"callback_number": "+393331234567"}), *done("no_number")],
        "resume": [
            *done("nothing"),
            *done("dropped"),
            *done("callback"),
            *done("declined"),
            *done("queue"),
            *done("person"),
        ],
        "reached": [*done("confirmed"), *done("denied"), *done("silent")],
        "verify": VERIFIED.get(what, []),
        "challenge": CHALLENGED.get(what, []),
        "enrol": ENROLLED,
    }
    return outcomes.get(waiting.act, done("recorded"))


def say_all(state: State, steps: tuple[Step, ...]) -> None:
    for one in steps:
        say = one.say if isinstance(one, Ask) else one
        if isinstance(say, Say):
            for language in SHOP.languages:
                assert VERSION.catalogue.wording(say.prompt, language=language, variant=say.variant, values=say.values)
        if isinstance(one, Perform) and one.act == "message":
            assert VERSION.catalogue.wording(str(one.values["prompt"]), language=state.language, values=one.values)
        if isinstance(one, Perform) and one.values.get("what") == "code" and one.act == "challenge":
            assert VERSION.catalogue.wording(
                str(one.values["prompt"]), language=state.language, values={"code": "123456"}
            )


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_everything_said_on_any_way_through_can_be_said(data: st.DataObject) -> None:
    advance = step(SHOP, None, Started(language="it", values={"number": "+393331234567"}))
    for _ in range(25):
        say_all(advance.state, advance.steps)
        if isinstance(advance.steps[-1], End):
            return
        advance = step(SHOP, advance.state, data.draw(st.sampled_from(possible(advance.steps[-1]))))
