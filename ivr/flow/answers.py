"""What an answer means at the question that stands, and what happens when it means nothing: the handlers' vocabulary.

Which event comes here at which node is `ivr.flow.machine`'s table; where it leads is walked by `ivr.flow.walk`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ivr.flow import keeping
from ivr.flow.definition import (
    GIVEN,
    MISSED,
    READ_BACK,
    UNSURE,
    AskNode,
    Confirm,
    ConsentNode,
    DictateNode,
    Node,
    ReachedNode,
    ResumeNode,
    SurveyNode,
)
from ivr.flow.events import Doubtful, NotUnderstood, Understood, Value
from ivr.flow.state import Waiting
from ivr.flow.steps import Expect
from ivr.flow.values import from_keys, from_words, is_unsure
from ivr.flow.walk import NO, NOTHING_ELSE, PERSON, PRIVACY, REPEAT, REPROMPTS, SCORES, WITHDRAW, YES, Turn

# Third outcome that no node knew in one call: something of ours is broken, and going round would help nobody.
_MOST_FAILURES = 3


def is_asking(turn: Turn) -> bool:
    """Whether the caller is being asked something."""
    return turn.state.waiting in {Waiting.ANSWER, Waiting.CHOICE, Waiting.CONFIRMATION}


def wants_value(turn: Turn) -> bool:
    """Whether the question that stands wants a number or something spelled."""
    return isinstance(turn.node, SurveyNode) or _asks_for_value(turn.node)


def _asks_for_value(node: Node) -> bool:
    return isinstance(node, AskNode) and node.expect in {Expect.DIGITS, Expect.LETTERS}


def is_answer(turn: Turn, intent: str) -> bool:
    """Whether this intent would lead somewhere at the question that stands."""
    known = {*turn.node.outcomes, *turn.flow.requests, *turn.flow.languages.values(), PERSON, REPEAT, PRIVACY, WITHDRAW}
    return intent in known - {GIVEN, MISSED}


def keep_slots(turn: Turn, event: Understood | Doubtful) -> None:
    """Keep what the caller mentioned of what the flow asks for somewhere; what is asked for here is taken by `fill`.

    What may have been misheard and would be read back if it had been asked for is kept under a name of its own until it is.
    """
    node = turn.node
    here = node.slot if isinstance(node, AskNode) and _asks_for_value(node) else ""
    unsure = turn.flow.confirmed if is_unsure(event) else frozenset()
    brought = {
        f"{UNSURE}{name}" if name in unsure else name: value
        for name, value in event.slots.items()
        if name in turn.flow.slots - {here} and value not in {None, ""}
    }
    turn.keep(brought)
    turn.state = replace(turn.state, fresh=tuple(dict.fromkeys((*turn.state.fresh, *brought))))


def fill(turn: Turn, event: Understood | Doubtful | NotUnderstood) -> bool:
    """Take what the question asks for out of an utterance; the utterance's own digits stand in for a slot nobody knows."""
    if not wants_value(turn) or turn.state.waiting == Waiting.CHOICE:
        return False
    node = turn.node
    if isinstance(node, SurveyNode):
        given = event.slots.get("score")
        return _score(turn, "".join(event.text.split()) if given in {None, ""} else str(given))
    if not isinstance(node, AskNode):
        return False
    value = from_words(node, event.slots.get(node.slot), event.text)
    if value is None:
        return False
    if _is_to_be_confirmed(turn, node, event):
        turn.caller_spoke()
        turn.read_back(value)
    else:
        give(turn, node, value)
    return True


def fill_keys(turn: Turn, keys: str) -> bool:
    """Take these keys for what is asked for; False if they cannot be it. They are what was pressed and never read back."""
    node = turn.node
    if isinstance(node, SurveyNode):
        return _score(turn, keys)
    value = from_keys(node, keys) if isinstance(node, AskNode) and _asks_for_value(node) else None
    if not isinstance(node, AskNode) or value is None:
        return False
    give(turn, node, value)
    return True


def give(turn: Turn, node: AskNode, value: Value) -> None:
    """Go on with the value that the question has asked for."""
    turn.caller_spoke()
    turn.keep({node.slot: value})
    turn.state = replace(turn.state, fresh=(*turn.state.fresh, node.slot))
    turn.note("given", slot=node.slot)
    turn.follow(GIVEN)


def _is_to_be_confirmed(turn: Turn, node: AskNode, event: Understood | Doubtful | NotUnderstood) -> bool:
    if READ_BACK not in turn.flow.prompts:
        return False
    return node.confirm == Confirm.ALWAYS or (node.confirm == Confirm.UNSURE and is_unsure(event))


def _score(turn: Turn, digits: str) -> bool:
    if digits not in {str(score) for score in SCORES}:
        return False
    turn.caller_spoke()
    turn.keep({"score": int(digits)})
    turn.state = replace(turn.state, waiting=Waiting.OUTCOME)
    turn.stand()
    return True


