"""One turn through a flow: goes from node to node, collecting what is said and decided, until a node waits or the call is over.

What an event does to the node that stands is `ivr.flow.machine`'s; this only walks where it is told to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from ivr.flow.definition import (
    ABSENT,
    OTHERWISE,
    READ_BACK,
    UNSURE,
    ActNode,
    AskNode,
    BranchNode,
    ConsentNode,
    DictateNode,
    EndNode,
    Flow,
    Node,
    Question,
    ReachedNode,
    ResumeNode,
    RouteNode,
    SayNode,
    SurveyNode,
)
from ivr.flow.events import Value
from ivr.flow.state import State, Waiting
from ivr.flow.steps import Act, Ask, End, Expect, Perform, Route, Say, Step
from ivr.flow.values import from_words

# DESIGN.md 5: a shorter prompt, an example, the keypad; then a person.
REPROMPTS = 3
# The Customer Effort Score's scale, as the market studies behind the design use it.
SCORES = range(1, 8)
# Intents that mean the same in every flow.
PERSON, REPEAT, PRIVACY, WITHDRAW = "person", "repeat", "privacy", "withdraw_consent"
YES, NO, NOTHING_ELSE = "yes", "no", "nothing_else"
# A flow that passes the checker never walks in a circle without waiting; a doctored one stops here instead of for ever.
_LONGEST_WALK = 200
# After a value was read back: shorter than for a number, so that a "sì" is answered soon, and longer than for a yes or no, since
# "no" and the right number come with a breath between them (`WAITS` in ivr.speech.end_of_speech: 1.5 and 0.7 s).
_READ_BACK_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that was decided, and why, for the desk."""

    kind: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Advance:
    """What one event came to: any number of `Say`, then one step that waits or closes."""

    state: State
    steps: tuple[Step, ...]
    facts: tuple[Fact, ...]
    path: tuple[str, ...] = ()  # the nodes that were entered, in order; none where the call stayed where it stood


