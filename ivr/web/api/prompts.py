"""Prompts of the draft by the API: what the page on prompts shows, measures, lets be heard and compares."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from ivr.calls import wording_arms
from ivr.calls.open_question import Spoken
from ivr.editing import drafts, prompt_rows
from ivr.editing.prompt_rows import Row
from ivr.web import errors, transaction
from ivr.web.api.resource import Resource
from ivr.web.api.schemas import Strict, choice, text
from ivr.web.editing import markup_words
from ivr.web.voice_wiring import voice_wiring
from ivr.web.voicing import wav_of
from prompts import experiment, markup, spoken
from prompts.catalogue import Wording
from prompts.experiment import ArmResult, Figure, Result
from prompts.markup import Fault
from prompts.measures import LANGUAGES, Advice, Measured
from prompts.reading_level import Band

prompts = Resource("prompts", "Prompts", "What callers hear: read, measured and heard before it is saved.")

# Some two minutes of speech: no prompt is as long.
LONGEST_TEXT = 2000


class AlternativeShown(Schema):
    """Another text that is tried."""

    text = fields.String(required=True)
    share = fields.Integer(required=True, metadata={"description": "Of a hundred calls, how many hear it."})


class WordingShown(Schema):
    """A prompt in one language."""

    text = fields.String(required=True)
    reprompts = fields.List(fields.String(), required=True)
    recording = fields.String(required=True, metadata={"description": "sha256:… or a file's name; empty for none."})
    alternative = fields.Nested(AlternativeShown, required=True, allow_none=True)


class FaultShown(Schema):
    """What is wrong with a text's SSML."""

    position = fields.Integer(required=True, metadata={"description": "The character that it is about, from 1."})
    message = fields.String(required=True)
    remedy = fields.String(required=True)


class LevelShown(Schema):
    """How easy a text is to follow."""

    formula = fields.String(required=True, metadata={"description": "Gulpease (Italian) or Flesch (English)."})
    score = fields.Float(required=True, metadata={"description": "0 (hardest) to 100 (easiest)."})
    band = fields.String(required=True, metadata={"description": ", ".join(Band)})
    is_hint = fields.Boolean(required=True, metadata={"description": "The text is too short for more than a hint."})


class MeasuredShown(Schema):
    """One text, measured with examples in its placeholders."""

    words = fields.String(required=True)
    seconds = fields.Float(required=True, allow_none=True, metadata={"description": "None for what is written."})
    messages = fields.Integer(required=True, metadata={"description": "Text messages; 0 for what is spoken."})
    level = fields.Nested(LevelShown, required=True, allow_none=True)
    faults = fields.List(fields.Nested(FaultShown), required=True)
    problem = fields.String(required=True, metadata={"description": "Why it cannot be worded; empty if it can."})
    advice = fields.List(fields.String(), required=True, metadata={"description": ", ".join(Advice)})


class NodeShown(Schema):
    """A node that says a prompt."""

    name = fields.String(required=True)
    kind = fields.String(required=True)


class PromptShown(Schema):
    """One prompt of the draft."""

    key = fields.String(required=True)
    written = fields.Boolean(required=True, metadata={"description": "Sent as a text message, not spoken."})
    role = fields.String(required=True, metadata={"description": "node, flow, service, choice or unused."})
    nodes = fields.List(fields.Nested(NodeShown), required=True)
    placeholders = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    expected = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    missing = fields.List(fields.String(), required=True, metadata={"description": "Languages without a wording."})
    wordings = fields.Dict(keys=fields.String(), values=fields.Nested(WordingShown), required=True)
    measured = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(MeasuredShown)),
        required=True,
        metadata={"description": "By language: the text, its reprompts in order, its alternative."},
    )
    advice = fields.List(fields.String(), required=True)


class PromptList(Schema):
    """All prompts of the draft."""

    revision = fields.Integer(required=True)
    company = fields.String(required=True)
    flow = fields.String(required=True)
    languages = fields.List(fields.String(), required=True)
    kinds = fields.List(fields.String(), required=True, metadata={"description": "Types of placeholders."})
    prompts = fields.List(fields.Nested(PromptShown), required=True)


class TextTold(Strict):
    """A text that need not be saved."""

    language = choice(*LANGUAGES, required=True)
    text = text(LONGEST_TEXT, required=True)
    written = fields.Boolean(load_default=False)


class TriedQuery(Strict):
    """In which language."""

    language = choice(*LANGUAGES, required=True)


class FigureShown(Schema):
    """A share or a mean with its 95% interval."""

    value = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)


class ArmShown(Schema):
    """What the calls of one wording came to."""

    arm = fields.String(required=True, metadata={"description": "a: the prompt's own text; b: its alternative."})
    text = fields.String(required=True)
    calls = fields.Integer(required=True)
    scores = fields.Integer(required=True, metadata={"description": "Calls with an effort score."})
    answered = fields.Nested(FigureShown, required=True)
    without_person = fields.Nested(FigureShown, required=True)
    effort = fields.Nested(FigureShown, required=True)


class DifferenceShown(Schema):
    """One comparison."""

    measure = fields.String(required=True)
    p_value = fields.Float(required=True, metadata={"description": "After Holm's correction."})
    better = fields.String(required=True, metadata={"description": "a or b; empty while it may be chance."})


class TriedShown(Schema):
    """Two wordings compared."""

    arms = fields.List(fields.Nested(ArmShown), required=True)
    verdict = fields.String(required=True)
    missing_calls = fields.Integer(required=True)
    fewest_calls = fields.Integer(required=True)
    differences = fields.List(fields.Nested(DifferenceShown), required=True)


