"""What an answer means at the question that stands, and what happens when it means nothing: the handlers' vocabulary.

Which event comes here at which node is `ivr.flow.machine`'s table; where it leads is walked by `ivr.flow.walk`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ivr.flow.definition import GIVEN, MISSED, AskNode, ConsentNode, Node, SurveyNode
from ivr.flow.events import Value
from ivr.flow.state import Waiting
from ivr.flow.steps import Expect
from ivr.flow.walk import NO, NOTHING_ELSE, PERSON, PRIVACY, REPEAT, REPROMPTS, SCORES, WITHDRAW, YES, Turn

# Third outcome that no node knew in one call: something of ours is broken, and going round would help nobody.
_MOST_FAILURES = 3


def is_asking(turn: Turn) -> bool:
    """Whether the caller is being asked something."""
    return turn.state.waiting in {Waiting.ANSWER, Waiting.CHOICE}


def wants_digits(turn: Turn) -> bool:
    """Whether the question that stands wants a number."""
    node = turn.node
    return isinstance(node, SurveyNode) or (isinstance(node, AskNode) and node.expect == Expect.DIGITS)


def is_answer(turn: Turn, intent: str) -> bool:
    """Whether this intent would lead somewhere at the question that stands."""
    known = {*turn.node.outcomes, *turn.flow.requests, *turn.flow.languages.values(), PERSON, REPEAT, PRIVACY, WITHDRAW}
    return intent in known - {GIVEN, MISSED}


def keep_slots(turn: Turn, slots: Mapping[str, Value]) -> None:
    """Keep what the caller mentioned of what the flow asks for somewhere."""
    brought = {name: value for name, value in slots.items() if name in turn.flow.slots and value not in {None, ""}}
    turn.keep(brought)
    turn.state = replace(turn.state, fresh=tuple(dict.fromkeys((*turn.state.fresh, *brought))))


def fill(turn: Turn, slots: Mapping[str, Value], text: str) -> bool:
    """Take what the question asks for out of an utterance; the utterance's own digits stand in for a slot nobody knows."""
    if not wants_digits(turn) or turn.state.waiting == Waiting.CHOICE:
        return False
    node = turn.node
    slot = node.slot if isinstance(node, AskNode) else "score"
    given = slots.get(slot)
    return fill_keys(turn, "".join(text.split()) if given in {None, ""} else str(given))


def fill_keys(turn: Turn, digits: str) -> bool:
    """Take these digits for the number that is asked for; False if they cannot be one."""
    node = turn.node
    if isinstance(node, SurveyNode):
        if digits not in {str(score) for score in SCORES}:
            return False
        turn.caller_spoke()
        turn.keep({"score": int(digits)})
        turn.state = replace(turn.state, waiting=Waiting.OUTCOME)
        turn.stand()
        return True
    if not isinstance(node, AskNode) or not (digits.isascii() and digits.isdigit() and len(digits) >= node.min_keys):
        return False
    turn.caller_spoke()
    turn.keep({node.slot: digits})
    turn.state = replace(turn.state, fresh=(*turn.state.fresh, node.slot))
    turn.note("given", slot=node.slot)
    turn.follow(GIVEN)
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
    if meant == PERSON:
        turn.give_person()
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
    state = turn.state
    turn.state = replace(
        state, waiting=Waiting.ANSWER, candidates=(), attempts=state.attempts + 1, variant=state.variant + 1
    )
    if isinstance(node, ConsentNode):
        turn.note("missed", why=why)
        _answer_consent(turn, node, "unclear")
    elif isinstance(node, SurveyNode) and state.variant:
        turn.note("survey_skipped", why=why)
        turn.follow("skipped")
    elif turn.state.variant <= REPROMPTS:
        turn.note("reprompted", why=why, attempt=turn.state.attempts)
        turn.stand()
    else:
        turn.note("missed", why=why)
        if MISSED in node.outcomes:
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
