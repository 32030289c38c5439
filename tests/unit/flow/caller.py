"""A caller on the shipped flow: events go in, and what the line says and does comes out as short words to compare."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ivr.flow.definition import Flow
from ivr.flow.events import Done, Doubtful, Event, HungUp, Keyed, NotUnderstood, Silent, Started, Understood, Value
from ivr.flow.machine import Advance, step
from ivr.flow.state import State
from ivr.flow.steps import Act, Ask, End, Perform, Route, Say
from prompts.version import Version

CUSTOMER: Mapping[str, Value] = {"customer_id": "c-1", "name": "Anna Rossi", "first_call": False, "proactive": ""}
DUE: Mapping[str, Value] = {"due_date": "2026-11-24"}
FOUND: Mapping[str, Value] = {"order_number": "1042", "status": "shipped", "carrier": "Corriere Rapido", **DUE}


@dataclass(kw_only=True)
class Caller:
    """One call through the machine alone; every state goes through JSON on the way.

    Unless a test tells of voices itself (`tells_voices`), nothing is heard of the caller's, and the number on file is enough.
    """

    version: Version
    flow: Flow
    state: State | None = None
    last: Advance | None = None
    asked: list[str] = field(default_factory=list)
    tells_voices: bool = False
    # Unless a test tells of it itself, no line of the caller's has dropped, and nobody is to ring back.
    tells_what_was_kept: bool = False

    def event(self, event: Event) -> "Caller":
        self._step(event)
        while (silent := self._silent()) is not None:
            assert self.last is not None
            before = self.last
            self._step(silent)
            self.last = replace(
                self.last,
                steps=(*before.steps[:-1], *self.last.steps),
                facts=(*before.facts, *self.last.facts),
                path=(*before.path, *self.last.path),
            )
        return self

    def _silent(self) -> Event | None:
        match self.last.steps[-1] if self.last is not None else None:
            case Perform(act=Act.RESUME) if not self.tells_what_was_kept:
                return Done(outcome="nothing")
            case Perform(act=Act.VERIFY) if not self.tells_voices:
                return Done(outcome="accepted", values={"voice": "not_enrolled", "step_up": "", "reason": ""})
            case Perform(act=Act.ENROL) if not self.tells_voices:
                return Done(outcome="unavailable")
            case _:
                return None

    def _step(self, event: Event) -> None:
        self.last = step(self.flow, self.state, event)
        self.state = State.from_json(self.last.state.to_json())
        assert self.state == self.last.state

    def starts(self, language: str = "it", **values: Value) -> "Caller":
        return self.event(Started(language=language, values={"number": "+393331234567", "open_hours": True, **values}))

    def arrives(self, language: str = "it", outcome: str = "known", **values: Value) -> "Caller":
        known = {**CUSTOMER, **values} if outcome == "known" else values
        return self.starts(language).done(outcome, **known)

    def says(self, intent: str, **slots: Value) -> "Caller":
        return self.event(Understood(text="…", intent=intent, confidence=0.95, slots=slots))

    def mumbles(self, **slots: Value) -> "Caller":
        return self.event(NotUnderstood(text="mah", reason="outside everything known", slots=slots))

    def gives(self, heard_confidence: float | None = 0.9, text: str = "…", **slots: Value) -> "Caller":
        """Gives a value and nothing else, heard so well."""
        return self.event(
            NotUnderstood(text=text, reason="no words but these", slots=slots, heard_confidence=heard_confidence)
        )

    def corrects(self, guessed: bool = False, heard_confidence: float | None = 0.9, **slots: Value) -> "Caller":  # noqa: FBT001, FBT002 - reads as a sentence
        """Says no and the right value, as `ivr.intents` hands it on; guessed where it fitted in more than one place."""
        more: dict[str, Value] = {"guessed": True} if guessed else {}
        heard = Understood(
            text="no", intent="no", confidence=0.99, slots={**slots, **more}, heard_confidence=heard_confidence
        )
        return self.event(heard)

    def doubts(self, first: str, second: str) -> "Caller":
        return self.event(Doubtful(text="…", candidates=(first, second)))

    def presses(self, keys: str) -> "Caller":
        return self.event(Keyed(keys=keys))

    def is_silent(self) -> "Caller":
        return self.event(Silent())

    def hangs_up(self) -> "Caller":
        return self.event(HungUp())

    def done(self, outcome: str, **values: Value) -> "Caller":
        return self.event(Done(outcome=outcome, values=values))

    @property
    def node(self) -> str:
        assert self.state is not None
        return self.state.node

    @property
    def hears(self) -> list[str]:
        """What the last step said and did: prompts by key (with "+n" for a reprompt), acts by name, routes by skill."""
        assert self.last is not None
        return [_short(one) for one in self.last.steps]

    @property
    def words(self) -> list[str]:
        """The words that the caller hears in the last step."""
        assert self.last is not None
        assert self.state is not None
        says = [one.say if isinstance(one, Ask) else one for one in self.last.steps]
        return [
            self.version.catalogue.wording(
                say.prompt, language=self.state.language, variant=say.variant, values=say.values
            )
            for say in says
            if isinstance(say, Say)
        ]

    @property
    def facts(self) -> dict[str, dict[str, Value]]:
        assert self.last is not None
        return {fact.kind: dict(fact.values) for fact in self.last.facts}


def _short(one: object) -> str:
    match one:
        case Say():
            return f"say {one.prompt}"
        case Ask():
            return f"ask {one.say.prompt}" + (f"+{one.say.variant}" if one.say.variant else "")
        case Perform():
            return f"do {one.act} {one.values.get('what') or one.values.get('kind') or one.values.get('purpose') or ''}".strip()
        case Route():
            return f"route {one.skill}"
        case End():
            return "end"
        case _:
            raise AssertionError(one)
