"""The flow's state machine: `step` answers one event with state, steps and facts; `TRANSITIONS` has every transition.

Pure: the same flow, state and event give the same answer. A well-formed flow is never raised over: what comes out of order is
answered with the step that stands. What an answer means is `ivr.flow.answers`', how a node is entered `ivr.flow.walk`'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, TypeAlias, assert_never

from ivr.flow import keeping, reading_back
from ivr.flow.answers import fail, fail_outcome, fill, fill_keys, is_answer, is_asking, keep_slots, mean, wants_value
from ivr.flow.definition import (
    EXHAUSTED,
    MISSES,
    ROUTE_STANDS_FOR,
    STANDS_FOR,
    ActNode,
    AskNode,
    ConsentNode,
    Flow,
    Kind,
    ReachedNode,
    ResumeNode,
)
from ivr.flow.events import Done, Doubtful, Event, HungUp, Keyed, NotUnderstood, Silent, Started, TakenUp, Understood
from ivr.flow.state import State, Waiting
from ivr.flow.walk import NO, PERSON, REPEAT, YES, Advance, Fact, Turn

__all__ = ["EVENTS", "TRANSITIONS", "Advance", "Fact", "State", "step"]

Handler: TypeAlias = Callable[[Turn, Any], None]


def step(flow: Flow, state: State | None, event: Event) -> Advance:
    """Answer one event. `state` is None at the call's first event, and what the last `Advance` brought ever after.

    A state whose node the flow does not have goes to a person: it belongs to another version.
    """
    if state is None:
        return _begin(flow, event)
    turn = Turn(flow, state)
    if state.ended and not isinstance(event, TakenUp):
        turn.stand()
    elif state.node not in flow.nodes:
        turn.to_person("the line could not finish")
    else:
        TRANSITIONS[turn.node.kind, type(event)](turn, event)
    return turn.advance()


def _begin(flow: Flow, event: Event) -> Advance:
    started = event if isinstance(event, Started) else Started(language="")
    language = started.language if started.language in flow.languages else next(iter(flow.languages))
    values = {**flow.values, **started.values}
    first = flow.called_back if started.called_back and flow.called_back else flow.first
    turn = Turn(flow, State(node=first, language=language, values=values, topic=started.topic))
    if isinstance(event, HungUp):
        _hang_up(turn, event)
        return turn.advance()
    turn.note("started", language=language)
    turn.goto(first)
    return turn.advance()


# --- What an event does. Each handler's docstring is its line in the diagram of docs/flow.md.


def _resume(turn: Turn, event: Event) -> None:
    """Say again what stands."""
    turn.note("out_of_order", event=type(event).__name__)
    turn.stand_again()


def _hang_up(turn: Turn, _event: Event) -> None:
    """End: the caller is gone."""
    turn.note("hung_up", waiting=turn.state.waiting.value, topic=turn.state.topic)
    turn.state = replace(turn.state, waiting=Waiting.NOTHING)
    turn.stand()


def _take_up(turn: Turn, event: TakenUp) -> None:
    """Go on from where the dropped call stood."""
    keeping.take_up(turn, is_known=event.is_known)


def _answer(turn: Turn, event: Understood) -> None:
    """Take the answer, what corrects it, a request, or a word for everywhere."""
    if not is_asking(turn):
        _interrupt(turn, event)
        return
    turn.note("understood", intent=event.intent, confidence=event.confidence)
    if event.intent == PERSON and not keeping.wants_proof(turn):
        keeping.give_person(turn)
        return
    keep_slots(turn, event)
    if not _fill(turn, event):
        mean(turn, event.intent)


def _doubt(turn: Turn, event: Doubtful) -> None:
    """Ask once which of two was meant."""
    if not is_asking(turn):
        _interrupt(turn, event)
        return
    turn.note("doubtful", first=event.candidates[0], second=event.candidates[1])
    likelier = event.candidates[0]
    if likelier == PERSON and not keeping.wants_proof(turn):
        keeping.give_person(turn)
        return
    keep_slots(turn, event)
    if _fill(turn, event):
        return
    possible = tuple(dict.fromkeys(intent for intent in event.candidates if is_answer(turn, intent)))
    if turn.state.waiting == Waiting.CHOICE and likelier in turn.state.candidates:
        mean(turn, likelier)
    elif not possible or turn.state.doubted or not isinstance(turn.node, AskNode):
        fail(turn, "two meanings too close to choose")
    else:
        turn.caller_spoke()
        turn.state = replace(turn.state, waiting=Waiting.CHOICE, candidates=possible, doubted=True)
        turn.stand()


def _dictate(turn: Turn, event: Understood | Doubtful | NotUnderstood) -> None:
    """Take what was said, word by word; a person if that alone is asked for."""
    if is_asking(turn):
        keeping.dictated(turn, event)
    else:
        _resume(turn, event)


def _mishear(turn: Turn, event: NotUnderstood) -> None:
    """Ask in other words; after the third time, a person."""
    if not is_asking(turn):
        _resume(turn, event)
    elif not _fill(turn, event):
        fail(turn, event.reason)


def _fill(turn: Turn, event: Understood | Doubtful | NotUnderstood) -> bool:
    confirming = turn.state.waiting == Waiting.CONFIRMATION
    return reading_back.take(turn, event) if confirming else fill(turn, event)


def _miss(turn: Turn, event: Silent) -> None:
    """Ask in other words; after the third time, a person."""
    if is_asking(turn):
        fail(turn, "silence")
    else:
        _resume(turn, event)


def _press(turn: Turn, event: Keyed) -> None:
    """Take the keys; 0 is a person, * says it again."""
    if not is_asking(turn):
        _interrupt(turn, event)
    elif event.keys == "0":
        turn.note("keyed", intent=PERSON)
        keeping.give_person(turn)
    elif event.keys == "*":
        mean(turn, REPEAT)
    elif turn.state.waiting == Waiting.CHOICE:
        _press_intent(turn, dict(zip("12", turn.state.candidates, strict=False)).get(event.keys[:1], ""))
    elif turn.state.waiting == Waiting.CONFIRMATION:
        reading_back.press(turn, event.keys)
    elif wants_value(turn):
        if not fill_keys(turn, event.keys):
            fail(turn, "not a number that can be")
    else:
        _press_menu(turn, event.keys)


def _press_menu(turn: Turn, keys: str) -> None:
    node = turn.node
    menu = node.keys if isinstance(node, AskNode) else {"1": YES, "2": NO}
    intent = menu.get(keys) or menu.get(keys[:1]) or (PERSON if keys[:1] == "0" else "")
    if intent == PERSON:
        turn.give_person()
    else:
        _press_intent(turn, intent)


def _press_intent(turn: Turn, intent: str) -> None:
    if not intent:
        fail(turn, "a key without a meaning here")
        return
    turn.note("keyed", intent=intent)
    mean(turn, intent)


def _take(turn: Turn, event: Done) -> None:
    """Follow the outcome; one that the node does not know goes to a person."""
    node = turn.node
    outcome = event.outcome
    if outcome not in node.outcomes:
        outcome = {**STANDS_FOR, **ROUTE_STANDS_FOR}.get(outcome, "")
    if outcome not in node.outcomes:
        fail_outcome(turn, event.outcome)
        return
    turn.note("done", act=node.kind.value, outcome=event.outcome)
    turn.keep(event.values)
    language = event.values.get("language")
    if isinstance(language, str) and language in turn.flow.languages:
        turn.state = replace(turn.state, language=language)
    if isinstance(node, ActNode) and node.tries and outcome in MISSES:
        misses = turn.state.tries.get(node.name, 0) + 1
        turn.state = replace(turn.state, tries={**turn.state.tries, node.name: misses})
        if misses >= node.tries:
            turn.note("exhausted", tries=misses)
            turn.follow(EXHAUSTED)
            return
    turn.follow(outcome)


def _take_at_question(turn: Turn, event: Done) -> None:
    """Go on with the question, or after a consent or score is kept."""
    node = turn.node
    if turn.state.waiting == Waiting.WITHDRAWAL:
        if event.outcome != "recorded":
            fail_outcome(turn, event.outcome)
            return
        known = {key: False for key in turn.state.values if key.startswith("consent_") and key != "consent_answer"}
        turn.keep({**known, **event.values})
        turn.note("consent", purpose="all", granted=False, why="withdrawn")
        turn.wait_again()
        turn.say(turn.flow.prompts["consent_withdrawn"])
        turn.stand()
    elif turn.state.waiting != Waiting.OUTCOME:
        _resume(turn, event)
    elif isinstance(node, ResumeNode | ReachedNode):
        keeping.take_outcome(turn, node, event)
    elif event.outcome != "recorded":
        fail_outcome(turn, event.outcome)
    elif isinstance(node, ConsentNode):
        granted = turn.state.values.get(f"consent_{node.purpose}") is True
        turn.note("consent", purpose=node.purpose, granted=granted, why=turn.state.values.get("consent_answer"))
        turn.follow("granted" if granted else "refused")
    else:
        turn.note("done", act=node.kind.value, outcome=event.outcome, score=turn.state.values.get("score"))
        turn.follow("recorded")


def _interrupt(turn: Turn, event: Understood | Doubtful | Keyed) -> None:
    """A person if asked for; else what stands."""
    if _is_call_for_person(event):
        turn.give_person()
    else:
        _resume(turn, event)


def _is_call_for_person(event: Understood | Doubtful | Keyed) -> bool:
    match event:
        case Understood():
            return event.intent == PERSON
        case Doubtful():
            return event.candidates[0] == PERSON
        case Keyed():
            return event.keys == "0"
        case _:
            assert_never(event)


# --- Every transition: for each kind of node that can stand, what each event does. A `say`, `branch` or `end` never waits, so
# that only a doctored state stands there: it is resumed.

EVENTS: Final = (Started, Understood, Doubtful, NotUnderstood, Keyed, Silent, Done, TakenUp, HungUp)

_ROWS: Final[Mapping[Kind, tuple[Handler, ...]]] = {
    # kind          Started  Understood  Doubtful    NotUnderst. Keyed       Silent   Done               TakenUp    HungUp
    Kind.ASK:      (_resume, _answer,    _doubt,     _mishear,   _press,     _miss,   _take_at_question, _take_up,  _hang_up),
    Kind.CONSENT:  (_resume, _answer,    _doubt,     _mishear,   _press,     _miss,   _take_at_question, _take_up,  _hang_up),
    Kind.RESUME:   (_resume, _answer,    _doubt,     _mishear,   _press,     _miss,   _take_at_question, _take_up,  _hang_up),
    Kind.REACHED:  (_resume, _answer,    _doubt,     _mishear,   _press,     _miss,   _take_at_question, _take_up,  _hang_up),
    Kind.DICTATE:  (_resume, _dictate,   _dictate,   _dictate,   _press,     _miss,   _take_at_question, _take_up,  _hang_up),
    Kind.SURVEY:   (_resume, _answer,    _doubt,     _mishear,   _press,     _miss,   _take_at_question, _take_up,  _hang_up),
    Kind.IDENTIFY: (_resume, _interrupt, _interrupt, _resume,    _interrupt, _resume, _take,             _take_up,  _hang_up),
    Kind.VERIFY:   (_resume, _interrupt, _interrupt, _resume,    _interrupt, _resume, _take,             _take_up,  _hang_up),
    Kind.CHALLENGE:(_resume, _interrupt, _interrupt, _resume,    _interrupt, _resume, _take,             _take_up,  _hang_up),
    Kind.ENROL:    (_resume, _interrupt, _interrupt, _resume,    _interrupt, _resume, _take,             _take_up,  _hang_up),
    Kind.LOOKUP:   (_resume, _interrupt, _interrupt, _resume,    _interrupt, _resume, _take,             _take_up,  _hang_up),
    Kind.CASE:     (_resume, _interrupt, _interrupt, _resume,    _interrupt, _resume, _take,             _take_up,  _hang_up),
    Kind.CALLBACK: (_resume, _interrupt, _interrupt, _resume,    _interrupt, _resume, _take,             _take_up,  _hang_up),
    Kind.MESSAGE:  (_resume, _interrupt, _interrupt, _resume,    _interrupt, _resume, _take,             _take_up,  _hang_up),
    Kind.ROUTE:    (_resume, _resume,    _resume,    _resume,    _resume,    _resume, _take,             _take_up,  _hang_up),
    Kind.SAY:      (_resume, _resume,    _resume,    _resume,    _resume,    _resume, _resume,           _take_up,  _hang_up),
    Kind.BRANCH:   (_resume, _resume,    _resume,    _resume,    _resume,    _resume, _resume,           _take_up,  _hang_up),
    Kind.END:      (_resume, _resume,    _resume,    _resume,    _resume,    _resume, _resume,           _take_up,  _hang_up),
}  # fmt: skip

TRANSITIONS: Final[Mapping[tuple[Kind, type[Event]], Handler]] = MappingProxyType(
    {(kind, event): handler for kind, row in _ROWS.items() for event, handler in zip(EVENTS, row, strict=True)}
)
