"""What a flow is: frozen records of its nodes, what each kind can come to, and how they are built from a plain document.

It takes a document that has been checked (`ivr.flow.checker`) and knows neither files nor YAML; what happens at a node is
decided in `ivr.flow.machine`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeAlias

from ivr.flow.events import Value
from ivr.flow.steps import Act, Expect


class Kind(StrEnum):
    """The kinds of node."""

    SAY = "say"
    ASK = "ask"
    IDENTIFY = "identify"
    VERIFY = "verify"
    CHALLENGE = "challenge"
    ENROL = "enrol"
    CONSENT = "consent"
    RESUME = "resume"
    REACHED = "reached"
    DICTATE = "dictate"
    LOOKUP = "lookup"
    BRANCH = "branch"
    CASE = "case"
    ROUTE = "route"
    CALLBACK = "callback"
    SURVEY = "survey"
    MESSAGE = "message"
    END = "end"


# What each kind can come to; every outcome must be named in the flow. Kinds with a variant (what is looked up or verified, which
# case is opened) are written "kind variant". `ask` and `branch` name their own outcomes: see `Ask` and `Branch` nodes below.
OUTCOMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "say": frozenset({"next"}),
        "identify": frozenset({"known", "unknown", "hidden"}),
        "verify": frozenset({"accepted", "rejected", "inconclusive"}),
        "verify voice": frozenset({"accepted", "step_up", "rejected", "inconclusive", "locked"}),
        "verify digits": frozenset({"accepted", "rejected", "inconclusive"}),
        "verify code": frozenset({"accepted", "rejected", "inconclusive"}),
        "challenge digits": frozenset({"ready", "unavailable"}),
        "challenge code": frozenset({"sent", "no_number", "failed"}),
        "enrol": frozenset({"enrolled", "more_needed", "declined", "unavailable"}),
        "consent": frozenset({"granted", "refused"}),
        "lookup order": frozenset({"found", "late", "not_found", "needs_proof", "wrong_proof"}),
        "lookup return": frozenset({"found", "not_found"}),
        "lookup case": frozenset({"found", "not_found"}),
        "lookup account": frozenset({"found", "not_found"}),
        "case return": frozenset({"opened", "already_open", "refused"}),
        "case complaint": frozenset({"opened", "already_open"}),
        "case question": frozenset({"opened", "already_open"}),
        "case callback": frozenset({"opened", "already_open"}),
        "case message": frozenset({"opened", "already_open"}),
        "route": frozenset({"closed", "nobody", "met", "left", "failed"}),
        "callback": frozenset({"recorded", "no_number"}),
        "survey": frozenset({"recorded", "skipped"}),
        "message": frozenset({"sent", "no_number", "failed"}),
        "resume": frozenset({"nothing", "declined", "queue"}),
        "reached": frozenset({"confirmed", "denied", "silent"}),
        "dictate": frozenset({"given", "nothing"}),
        "end": frozenset(),
    }
)

# Outcomes that say the caller's answer led nowhere: a node with `tries` counts them.
MISSES = frozenset({"not_found", "wrong_proof", "rejected", "inconclusive"})
# A `verify` that does not say `what` compares the voice, and need not name these: then the other one stands for it.
STANDS_FOR: Mapping[str, str] = MappingProxyType({"step_up": "inconclusive", "locked": "rejected"})
# Outcomes of a `route` that a flow may leave out: then the other one stands for it. A queue that takes nobody more, or not for so
# long, is like one without agents; who would rather leave a message is like one who would rather be called back.
ROUTE_STANDS_FOR: Mapping[str, str] = MappingProxyType({"overflow": "nobody", "message": "left"})
# What a `lookup` of an order may name: another system does not answer. Unnamed, the machine apologises and goes to a person.
LOOKUP_MAY = frozenset({"failed"})
# Where a node with `tries` goes when the last of them has led nowhere.
EXHAUSTED = "exhausted"
# Where an `ask` goes when a slot was filled, and when nothing was understood to the end.
GIVEN = "given"
MISSED = "missed"
# Where a `branch` goes on a value that is not there, and on any that it does not name.
ABSENT = "absent"
OTHERWISE = "otherwise"

# Wordings that the machine says on its own account; the flow names the prompt for each.
SYSTEM_PROMPTS = frozenset({"did_you_mean", "did_you_mean_one", "privacy", "consent_withdrawn", "trouble"})
# Before a slot's name: a value that the caller mentioned unasked and that may have been misheard. A flow may branch on it.
UNSURE = "unsure_"
# One more, needed where some question reads its value back; its placeholder is `value`.
READ_BACK = "read_back"


class Confirm(StrEnum):
    """When a question reads back the value that it was given. Keys are never read back: they are what was pressed."""

    NEVER = "never"
    UNSURE = "unsure"  # where it may have been misheard (`ivr.flow.values.is_unsure`)
    ALWAYS = "always"


@dataclass(frozen=True, kw_only=True)
class _Node:
    name: str
    kind: Kind
    outcomes: Mapping[str, str] = field(default_factory=dict)  # outcome -> node
    forget: tuple[str, ...] = ()  # values dropped on leaving: until then they can still be repeated


@dataclass(frozen=True, kw_only=True)
class SayNode(_Node):
    """Says a prompt and goes on to `next`."""

    prompt: str


@dataclass(frozen=True, kw_only=True)
class _Listening(_Node):
    """How a question is listened to. What is None is chosen by the kind of answer (`ivr.speech.end_of_speech`)."""

    barge_in: bool = True  # speech stops the prompt; keys always do
    sensitivity: str = "normal"  # "low", "normal" or "high": how little of a voice stops the prompt
    timeout_seconds: float = 5.0  # waiting for the first word or key
    after_words_seconds: float | None = None  # a quiet of this length ends the answer
    longest_seconds: float | None = None  # the whole answer, the wait for its first word included
    # What callers may say here and the recogniser would not expect, by language, the likelier first.
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AskNode(_Listening):
    """A question. Its outcomes are the intents that answer it, `given` for a filled slot, and `missed` in place of a person.

    `missed` is allowed only after a person was tried in vain. At an open question the flow's requests are answers as well.
    """

    prompt: str
    expect: Expect
    slot: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)  # key -> intent
    min_keys: int = 1  # signs of the value, spoken or keyed
    max_keys: int = 1  # keys that are enough; for letters, which have no keys, the most signs
    confirm: Confirm = Confirm.NEVER
    secret: bool = False  # what is answered here is kept nowhere
    settled: bool = False  # whoever hangs up here has nothing to go on with: it is done, or was not begun


@dataclass(frozen=True, kw_only=True)
class ConsentNode(_Listening):
    """Asks for one consent in plain words, once a call; anything but a yes is a no."""

    prompt: str
    purpose: str


@dataclass(frozen=True, kw_only=True)
class SurveyNode(_Listening):
    """Asks for the effort score, 1 (no effort) to 7 (very great), and goes on without it if none comes."""

    prompt: str
    about: str  # "line" or "agent": whose work the caller judges


@dataclass(frozen=True, kw_only=True)
class ResumeNode(_Listening):
    """Asks a caller whose line dropped whether to go on from there, and one who is to be called back whether to wait now.

    Whoever has nothing to go on with is not asked. Only a plain yes goes on: to `queue`, or to where the dropped call stood.
    """

    prompt: str
    prompt_callback: str


@dataclass(frozen=True, kw_only=True)
class ReachedNode(_Listening):
    """Asks whether a callback has reached the person whom it is for. Only a plain yes or the key 1 confirms it."""

    prompt: str


@dataclass(frozen=True, kw_only=True)
class DictateNode(_Listening):
    """Takes whatever is said, in the caller's own words: a message for the agents."""

    prompt: str
    slot: str


