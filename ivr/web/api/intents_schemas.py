"""The shapes of what the API takes and gives of intents."""

from marshmallow import Schema, fields, validate

from ivr.editing.phrases_changed import ACTS
from ivr.intents.phrases import LONGEST_PHRASE
from ivr.web.api.schemas import SliceQuery, Strict, choice
from ivr.web.api.schemas import text as words
from ivr.web.editing.intents_look import DRAFT, LIVE

MOST_WISHES = 200
_NAME = 40
_LANGUAGE = 20
_OF = {"description": "Whose phrases: those of the draft, or of the live version."}


class IntentShown(Schema):
    """An intent with how many examples it has."""

    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "request, answer or command; empty: out of scope"})
    description = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    skill = fields.String(required=True, allow_none=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class IntentsShown(Schema):
    """All intents of the draft or of what is live."""

    revision = fields.Integer(required=True, metadata={"description": "The draft's."})
    languages = fields.List(fields.String(), required=True)
    out_of_scope = fields.String(required=True)
    intents = fields.List(fields.Nested(IntentShown), required=True)


class OfQuery(Strict):
    """Of the draft or of what is live."""

    of = choice(DRAFT, LIVE, load_default=DRAFT, metadata=_OF)


class PhrasesQuery(SliceQuery):
    """Which examples."""

    of = choice(DRAFT, LIVE, load_default=DRAFT, metadata=_OF)
    language = words(_LANGUAGE, required=True)
    intent = words(_NAME, load_default="", metadata={"description": "Empty: all."})
    contains = words(LONGEST_PHRASE, load_default="", metadata={"description": "Words that must stand in it."})


class IntentExample(Schema):
    """An example."""

    intent = fields.String(required=True)
    text = fields.String(required=True)


class IntentExamples(Schema):
    """Examples."""

    revision = fields.Integer(required=True)
    phrases = fields.List(fields.Nested(IntentExample), required=True)
    total = fields.Integer(required=True)


class WishTold(Strict):
    """One example to add, to remove or to move."""

    act = choice(*ACTS, required=True)
    language = words(_LANGUAGE, required=True)
    intent = words(_NAME, required=True)
    text = words(LONGEST_PHRASE, shortest=1, required=True)
    to = words(_NAME, load_default="", metadata={"description": "The intent that it moves to."})


class WishesTold(Strict):
    """What is to become of some examples: all of it, or nothing."""

    label = words(120, load_default="", metadata={"description": "What the draft's history says."})
    wishes = fields.List(fields.Nested(WishTold), required=True, validate=validate.Length(min=1, max=MOST_WISHES))


class ChangedShown(Schema):
    """The draft afterwards."""

    revision = fields.Integer(required=True)
    changed = fields.Integer(required=True, metadata={"description": "How many intents' examples are others now."})


class HeardQuery(SliceQuery):
    """Which calls, and in which language."""

    first = words(10, load_default="", metadata={"description": "ISO day; without any, this week from its Monday on."})
    last = words(10, load_default="")
    language = words(_LANGUAGE, load_default="", metadata={"description": "Empty: all."})


class HeardPhraseShown(Schema):
    """A phrase without who said it."""

    text = fields.String(required=True)
    example = fields.String(required=True, metadata={"description": "As it would be added."})
    times = fields.Integer(required=True)


class HeardGroupShown(Schema):
    """Phrases that say much the same."""

    language = fields.String(required=True)
    phrases = fields.List(fields.Nested(HeardPhraseShown), required=True)
    times = fields.Integer(required=True)
    calls = fields.Integer(required=True)
    nodes = fields.List(fields.String(), required=True)
    whys = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    last_at = fields.DateTime(required=True)
    intent = fields.String(required=True, metadata={"description": "Where it may belong; empty: nothing is proposed."})
    chance = fields.Float(required=True, allow_none=True)


class HeardShown(Schema):
    """What was not understood."""

    groups = fields.List(fields.Nested(HeardGroupShown), required=True)
    total = fields.Integer(required=True)


class DismissTold(Strict):
    """Phrases to put aside, as they were shown."""

    language = words(_LANGUAGE, shortest=2, required=True)
    phrases = fields.List(
        words(LONGEST_PHRASE * 4, shortest=1), required=True, validate=validate.Length(min=1, max=MOST_WISHES)
    )


class ExplainTold(Strict):
    """A sentence to try."""

    text = words(LONGEST_PHRASE, required=True)
    language = words(_LANGUAGE, required=True)
    node = words(60, load_default="", metadata={"description": "The question that it answers; empty: none."})
    of = choice(DRAFT, LIVE, load_default=DRAFT, metadata=_OF)


class ChanceShown(Schema):
    """An intent with its calibrated probability."""

    intent = fields.String(required=True)
    chance = fields.Float(required=True)


class NearExample(Schema):
    """An example that the answer was drawn from."""

    text = fields.String(required=True)
    language = fields.String(required=True)
    intent = fields.String(required=True)
    likeness = fields.Float(required=True)
    pull = fields.Float(required=True, allow_none=True)


class WordWeightShown(Schema):
    """What a word does to the answer's probability."""

    word = fields.String(required=True)
    effect = fields.Float(required=True)


class AnswerShown(Schema):
    """What a sentence means, and why."""

    outcome = fields.String(required=True, metadata={"description": "understood, asked_back or not_understood"})
    intent = fields.String(required=True, metadata={"description": "The answer; of two that were close, the likelier."})
    other = fields.String(required=True, metadata={"description": "The other one of two; else empty."})
    confidence = fields.Float(required=True)
    reason = fields.String(required=True, metadata={"description": "Why nothing was understood; else empty."})
    decided_by = fields.String(required=True)
    whole_phrase = fields.String(required=True)
    words = fields.String(required=True)
    slots = fields.Dict(required=True)
    chances = fields.List(fields.Nested(ChanceShown), required=True)
    boosted = fields.List(fields.String(), required=True)
    refuse_above = fields.Float(required=True)
    ask_below = fields.Float(required=True)
    certain = fields.Float(required=True)
    examples = fields.List(fields.Nested(NearExample), required=True)
    weights = fields.List(fields.Nested(WordWeightShown), required=True)


class ExplainedShown(Schema):
    """An answer, or how far the model is."""

    state = fields.String(required=True, metadata={"description": "ready, learning (ask again) or failed"})
    done = fields.Integer(required=True)
    steps = fields.Integer(required=True)
    answer = fields.Nested(AnswerShown, required=True, allow_none=True)


class FlowQuestion(Schema):
    """A question of the flow."""

    node = fields.String(required=True)
    intents = fields.List(fields.String(), required=True)
    slot = fields.String(required=True)


class FlowQuestions(Schema):
    """The questions of the draft's flow."""

    questions = fields.List(fields.Nested(FlowQuestion), required=True)


class AccuracyRate(Schema):
    """A share with its interval (Wilson, 95 in 100)."""

    part = fields.Integer(required=True)
    whole = fields.Integer(required=True)
    value = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)


