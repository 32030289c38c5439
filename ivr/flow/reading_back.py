"""What a caller makes of a value that was read back: yes, no, a correction, keys. A handler's vocabulary, as `ivr.flow.answers`.

| came | goes on with |
| --- | --- |
| yes, the same value again, key 1 | the value |
| a correction that is sure | the value as it was corrected |
| a correction that is not sure | the corrected value, read back; the second time the question, for the keypad |
| no, key 2 | the question in other words; the second time for the keypad |
| other keys that can be the value | these keys |
| silence, anything not understood | the same value in other words |

Each but the first two and the keys counts as a failed answer to the question, read-backs and all: the fourth is a person's.
"""

from dataclasses import replace
from typing import Final

from ivr.flow.answers import fail, give, give_up
from ivr.flow.definition import AskNode
from ivr.flow.events import Doubtful, NotUnderstood, Understood, Value
from ivr.flow.state import Waiting
from ivr.flow.values import from_keys, from_words, is_unsure
from ivr.flow.walk import NO, NOTHING_ELSE, REPROMPTS, YES, Turn

# After so many read-backs that were not agreed to, speech has shown that it does not help: the keypad is offered.
MOST_CORRECTIONS: Final = 2


def take(turn: Turn, event: Understood | Doubtful | NotUnderstood) -> bool:
    """Take yes, no or a correction out of an utterance; False where it is none of them."""
    node = turn.node
    if not isinstance(node, AskNode):
        return False
    value = from_words(node, event.slots.get(node.slot))
    intent = event.intent if isinstance(event, Understood) else ""
    if value is not None and str(value) != str(turn.state.read_back):
        _correct(turn, node, value, unsure=is_unsure(event))
    elif value is not None or intent == YES:
        _agree(turn, node)
    elif intent in {NO, NOTHING_ELSE}:
        _refuse(turn)
    else:
        return False
    return True


def press(turn: Turn, keys: str) -> None:
    """Take 1 for yes and 2 for no; other keys are the value itself, if they can be."""
    node = turn.node
    value = from_keys(node, keys) if isinstance(node, AskNode) else None
    if not isinstance(node, AskNode):
        fail(turn, "a key without a meaning here")
    elif keys == "1":
        turn.note("keyed", intent=YES)
        _agree(turn, node)
    elif keys == "2":
        turn.note("keyed", intent=NO)
        _refuse(turn)
    elif value is not None:
        turn.note("corrected", slot=node.slot, why="keyed")
        give(turn, node, value)
    else:
        fail(turn, "a key without a meaning here")


def _agree(turn: Turn, node: AskNode) -> None:
    turn.note("confirmed", slot=node.slot)
    give(turn, node, turn.state.read_back)


def _correct(turn: Turn, node: AskNode, value: Value, *, unsure: bool) -> None:
    turn.note("corrected", slot=node.slot, why="may be wrong" if unsure else "said clearly")
    if not unsure:
        give(turn, node, value)
        return
    _count(turn)
    if turn.is_exhausted:
        give_up(turn, "the value read back was not agreed to")
    elif turn.state.corrections < MOST_CORRECTIONS:
        turn.caller_spoke()
        turn.read_back(value)
    else:
        _ask_again(turn)


def _refuse(turn: Turn) -> None:
    _count(turn)
    if turn.is_exhausted:
        give_up(turn, "the value read back was not agreed to")
    else:
        _ask_again(turn)


def _count(turn: Turn) -> None:
    state = turn.state
    turn.state = replace(state, corrections=state.corrections + 1, attempts=state.attempts + 1)


def _ask_again(turn: Turn) -> None:
    """Ask the question itself, in words that were not said before; after the last correction with the last of them."""
    turn.caller_spoke()
    state = turn.state
    attempts = state.attempts
    if state.corrections >= MOST_CORRECTIONS:
        attempts = max(attempts, REPROMPTS - turn.first_variant)
    variant = min(turn.first_variant + attempts, REPROMPTS)
    turn.state = replace(state, waiting=Waiting.ANSWER, read_back=None, attempts=attempts, variant=variant)
    turn.note("reprompted", why="the value read back was not agreed to", attempt=attempts)
    turn.stand()
