"""Intents by the API: examples, what was not understood, a sentence explained, draft and live compared."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask.typing import ResponseReturnValue

from ivr.calls.coverage_asked import coverage_asked
from ivr.calls.reporting_asked import NotAsked
from ivr.editing import drafts, phrases_heard
from ivr.editing.drafts import Edited
from ivr.editing.phrases_changed import Wish, changes_of
from ivr.intents.phrases import Phrasebook
from ivr.intents.understanding import Understanding
from ivr.intents.words import normalise
from ivr.web import errors, transaction
from ivr.web.api import intents_schemas as shapes
from ivr.web.api.intents_shown import answer_shown, comparison_shown, group_shown
from ivr.web.api.parsing import refuse
from ivr.web.api.resource import Resource
from ivr.web.audited import actor
from ivr.web.editing import intents_look as look
from ivr.web.editing.intents_look import DRAFT, Learning, Unusable
from ivr.web.errors import REFUSALS
from ivr.web.wiring import wiring

intents = Resource("intents", "Intents", "What callers may want, and the examples by which the line understands it.")
_DAYS = ("day_unreadable", "period_backwards", "period_to_come", "period_too_long")


@intents.operation("get", "/intents", scope="draft:read", query=shapes.OfQuery, gives=shapes.IntentsShown)
def every(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Every intent, with how many examples it has in each language."""
    draft = look.draft_now()
    document = (draft.documents if query["of"] == DRAFT else look.live_documents()).intents
    cards = [*document["intents"], _outside(document)]
    return {
        "revision": draft.revision,
        "languages": list(document["languages"]),
        "out_of_scope": document["out_of_scope"],
        "intents": [
            {
                # A draft may lack anything of a card until it is checked.
                "name": card.get("name", ""),
                "kind": card.get("kind", ""),
                "description": card.get("description", {}),
                "skill": card.get("skill"),
                "counts": {
                    language: len(by_intent.get(card.get("name"), ()))
                    for language, by_intent in document["phrases"].items()
                },
            }
            for card in cards
        ],
    }