@dataclass(frozen=True, kw_only=True)
class ActNode(_Node):
    """Has the conductor do something: identify, verify, challenge, enrol, lookup, case, callback, message."""

    act: Act
    constants: Mapping[str, Value] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()  # values handed over when they are there
    tries: int = 0  # misses until `exhausted`; 0 counts none


@dataclass(frozen=True, kw_only=True)
class BranchNode(_Node):
    """Goes where the value's own words say: `true`, `false`, its text, `absent`, else `otherwise`."""

    value: str


@dataclass(frozen=True, kw_only=True)
class RouteNode(_Node):
    """Hands the call to a person."""

    skill: str
    queue: str = ""  # "" leaves it to the skill (`routing.queues`)
    kept: bool = (
        False  # the place, the queue and what it asks for are those that the caller has kept, where there are any
    )
    level: int = 1
    priority: int = 0
    reason: str = ""  # "" leaves the reason that brought the call here
    prompt: str = ""  # said before, "" for none


@dataclass(frozen=True, kw_only=True)
class EndNode(_Node):
    """Takes leave."""

    prompt: str = ""


Node: TypeAlias = (
    SayNode
    | AskNode
    | ConsentNode
    | SurveyNode
    | ResumeNode
    | ReachedNode
    | DictateNode
    | ActNode
    | BranchNode
    | RouteNode
    | EndNode
)
Question: TypeAlias = AskNode | ConsentNode | SurveyNode | ResumeNode | ReachedNode | DictateNode


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A whole flow, checked."""

    name: str
    first: str  # the node that a call begins with
    person: str  # the node that leads to a person, from anywhere
    languages: Mapping[str, str]  # language -> the intent that switches to it; the first is the default
    requests: Mapping[str, str]  # what callers call for: intent -> node, understood at every question
    prompts: Mapping[str, str]  # one prompt for each of SYSTEM_PROMPTS, and READ_BACK where it is needed
    nodes: Mapping[str, Node]
    called_back: str = ""  # the node that a call begins with which the line itself has placed; "": it places none
    values: Mapping[str, Value] = field(default_factory=dict)  # what a call's values are before the call brings its own

    @property
    def slots(self) -> frozenset[str]:
        """Every slot that some question of this flow asks for."""
        return frozenset(node.slot for node in self.nodes.values() if isinstance(node, AskNode) and node.slot)

    @property
    def confirmed(self) -> frozenset[str]:
        """Every slot whose value some question of this flow reads back."""
        if READ_BACK not in self.prompts:
            return frozenset()
        asking = (node for node in self.nodes.values() if isinstance(node, AskNode))
        return frozenset(node.slot for node in asking if node.confirm != Confirm.NEVER)


# The field that names a kind's variant.
VARIANTS: Mapping[str, str] = MappingProxyType(
    {Kind.LOOKUP.value: "what", Kind.VERIFY.value: "what", Kind.CHALLENGE.value: "what", Kind.CASE.value: "case"}
)


def outcomes_of(kind: str, document: Mapping[str, Any]) -> frozenset[str]:
    """Return the outcomes that a node of this kind, written so, must name."""
    if kind == Kind.ASK:
        if document.get("expect") in {Expect.DIGITS, Expect.LETTERS}:
            return frozenset({GIVEN})
        return frozenset({"yes", "no"}) if document.get("expect") == Expect.YES_NO else frozenset()
    if kind == Kind.BRANCH:
        named = set(document.get("outcomes", {}))
        return frozenset() if {"true", "false", ABSENT} <= named else frozenset({OTHERWISE})
    variant = document.get(VARIANTS.get(kind, ""))
    required = OUTCOMES.get(kind if variant is None else f"{kind} {variant}", frozenset())
    return required | {EXHAUSTED} if document.get("tries") else required


def build(document: Mapping[str, Any]) -> Flow:
    """Build the records from a document that the schema and the checker have passed; KeyError or ValueError on any other."""
    return Flow(
        name=document["flow"],
        first=document["first"],
        person=document["person"],
        called_back=document.get("called_back", ""),
        languages=MappingProxyType(dict(document["languages"])),
        requests=MappingProxyType(dict(document["requests"])),
        prompts=MappingProxyType(dict(document["prompts"])),
        values=MappingProxyType(dict(document.get("values", {}))),
        nodes=MappingProxyType({name: _node(name, written) for name, written in document["nodes"].items()}),
    )


def _node(name: str, written: Mapping[str, Any]) -> Node:
    fields = dict(written)
    kind = Kind(fields.pop("kind"))
    common: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "outcomes": MappingProxyType(dict(fields.pop("outcomes", {}))),
        "forget": tuple(fields.pop("forget", ())),
    }
    if "words" in fields:
        fields["words"] = MappingProxyType({language: tuple(words) for language, words in fields["words"].items()})
    if kind == Kind.ASK:
        fields["expect"] = Expect(fields["expect"])
        fields["confirm"] = Confirm(fields.get("confirm", Confirm.NEVER))
        if fields["expect"] == Expect.YES_NO:
            fields.setdefault("keys", {"1": "yes", "2": "no"})
        return AskNode(**common, **fields)
    simple: Mapping[Kind, type[Any]] = {
        Kind.SAY: SayNode,
        Kind.CONSENT: ConsentNode,
        Kind.SURVEY: SurveyNode,
        Kind.RESUME: ResumeNode,
        Kind.REACHED: ReachedNode,
        Kind.DICTATE: DictateNode,
        Kind.BRANCH: BranchNode,
        Kind.ROUTE: RouteNode,
        Kind.END: EndNode,
    }
    if kind in simple:
        made: Node = simple[kind](**common, **fields)
        return made
    inputs = tuple(fields.pop("inputs", ()))
    tries = fields.pop("tries", 0)
    # The conductor knows a case's sort as `kind`; in a flow file that word is taken by the node's own.
    constants = {("kind" if key == "case" else key): value for key, value in fields.items()}
    return ActNode(**common, act=Act(kind.value), constants=MappingProxyType(constants), inputs=inputs, tries=tries)