class Turn:
    """The working copy of one advance: the state as it moves, the steps and facts so far."""

    def __init__(self, flow: Flow, state: State) -> None:
        self.flow = flow
        self.state = state
        self.steps: list[Step] = []
        self.facts: list[Fact] = []
        self.path: list[str] = []

    @property
    def node(self) -> Node:
        """The node that stands."""
        return self.flow.nodes[self.state.node]

    @property
    def first_variant(self) -> int:
        """The wording that the question that stands began with: the same question again later in a call begins shorter."""
        return min(max(self.state.visits.get(self.state.node, 0) - 1, 0), 1)

    @property
    def is_exhausted(self) -> bool:
        """Whether every wording of the question has had its failed answer, read-backs counted."""
        return self.first_variant + self.state.attempts > REPROMPTS

    def advance(self) -> Advance:
        """Close the turn."""
        return Advance(state=self.state, steps=tuple(self.steps), facts=tuple(self.facts), path=tuple(self.path))

    def note(self, kind: str, **values: Value) -> None:
        """Keep a fact, with the node that it happened at."""
        self.facts.append(Fact(kind=kind, values={"node": self.state.node, **values}))

    def keep(self, values: Mapping[str, Value]) -> None:
        """Add to the call's values."""
        self.state = replace(self.state, values={**self.state.values, **values})

    def say(self, prompt: str) -> None:
        """Say a prompt, and remember it for "repeat"."""
        self.steps.append(Say(prompt=prompt, values=self.state.values))
        self.state = replace(self.state, said=(*self.state.said, (prompt, 0)))

    def caller_spoke(self) -> None:
        """Forget what was said before: "repeat" goes back no further than the caller's last turn."""
        self.state = replace(self.state, said=())

    def give_person(self) -> None:
        """Go towards a person because the caller wants one."""
        self.caller_spoke()
        self.to_person("asked for a person")

    def to_person(self, why: str) -> None:
        """Go towards a person, at once."""
        self.note("person", why=why)
        self.keep({"handover": why})
        self.goto(self.flow.person)

    def follow(self, outcome: str) -> None:
        """Go where the node says on this outcome, or where an answer before it has asked to go."""
        then = self.state.then
        self.state = replace(self.state, then="")
        self.goto(then or self.node.outcomes[outcome])

    def request(self, intent: str) -> None:
        """Turn to one of the flow's requests."""
        self.note("topic", intent=intent)
        self.state = replace(self.state, topic=intent, tries={}, values={**self.state.values, "reason": intent})
        self.goto(self.flow.requests[intent])

    def goto(self, name: str) -> None:
        """Walk from this node on until one waits."""
        following = name
        for _ in range(_LONGEST_WALK):
            self._leave()
            passed = self._enter(self.flow.nodes[following])
            if passed is None:
                return
            following = passed
        self._end()

    def stand(self) -> None:
        """Emit the step that the state waits for, as it stands."""
        node = self.node
        if self.state.waiting == Waiting.NOTHING:
            self.steps.append(End())
        elif self.state.waiting == Waiting.WITHDRAWAL:
            values: Mapping[str, Value] = {"purpose": "all", "granted": False, "wording": "", "answer": "withdrawn"}
            self.steps.append(Perform(act=Act.CONSENT, values=values))
        elif self.state.waiting == Waiting.CHOICE:
            self.steps.append(self._choice())
        elif self.state.waiting == Waiting.CONFIRMATION and isinstance(node, AskNode):
            self.steps.append(self._confirmation(node))
        elif isinstance(node, RouteNode):
            reason = node.reason or str(self.state.values.get("handover") or self.state.topic)
            self.steps.append(
                Route(
                    skill=node.skill,
                    queue=node.queue,
                    kept=node.kept,
                    place=str(self.state.values.get("kept_place") or "") if node.kept else "",
                    level=node.level,
                    priority=node.priority,
                    reason=reason,
                )
            )
        elif isinstance(node, Question) and self.state.waiting == Waiting.ANSWER:
            self.steps.append(self._question(node))
        else:
            self.steps.append(self._perform(node))

    def stand_again(self) -> None:
        """Say again what was said since the caller last spoke, and emit the step that waits."""
        self.steps.extend(
            Say(prompt=prompt, values=self.state.values, variant=variant) for prompt, variant in self.state.said
        )
        self.stand()

    def read_back(self, value: Value) -> None:
        """Say a value back and wait for a yes, a no or a correction; until then it is none of the call's values."""
        node = self.node
        slot = node.slot if isinstance(node, AskNode) else ""
        self.note("read_back", slot=slot)
        self.state = replace(
            self.state,
            waiting=Waiting.CONFIRMATION,
            read_back=value,
            candidates=(),
            variant=min(self.state.corrections, REPROMPTS - 1),
            values={name: one for name, one in self.state.values.items() if name not in {slot, f"{UNSURE}{slot}"}},
        )
        self.stand()

    def waits_for(self) -> Waiting:
        """What the node that stands waits for by its kind; nothing where it never does."""
        match self.flow.nodes.get(self.state.node):
            case AskNode() | ConsentNode() | SurveyNode() | DictateNode():
                return Waiting.ANSWER if self.state.read_back is None else Waiting.CONFIRMATION
            case ActNode() | RouteNode():
                return Waiting.OUTCOME
            case _:
                return Waiting.NOTHING

    def wait_again(self) -> None:
        """Wait for what was waited for before something came between: the answer, or what is said to a value read back."""
        waiting = Waiting.ANSWER if self.state.read_back is None else Waiting.CONFIRMATION
        self.state = replace(self.state, waiting=waiting, candidates=())

    def _leave(self) -> None:
        """Drop what the node forgets, but for what its own answer has brought."""
        left = self.flow.nodes.get(self.state.node)
        forgotten = left.forget if left is not None else ()
        dropped = {*forgotten, *(f"{UNSURE}{name}" for name in forgotten)} - set(self.state.fresh)
        if dropped:
            self.state = replace(
                self.state, values={key: value for key, value in self.state.values.items() if key not in dropped}
            )

    def _enter(self, node: Node) -> str | None:  # noqa: PLR0911 - one return a kind of node
        self.path.append(node.name)
        self.state = replace(
            self.state,
            node=node.name,
            attempts=0,
            variant=0,
            candidates=(),
            doubted=False,
            fresh=(),
            read_back=None,
            corrections=0,
            waiting=Waiting.NOTHING,
        )
        match node:
            case SayNode():
                self.say(node.prompt)
                return node.outcomes["next"]
            case BranchNode():
                return self._branch(node)
            case EndNode():
                if node.prompt:
                    self.say(node.prompt)
                self._end()
                return None
            case ConsentNode():
                return self._consent(node)
            case AskNode() | SurveyNode() | ReachedNode() | DictateNode():
                self._wait_for_answer()
                return None
            case ActNode() | ResumeNode():
                self._wait_for_outcome()
                return None
            case RouteNode():
                if node.prompt:
                    self.say(node.prompt)
                self.note("routed", skill=node.skill, level=node.level, priority=node.priority)
                self._wait_for_outcome()
                return None
            case _:
                assert_never(node)

    def _branch(self, node: BranchNode) -> str:
        value = self.state.values.get(node.value)
        spoken = str(value).lower() if isinstance(value, bool) else str(value)
        word = ABSENT if value in {None, ""} else spoken
        outcome = word if word in node.outcomes else OTHERWISE
        self.note("branched", on=node.value, value=value, outcome=outcome)
        return node.outcomes[outcome]

    def _consent(self, node: ConsentNode) -> str | None:
        known = self.state.values.get(f"consent_{node.purpose}")
        if known is None:
            self._wait_for_answer()
            return None
        outcome = "granted" if known is True else "refused"
        self.note("consent", purpose=node.purpose, granted=known is True, why="already answered")
        return node.outcomes[outcome]

    def _wait_for_answer(self) -> None:
        times = self.state.visits.get(self.state.node, 0)
        # The same question again later in a call begins with its shorter form: never the same words twice.
        self.state = replace(
            self.state, waiting=Waiting.ANSWER, visits={**self.state.visits, self.state.node: times + 1}
        )
        self.state = replace(self.state, variant=self.first_variant)
        node = self.node
        mentioned = (
            from_words(node, self.state.values.get(f"{UNSURE}{node.slot}")) if isinstance(node, AskNode) else None
        )
        if isinstance(node, AskNode) and node.slot in self.flow.confirmed and mentioned is not None:
            # It was said already, unasked: the caller is asked whether it was this, and not to say it again.
            self.read_back(mentioned)
        else:
            self.stand()

    def _wait_for_outcome(self) -> None:
        self.state = replace(self.state, waiting=Waiting.OUTCOME)
        self.stand()

    def _end(self) -> None:
        self.state = replace(self.state, waiting=Waiting.NOTHING)
        self.note("ended")
        self.stand()

    def _question(self, node: Question) -> Ask:
        prompt = node.prompt
        if isinstance(node, ResumeNode) and self.state.values.get("resume_offer") == "callback":
            prompt = node.prompt_callback
        say = Say(prompt=prompt, values=self.state.values, variant=self.state.variant)
        ask = self._listen(node, say, node.expect if isinstance(node, AskNode) else Expect.YES_NO)
        always = (PERSON, REPEAT, PRIVACY, WITHDRAW, *self.flow.languages.values())
        match node:
            case AskNode():
                requests = tuple(self.flow.requests) if node.expect == Expect.REQUEST else ()
                own = tuple(outcome for outcome in node.outcomes if outcome not in {"given", "missed"})
                intents = tuple(dict.fromkeys((*own, *requests, *always)))
                # Letters have no keys: what can be pressed is a single key, as 0 for a person.
                least, most = (1, 1) if node.expect == Expect.LETTERS else (node.min_keys, node.max_keys)
                return replace(ask, intents=intents, slot=node.slot, min_keys=least, max_keys=most, secret=node.secret)
            case ConsentNode():
                return replace(ask, intents=(YES, NO, *always))
            case ResumeNode() | ReachedNode():
                requests = tuple(self.flow.requests) if isinstance(node, ResumeNode) else ()
                return replace(ask, intents=(YES, NO, *requests, *always))
            case DictateNode():
                return replace(ask, expect=Expect.REQUEST, intents=(PERSON, REPEAT))
            case SurveyNode():
                return replace(ask, expect=Expect.DIGITS, intents=(NO, NOTHING_ELSE, *always), slot="score")
            case _:
                assert_never(node)

    def _listen(self, node: Question, say: Say, expect: Expect) -> Ask:
        """Return a question that listens as its node says."""
        return Ask(
            say=say,
            expect=expect,
            timeout_seconds=node.timeout_seconds,
            after_words_seconds=node.after_words_seconds,
            longest_seconds=node.longest_seconds,
            barge_in=node.barge_in,
            sensitivity=node.sensitivity,
            words=node.words.get(self.state.language, ()),
        )

    def _confirmation(self, node: AskNode) -> Ask:
        """Return the question whether a value is right, to which a correction or the right keys are answers as well."""
        state = self.state
        say = Say(
            prompt=self.flow.prompts[READ_BACK],
            values={**state.values, "value": state.read_back},
            variant=state.variant,
        )
        # Once the keypad is offered, 1 and 2 are what is pressed; before, it may be the whole number.
        by_key = state.variant >= REPROMPTS or node.expect == Expect.LETTERS
        return replace(
            self._listen(node, say, Expect.YES_NO),
            intents=(YES, NO, PERSON, REPEAT, PRIVACY, WITHDRAW, *self.flow.languages.values()),
            slot=node.slot,
            max_keys=1 if by_key else node.max_keys,
            after_words_seconds=_READ_BACK_SECONDS,
            previous=str(state.read_back),
        )

    def _choice(self) -> Ask:
        named: Mapping[str, Value] = dict(zip(("first", "second"), self.state.candidates, strict=False))
        prompt = "did_you_mean" if len(self.state.candidates) > 1 else "did_you_mean_one"
        say = Say(prompt=self.flow.prompts[prompt], values={**self.state.values, **named})
        return Ask(say=say, expect=Expect.CHOICE, intents=(*self.state.candidates, YES, NO, PERSON, REPEAT))

    def _perform(self, node: Node) -> Perform:
        values = self.state.values
        if isinstance(node, ConsentNode):
            granted = values.get(f"consent_{node.purpose}") is True
            answer = values.get("consent_answer")
            return Perform(
                act=Act.CONSENT,
                values={"purpose": node.purpose, "granted": granted, "wording": node.prompt, "answer": answer},
            )
        if isinstance(node, ResumeNode | ReachedNode):
            act = Act.RESUME if isinstance(node, ResumeNode) else Act.REACHED
            return Perform(act=act, values={"answer": values.get("kept_answer") or ""})
        if isinstance(node, SurveyNode):
            return Perform(act=Act.SURVEY, values={"score": values.get("score"), "about": node.about})
        if not isinstance(node, ActNode):
            raise TypeError(
                f"node {node.name} of kind {node.kind} has nothing to perform: the state is not of this flow"
            )
        handed = {name: values[name] for name in node.inputs if values.get(name) not in {None, ""}}
        return Perform(act=node.act, values={**node.constants, **handed})
