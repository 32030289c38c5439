"""What a caller answers where something was kept for them: a dropped call, a callback that rings, a message in their own words.

Only a plain yes goes on with what was kept, and who says nothing is not pressed: it is asked once more, and then the call goes
on without it. The handlers of `ivr.flow.machine` and `ivr.flow.answers` come here for these kinds of node.
"""

from dataclasses import replace

from ivr.flow.definition import DictateNode, ReachedNode, ResumeNode
from ivr.flow.events import Done, Doubtful, NotUnderstood, Understood
from ivr.flow.state import Waiting
from ivr.flow.walk import NO, PERSON, YES, Turn

# The answers that `Act.RESUME` and `Act.REACHED` are performed with, beside yes and no.
SILENT = "silent"
# A message of no more words than these that asks for a person is no message (`operatore`, `vorrei una persona`); judgement.
_WORDS_OF_A_WISH = 4


def wants_proof(turn: Turn) -> bool:
    """Whether words alone give no person here: an answering machine talks of operators too, and presses no key."""
    return isinstance(turn.node, ReachedNode)


def give_person(turn: Turn) -> None:
    """Go towards a person, by the place that is kept where there is one to be had."""
    node = turn.node
    if isinstance(node, ResumeNode) and turn.state.waiting == Waiting.ANSWER:
        turn.note("person", why="asked for a person")
        turn.keep({"handover": "asked for a person"})
        _answer(turn, "person")
    else:
        turn.give_person()


def mean(turn: Turn, node: ResumeNode | ReachedNode, intent: str) -> bool:
    """Act on an intent; False where it is no answer."""
    if intent in {YES, NO}:
        _answer(turn, intent)
    elif isinstance(node, ResumeNode) and intent in turn.flow.requests:
        # The request that came in place of an answer is turned to as soon as the refusal is kept.
        turn.note("topic", intent=intent)
        turn.keep({"reason": intent})
        turn.state = replace(turn.state, topic=intent, then=turn.flow.requests[intent])
        _answer(turn, NO)
    else:
        return False
    return True


def give_up(turn: Turn, node: ResumeNode | ReachedNode | DictateNode) -> None:
    """Go on without an answer."""
    match node:
        case ResumeNode():
            _answer(turn, NO)
        case ReachedNode():
            _answer(turn, SILENT)
        case DictateNode():
            turn.follow("nothing")


def take_outcome(turn: Turn, node: ResumeNode | ReachedNode, event: Done) -> None:
    """Ask about what was found, or follow what came of the answer."""
    is_answered = bool(turn.state.values.get("kept_answer"))
    turn.keep({**event.values, "kept_answer": ""})
    language = event.values.get("language")
    if isinstance(language, str) and language in turn.flow.languages:
        turn.state = replace(turn.state, language=language)
    turn.note("done", act=node.kind.value, outcome=event.outcome)
    if isinstance(node, ResumeNode) and event.outcome in {"dropped", "callback"} and not is_answered:
        turn.keep({"resume_offer": event.outcome})
        turn.state = replace(turn.state, waiting=Waiting.ANSWER)
        turn.stand()
    elif event.outcome == PERSON:
        turn.to_person("asked for a person")
    else:
        # What nobody knows here must not keep a caller from the rest of the call.
        turn.follow(event.outcome if event.outcome in node.outcomes else _OTHERWISE[type(node)])


_OTHERWISE = {ResumeNode: "nothing", ReachedNode: SILENT}


def dictated(turn: Turn, event: Understood | Doubtful | NotUnderstood) -> None:
    """Keep what was said as the value of the node's slot."""
    node = turn.node
    if isinstance(event, Understood) and event.intent == PERSON and len(event.text.split()) <= _WORDS_OF_A_WISH:
        turn.give_person()
    elif isinstance(node, DictateNode):
        turn.caller_spoke()
        turn.keep({node.slot: event.text})
        turn.note("given", slot=node.slot)
        turn.follow("given")


def take_up(turn: Turn, *, is_known: bool) -> None:
    """Say again what stood when the line dropped; who is not as well known as then begins the request anew."""
    turn.note("taken_up", topic=turn.state.topic)
    waiting = turn.waits_for()
    if not is_known:
        begins = turn.flow.requests.get(turn.state.topic)
        turn.goto(turn.flow.first if begins is None else begins)
    elif waiting == Waiting.NOTHING:
        turn.to_person("the line could not finish")
    else:
        turn.path.append(turn.state.node)  # the other call entered it: this one has come there too
        turn.state = replace(turn.state, waiting=waiting, candidates=())
        turn.stand_again()


def _answer(turn: Turn, answer: str) -> None:
    turn.caller_spoke()
    turn.keep({"kept_answer": answer})
    turn.state = replace(turn.state, waiting=Waiting.OUTCOME)
    turn.stand()