def mean(turn: Turn, intent: str) -> None:
    """Act on an intent at the question that stands: the node's own answers first, then what is understood everywhere."""
    meant = intent
    if turn.state.waiting == Waiting.CHOICE and intent in {YES, NO}:
        meant = turn.state.candidates[0] if intent == YES else ""
    everywhere: Mapping[str, Callable[[Turn], None]] = {
        REPEAT: Turn.stand_again,
        PRIVACY: _tell_privacy,
        WITHDRAW: _withdraw,
    }
    node = turn.node
    if meant == PERSON and not keeping.wants_proof(turn):
        keeping.give_person(turn)
    elif meant in node.outcomes and isinstance(node, AskNode) and meant not in {GIVEN, MISSED}:
        turn.caller_spoke()
        _follow_answer(turn, node, meant)
    elif meant in everywhere:
        turn.note(meant)
        everywhere[meant](turn)
    elif meant in turn.flow.languages.values():
        _switch_language(turn, meant)
    elif isinstance(node, ConsentNode | SurveyNode):
        _mean_at_offer(turn, node, meant)
    elif isinstance(node, ResumeNode | ReachedNode):
        if not keeping.mean(turn, node, meant):
            fail(turn, f"{meant or NO} is no answer here")
    elif _is_new_request(turn, node, meant):
        turn.caller_spoke()
        turn.request(meant)
    else:
        fail(turn, f"{meant or NO} is no answer here")


def _follow_answer(turn: Turn, node: AskNode, intent: str) -> None:
    turn.note("answered", intent=intent)
    turn.state = replace(turn.state, waiting=Waiting.ANSWER, candidates=())
    turn.goto(node.outcomes[intent])


def _is_new_request(turn: Turn, node: Node, intent: str) -> bool:
    # The same request in the middle of itself is no answer to a narrow question, or it would go round for ever.
    return (
        isinstance(node, AskNode)
        and intent in turn.flow.requests
        and (node.expect == Expect.REQUEST or intent != turn.state.topic)
    )


def _mean_at_offer(turn: Turn, node: ConsentNode | SurveyNode, intent: str) -> None:
    turn.caller_spoke()
    if intent in turn.flow.requests:
        if isinstance(node, SurveyNode):
            turn.request(intent)
            return
        # The request that came in place of an answer is not lost: it is turned to as soon as the refusal is kept.
        turn.note("topic", intent=intent)
        turn.state = replace(turn.state, topic=intent, then=turn.flow.requests[intent])
        turn.keep({"reason": intent})
        _answer_consent(turn, node, "unclear")
    elif isinstance(node, ConsentNode):
        _answer_consent(turn, node, intent if intent in {YES, NO} else "unclear")
    elif intent in {NO, NOTHING_ELSE}:
        turn.note("survey_skipped", why="declined")
        turn.follow("skipped")
    else:
        fail(turn, f"{intent} is no answer here")


def _answer_consent(turn: Turn, node: ConsentNode, answer: str) -> None:
    """Have the answer recorded. Only a plain yes grants; nothing else is asked about a second time."""
    turn.keep({f"consent_{node.purpose}": answer == YES, "consent_answer": answer})
    turn.state = replace(turn.state, waiting=Waiting.OUTCOME)
    turn.stand()


def _tell_privacy(turn: Turn) -> None:
    turn.caller_spoke()
    turn.say(turn.flow.prompts["privacy"])
    turn.stand()


def _withdraw(turn: Turn) -> None:
    turn.caller_spoke()
    turn.state = replace(turn.state, waiting=Waiting.WITHDRAWAL, candidates=())
    turn.stand()


def _switch_language(turn: Turn, intent: str) -> None:
    language = next(name for name, switch in turn.flow.languages.items() if switch == intent)
    turn.note("language", language=language)
    turn.state = replace(turn.state, language=language)
    turn.stand_again()


# --- What happens when nothing was understood, or something of ours has failed.


def fail(turn: Turn, why: str) -> None:
    """Ask once more in other words; consent and survey are never pressed; after the last wording comes a person."""
    turn.caller_spoke()
    node = turn.node
    skippable = turn.state.variant > 0
    turn.wait_again()
    state = replace(turn.state, attempts=turn.state.attempts + 1, variant=turn.state.variant + 1)
    turn.state = state
    is_spent = turn.is_exhausted if state.waiting == Waiting.CONFIRMATION else state.variant > REPROMPTS
    if isinstance(node, ConsentNode):
        turn.note("missed", why=why)
        _answer_consent(turn, node, "unclear")
    elif isinstance(node, SurveyNode) and skippable:
        turn.note("survey_skipped", why=why)
        turn.follow("skipped")
    elif isinstance(node, ResumeNode | ReachedNode | DictateNode) and skippable:
        turn.note("missed", why=why)
        keeping.give_up(turn, node)
    elif is_spent:
        give_up(turn, why)
    else:
        turn.note("reprompted", why=why, attempt=state.attempts)
        turn.state = replace(state, variant=min(state.variant, REPROMPTS))
        turn.stand()


def give_up(turn: Turn, why: str) -> None:
    """Hand a caller who could not be heard to a person, or where one was tried in vain go on without the answer."""
    turn.note("missed", why=why)
    if MISSED in turn.node.outcomes:
        turn.follow(MISSED)
    else:
        turn.to_person("was not understood" if why != "silence" else "said nothing")


def fail_outcome(turn: Turn, outcome: str) -> None:
    """Go to a person, with an apology: something of ours answered what the node does not know."""
    failures = turn.state.failures + 1
    turn.note("unknown_outcome", outcome=outcome, failures=failures)
    turn.state = replace(turn.state, failures=failures, then="")
    turn.say(turn.flow.prompts["trouble"])
    if failures < _MOST_FAILURES:
        turn.to_person("the line could not finish")
    else:
        turn.state = replace(turn.state, waiting=Waiting.NOTHING)
        turn.stand()