class IntentFiguresShown(Schema):
    """How an intent fares."""

    intent = fields.String(required=True)
    recall = fields.Nested(AccuracyRate, required=True)
    precision = fields.Nested(AccuracyRate, required=True)
    asked_back = fields.Integer(required=True)
    refused = fields.Integer(required=True)


class MatrixCellShown(Schema):
    """Phrases of one truth that got one answer; ? is asked back."""

    truth = fields.String(required=True)
    answered = fields.String(required=True)
    phrases = fields.Integer(required=True)


class FiguresShown(Schema):
    """How phrases fare on held-back examples, in one language or in all (empty)."""

    language = fields.String(required=True)
    accuracy = fields.Nested(AccuracyRate, required=True)
    labels = fields.List(fields.String(), required=True)
    intents = fields.List(fields.Nested(IntentFiguresShown), required=True)
    matrix = fields.List(fields.Nested(MatrixCellShown), required=True)


class AccuracyChange(Schema):
    """What became of the same phrases from live to draft."""

    intent = fields.String(required=True, metadata={"description": "Empty: all together."})
    phrases = fields.Integer(required=True)
    lost = fields.Integer(required=True)
    won = fields.Integer(required=True)
    worse_by = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    chance = fields.Float(required=True, metadata={"description": "That chance alone loses so much (McNemar, exact)."})
    verdict = fields.String(required=True, metadata={"description": "fine, worse (refused) or doubted"})


class ComparisonShown(Schema):
    """Draft and live on held-back examples."""

    state = fields.String(required=True, metadata={"description": "not_begun, underway, failed or ready"})
    done = fields.Integer(required=True)
    steps = fields.Integer(required=True)
    is_same = fields.Boolean(required=True)
    allowed = fields.Float(required=True)
    is_refused = fields.Boolean(required=True)
    phrases = fields.Integer(required=True)
    changes = fields.List(fields.Nested(AccuracyChange), required=True)
    live = fields.List(fields.Nested(FiguresShown), required=True)
    draft = fields.List(fields.Nested(FiguresShown), required=True)