@prompts.operation("get", "/prompts", scope="draft:read", gives=PromptList)
def every() -> ResponseReturnValue:
    """Every prompt of the draft, with where it is said, how long it takes and how easy it is."""
    draft = drafts.draft(transaction.session(), now=transaction.now())
    flow = draft.documents.flow.get("flow")
    return {
        "revision": draft.revision,
        "company": prompt_rows.catalogue_of(draft.documents).company,
        "flow": flow if isinstance(flow, str) else "",
        "languages": list(prompt_rows.languages_of(draft.documents)),
        "kinds": sorted(spoken.KINDS),
        "prompts": [_shown(row) for row in prompt_rows.rows_of(draft.documents)],
    }


@prompts.operation("post", "/prompts/measure", scope="draft:read", content=TextTold, gives=MeasuredShown)
def measure(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Measure a text that is not saved: seconds, reading level, SSML, advice. Nothing is changed."""
    return _measured(_of(content))


@prompts.operation(
    "post", "/prompts/speech", scope="draft:read", content=TextTold, media_type="audio/wav",
    refuses=("no_voice_here", "nothing_to_say"),
)  # fmt: skip
def speech(content: Mapping[str, Any]) -> ResponseReturnValue:
    """Say a text that is not saved, with examples in its placeholders: a WAV file in the line's own voice."""
    found, voicing = _of(content), voice_wiring().voicing
    if not found.said.strip():
        return errors.refused("nothing_to_say")
    if not voicing.speaks(content["language"]):
        return errors.refused("no_voice_here")
    marked = found.said if markup.has_markup(content["text"]) else ""
    said = Spoken(text=found.words, language=content["language"], markup=marked)
    return Response(wav_of(voicing.spoken(said)), mimetype="audio/wav")


@prompts.operation(
    "get", "/prompts/<id:key>/tried", scope="draft:read", query=TriedQuery, gives=TriedShown,
    refuses=("prompt_unknown", "nothing_tried"),
)  # fmt: skip
def tried(query: Mapping[str, Any], key: str) -> ResponseReturnValue:
    """What came of the two wordings of a prompt that are tried against each other, and whether one does better."""
    session, language = transaction.session(), query["language"]
    catalogue = prompt_rows.catalogue_of(drafts.draft(session, now=transaction.now()).documents)
    if key not in catalogue.prompts:
        return errors.refused("prompt_unknown")
    wording = catalogue.prompts[key].wordings.get(language)
    if wording is None or wording.alternative is None:
        return errors.refused("nothing_tried")
    a, b = wording_arms.samples(session, key, language, wording_arms.trial_of(wording))
    return _tried(experiment.judge(a, b), (wording.text, wording.alternative.text))


def _of(content: Mapping[str, Any]) -> Measured:
    # A session that only reads: typing in one page keeps nobody from writing.
    with transaction.one_look() as session:
        catalogue = prompt_rows.catalogue_of(drafts.draft(session, now=transaction.now()).documents)
    return prompt_rows.measured_text(catalogue, content["text"], content["language"], written=content["written"])


def _shown(row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "written": row.written,
        "role": row.role,
        "nodes": [{"name": name, "kind": kind} for name, kind in row.nodes],
        "placeholders": dict(row.placeholders),
        "expected": dict(row.expected),
        "missing": list(row.missing),
        "wordings": {language: _wording(wording) for language, wording in row.wordings.items()},
        "measured": {language: [_measured(one) for one in every] for language, every in row.measured.items()},
        "advice": [one.value for one in row.advice],
    }


def _wording(wording: Wording) -> dict[str, Any]:
    return {
        "text": wording.text,
        "reprompts": list(wording.reprompts),
        "recording": wording.recording,
        "alternative": None
        if wording.alternative is None
        else {"text": wording.alternative.text, "share": wording.alternative.share},
    }


def _measured(found: Measured) -> dict[str, Any]:
    level = found.level
    return {
        "words": found.words,
        "seconds": None if found.seconds is None else round(found.seconds, 1),
        "messages": found.messages,
        "level": None
        if level is None
        else {
            "formula": level.formula,
            "score": round(level.score, 1),
            "band": level.band.value,
            "is_hint": level.is_hint,
        },
        "faults": [_fault(one) for one in found.faults],
        "problem": found.problem,
        "advice": [one.value for one in found.advice],
    }


def _fault(fault: Fault) -> dict[str, Any]:
    message, remedy = markup_words.told(fault)
    return {"position": fault.position, "message": message, "remedy": remedy}


def _tried(found: Result, texts: tuple[str, str]) -> dict[str, Any]:
    return {
        "arms": [_arm(arm, words) for arm, words in zip(found.arms, texts, strict=True)],
        "verdict": found.verdict.value,
        "missing_calls": found.missing_calls,
        "fewest_calls": experiment.FEWEST_CALLS,
        "differences": [
            {
                "measure": one.measure.value,
                "p_value": one.p_value,
                "better": one.better.value if one.better is not None else "",
            }
            for one in found.differences
        ],
    }


def _arm(result: ArmResult, words: str) -> dict[str, Any]:
    return {
        "arm": result.arm.value,
        "text": words,
        "calls": result.calls,
        "scores": result.scores,
        "answered": _figure(result.answered),
        "without_person": _figure(result.without_person),
        "effort": _figure(result.effort),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {"value": figure.value, "low": figure.low, "high": figure.high}
