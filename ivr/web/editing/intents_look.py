"""What pages and API on intents read: the phrases of the draft and of what is live, and how far the judging of both is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from ivr.editing import drafts, publications, versions
from ivr.editing.documents import Documents
from ivr.editing.drafts import Draft
from ivr.editing.intents_compared import Compared, compared
from ivr.flow.definition import Flow, Kind, build
from ivr.flow.state import State, Waiting
from ivr.flow.steps import Ask
from ivr.flow.walk import Turn
from ivr.intents.explaining import Explained, explain
from ivr.intents.held_back_runs import Failed, NotBegun, Ready, Underway
from ivr.intents.phrases import Phrasebook, PhrasesError, phrasebook_of
from ivr.intents.understanding import Understanding
from ivr.web import transaction
from ivr.web.wiring import wiring

DRAFT, LIVE = "draft", "live"
_ASKING = frozenset({Kind.ASK, Kind.CONSENT, Kind.SURVEY, Kind.RESUME, Kind.REACHED, Kind.DICTATE})


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that a sentence may answer."""

    node: str
    intents: tuple[str, ...]
    slot: str


@dataclass(frozen=True, kw_only=True)
class Learning:
    """The model is being trained; ask again."""

    done: int
    steps: int


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """There is no model of these phrases: `reason` says why."""

    reason: str  # phrases_faulty, or training_failed


@dataclass(frozen=True, kw_only=True)
class Judging:
    """How far the comparison of draft and live is."""

    live: Ready | Underway | Failed | NotBegun
    draft: Ready | Underway | Failed | NotBegun
    is_same: bool  # the draft has no other phrases

    @property
    def is_underway(self) -> bool:
        """Whether something comes yet."""
        return isinstance(self.live, Underway) or isinstance(self.draft, Underway)


Model: TypeAlias = Understanding | Learning | Unusable


def draft_now() -> Draft:
    """The draft as it stands."""
    return drafts.draft(transaction.session(), now=transaction.now())


def live_documents() -> Documents:
    """What is live now."""
    session, now = transaction.session(), transaction.now()
    return versions.documents(session, publications.live_number(session, now))


def book_of(documents: Documents) -> Phrasebook | None:
    """The phrases of documents, None where they are faulty."""
    try:
        return phrasebook_of(documents.intents)
    except PhrasesError:
        return None


def model_of(documents: Documents) -> Model:
    """What understands by these phrases; begins to train it, beside the request, where it is not there yet."""
    book = book_of(documents)
    if book is None:
        return Unusable(reason="phrases_faulty")
    doors = wiring().doors
    known = doors.understandings.known(book)
    if known is not None:
        return known
    standing = doors.held_back.begin(book)
    match standing:
        case Ready():
            return standing.understanding
        case Underway():
            return Learning(done=standing.done, steps=standing.steps)
        case _:
            return Unusable(reason="training_failed")


def questions(documents: Documents, language: str) -> tuple[Question, ...]:
    """The questions of a flow in its order; none where the flow cannot be read."""
    try:
        flow = build(documents.flow)
    except (KeyError, ValueError, TypeError, AttributeError):
        return ()
    asking = (node for node in flow.nodes.values() if node.kind in _ASKING)
    return tuple(one for node in asking if (one := _question(flow, node.name, language)) is not None)


def explained(model: Understanding, text: str, language: str, question: Question | None, today: date) -> Explained:
    """Why a sentence gets its answer."""
    expected: Collection[str] = question.intents if question else ()
    return explain(model, text, language, expected=expected, slot=question.slot if question else "", today=today)


def judging(*, begins: bool = False) -> Judging:
    """How far the judging of draft and live is; `begins` it where nobody has."""
    held_back = wiring().doors.held_back
    live, draft = book_of(live_documents()), book_of(draft_now().documents)
    ask = held_back.begin if begins else held_back.standing
    faulty = Failed(reason="phrases_faulty")
    return Judging(
        live=faulty if live is None else ask(live),
        draft=faulty if draft is None else ask(draft),
        is_same=live is not None and draft is not None and live.digest == draft.digest,
    )


def comparison(found: Judging) -> Compared | None:
    """The comparison of draft and live, None while one of them is not judged."""
    if not isinstance(found.live, Ready) or not isinstance(found.draft, Ready):
        return None
    doors = wiring().doors
    return compared(doors.held_back, found.live, found.draft, allowed=doors.company.own.now().accuracy_loss)


def _question(flow: Flow, node: str, language: str) -> Question | None:
    spoken = language if language in flow.languages else next(iter(flow.languages))
    turn = Turn(flow, State(node=node, language=spoken, waiting=Waiting.ANSWER))
    turn.stand()
    ask = turn.steps[-1]
    return Question(node=node, intents=ask.intents, slot=ask.slot) if isinstance(ask, Ask) else None