@intents.operation(
    "get", "/intents/phrases", scope="draft:read", query=shapes.PhrasesQuery, gives=shapes.IntentExamples
)
def phrases(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Examples of a language, of one intent or of all, those that hold some words or all."""
    draft = look.draft_now()
    document = (draft.documents if query["of"] == DRAFT else look.live_documents()).intents
    found = list(_matching(document, query))
    shown = found[query["offset"] :][: query["limit"]]
    return {
        "revision": draft.revision,
        "phrases": [{"intent": intent, "text": text} for intent, text in shown],
        "total": len(found),
    }


@intents.operation(
    "post",
    "/intents/phrases",
    scope="draft:write",
    content=shapes.WishesTold,
    gives=shapes.ChangedShown,
    refuses=("phrases_changed_meanwhile",),
)
def change(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Add, remove and move examples of the draft: all that is wished, or nothing. Two who teach at once both succeed."""
    wishes = [Wish(**wish) for wish in content["wishes"]]
    changes, wrong = changes_of(look.draft_now().documents.intents, wishes)
    if wrong:
        told: dict[str, Any] = {}
        for one in wrong:
            sentence = str(REFUSALS[one.reason].sentence)
            told[str(one.index)] = {"text": [f"{sentence} ({one.detail})" if one.detail else sentence]}
        refuse({"json": {"wishes": told}}, code=wrong[0].reason)
    done = drafts.edit(transaction.session(), changes, by=actor(), now=transaction.now(), label=content["label"])
    if not isinstance(done, Edited):
        return errors.refused("phrases_changed_meanwhile")
    return {"revision": done.revision, "changed": len(done.changes)}


@intents.operation(
    "get", "/intents/heard", scope="draft:write", query=shapes.HeardQuery, gives=shapes.HeardShown, refuses=_DAYS
)
def heard(query: Mapping[str, Any]) -> ResponseReturnValue:
    """Tell what callers said that was not understood: redacted, in groups, those that were said most often first."""
    asked = coverage_asked(
        first=query["first"], last=query["last"], version=None, now=transaction.now(), zone=wiring().zone
    )
    if isinstance(asked, NotAsked):
        return errors.refused(asked.reason)
    model, book = look.model_of(look.live_documents()), look.book_of(look.draft_now().documents)
    if book is None or not isinstance(model, Understanding):
        book = book or Phrasebook(languages=(), out_of_scope="", cards={}, phrases=())
        model = wiring().doors.company.understanding
    groups = phrases_heard.heard_groups(
        transaction.session(), asked.period, book=book, understanding=model, language=query["language"]
    )
    shown = groups[query["offset"] :][: query["limit"]]
    return {"groups": [group_shown(one) for one in shown], "total": len(groups)}


@intents.operation("post", "/intents/heard/dismissed", scope="draft:write", content=shapes.DismissTold)
def dismiss(content: Mapping[str, Any]) -> None:
    """Put phrases aside: they are shown no more."""
    phrases_heard.dismiss(
        transaction.session(), content["phrases"], content["language"], by=actor(), now=transaction.now()
    )


@intents.operation("get", "/intents/questions", scope="draft:read", gives=shapes.FlowQuestions)
def asked() -> ResponseReturnValue:
    """Every question of the draft's flow: what a sentence may be the answer to."""
    documents = look.draft_now().documents
    return {
        "questions": [
            {"node": one.node, "intents": list(one.intents), "slot": one.slot} for one in look.questions(documents, "")
        ]
    }


@intents.operation(
    "post", "/intents/explained", scope="draft:read", content=shapes.ExplainTold, gives=shapes.ExplainedShown
)
def explained(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Answer a sentence as a call would, and say why. Nothing of it is kept."""
    documents = look.draft_now().documents if content["of"] == DRAFT else look.live_documents()
    model = look.model_of(documents)
    match model:
        case Learning():
            return {"state": "learning", "done": model.done, "steps": model.steps, "answer": None}
        case Unusable():
            return {"state": "failed", "done": 0, "steps": 0, "answer": None}
    if content["language"] not in model.book.languages:
        refuse({"json": {"language": ["There are no examples in this language."]}})
    question = None
    if content["node"]:
        found = {one.node: one for one in look.questions(documents, content["language"])}
        question = found.get(content["node"])
        if question is None:
            refuse({"json": {"node": ["The draft has no such question."]}})
    today = transaction.now().astimezone(wiring().zone).date()
    made = look.explained(model, content["text"], content["language"], question, today)
    return {"state": "ready", "done": 1, "steps": 1, "answer": answer_shown(made, model.book.out_of_scope)}


@intents.operation("get", "/intents/comparison", scope="draft:read", gives=shapes.ComparisonShown)
def compared() -> ResponseReturnValue:
    """Compare draft and live on examples that neither model has seen, or tell how far that is."""
    return comparison_shown(look.judging(), look.comparison, allowed=wiring().doors.company.own.now().accuracy_loss)


@intents.operation("post", "/intents/comparison", scope="draft:write", gives=shapes.ComparisonShown)
def compare() -> ResponseReturnValue:
    """Begin to compare, beside the calls: some twenty seconds for each of the two, once for the same examples."""
    return comparison_shown(
        look.judging(begins=True), look.comparison, allowed=wiring().doors.company.own.now().accuracy_loss
    )


def _matching(document: Mapping[str, Any], query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    wanted = normalise(query["contains"]).split()
    for intent, texts in document["phrases"].get(query["language"], {}).items():
        if not query["intent"] or intent == query["intent"]:
            for text in texts:
                words = normalise(text)
                if all(word in words for word in wanted):
                    yield intent, text


def _outside(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"name": document["out_of_scope"], "kind": "", "description": {}, "skill": None}
