"""A flow's document as far as it can be read, for the rules of the checker: what stands where, and what of it is not known.

Where something is misspelt or missing, nobody can say what it would have led to. Rules on ways through the flow ask here, so
that one fault is told once, and not again for all that seems to follow from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from ivr.flow.definition import OUTCOMES, VARIANTS, Kind, outcomes_of
from ivr.flow.steps import Expect
from prompts.problems import Problem, nearest
from prompts.told import Told

Place: TypeAlias = tuple[str | int, ...]
# Node -> the nodes it can lead to.
Graph: TypeAlias = Mapping[str, frozenset[str]]

LISTENING = frozenset({Kind.ASK, Kind.CONSENT, Kind.SURVEY, Kind.RESUME, Kind.REACHED, Kind.DICTATE})
# Where a call can begin, and where it goes to a person.
STARTS = ("first", "person", "called_back")


@dataclass(frozen=True, kw_only=True)
class Written:
    """The document as far as it can be read: a file with one fault still shows its others."""

    document: Mapping[str, Any]
    file: str
    lines: Mapping[Place, int]
    twice: bool = False  # something stood in the file twice, and the second was not read

    @cached_property
    def nodes(self) -> Mapping[str, Mapping[str, Any]]:
        """The nodes; what is none is an empty one."""
        written = self.document.get("nodes")
        if not isinstance(written, Mapping):
            return {}
        return {name: node if isinstance(node, Mapping) else {} for name, node in written.items()}

    def text(self, name: str) -> str:
        """A text of the flow itself."""
        value = self.document.get(name)
        return value if isinstance(value, str) else ""

    def mapping(self, name: str) -> Mapping[str, str]:
        """Names with names, of the flow itself."""
        return texts(self.document.get(name))

    @cached_property
    def languages(self) -> Mapping[str, str]:
        """The flow's languages, as far as they can be one."""
        written = self.mapping("languages").items()
        return {language: intent for language, intent in written if len(language) == 2 and language.islower()}  # noqa: PLR2004 - ISO 639-1

    def kind(self, name: str) -> Kind | None:
        """A node's kind, None where it is none."""
        kind = self.nodes[name].get("kind")
        return Kind(kind) if isinstance(kind, str) and kind in set(Kind) else None

    def word(self, name: str, field: str) -> str:
        """A field of a node that is a word, "" for any other."""
        value = self.nodes[name].get(field)
        return value if isinstance(value, str) else ""

    def of_kind(self, *kinds: Kind) -> Iterator[str]:
        """Name the nodes of some kinds."""
        return (name for name in self.nodes if self.kind(name) in kinds)

    def outcomes(self, name: str) -> Mapping[str, str]:
        """Where a node says it goes."""
        return texts(self.nodes[name].get("outcomes"))

    def named(self, name: str) -> frozenset[str] | None:
        """The outcomes that a node names, whatever they lead to; None where they cannot be read."""
        written = self.nodes[name].get("outcomes", {})
        return frozenset(str(outcome) for outcome in written) if isinstance(written, Mapping) else None

    def required(self, name: str) -> frozenset[str] | None:
        """The outcomes that a node must name; None where its kind, or what it looks up or expects, cannot be read."""
        kind, node = self.kind(name), self.nodes[name]
        if kind is None or self.named(name) is None:
            return None
        variant = node.get(VARIANTS.get(kind, ""))
        is_read = (
            self.word(name, "expect") in set(Expect)
            if kind is Kind.ASK
            else kind is Kind.BRANCH or (kind if variant is None else f"{kind} {variant}") in OUTCOMES
        )
        return outcomes_of(kind, node) if is_read else None

    def target(self, name: str) -> str:
        """The node that a name means: itself, else the one that was probably meant, else ""."""
        return name if name in self.nodes else nearest(name, self.nodes)

    @cached_property
    def open_nodes(self) -> frozenset[str]:
        """Nodes of which nobody knows everything that they lead to, because something of them cannot be read or is missing."""
        return frozenset(name for name in self.nodes if self._is_open(name))

    def _is_open(self, name: str) -> bool:
        required, named = self.required(name), self.named(name)
        outcomes = self.outcomes(name)
        if required is None or named is None or len(outcomes) < len(named):
            return True
        missing = {one for one in required - named if not nearest(one, named - required)}
        return bool(missing) or any(not self.target(target) for target in outcomes.values())

    @property
    def is_open(self) -> bool:
        """Whether more nodes may be reached than it seems: a start or a request, or any node leads to what is not known."""
        starts = [self.document.get(name) for name in ("first", "person")]
        called_back = self.document.get("called_back")
        requests = self.document.get("requests")
        if self.twice or self.open_nodes or not isinstance(requests, Mapping):
            return True
        named = [*starts, *requests.values(), *([] if called_back is None else [called_back])]
        return any(not isinstance(one, str) or not self.target(one) for one in named)

    def graph(self, *, guessed: bool = True) -> Graph:
        """Where each node can lead: its outcomes, and from a question any request and a person; misspelt names as meant."""
        requests = self._known(self.mapping("requests").values(), guessed=guessed)
        person = self._known((self.text("person"),), guessed=guessed)
        return {
            name: self._known(self.outcomes(name).values(), guessed=guessed)
            | (requests | person if self.kind(name) in LISTENING else frozenset())
            for name in self.nodes
        }

    def _known(self, names: Iterable[str], *, guessed: bool) -> frozenset[str]:
        found = {self.target(name) if guessed else name for name in names if name}
        return frozenset(found & self.nodes.keys())

    def problem(self, place: Place, message: str, remedy: str) -> Problem:
        """Say what is wrong at a place, with the line of the nearest part around it."""
        nearest_place = place
        while nearest_place and nearest_place not in self.lines:
            nearest_place = nearest_place[:-1]
        node = f"node {place[1]}" if place[:1] == ("nodes",) and len(place) > 1 else ""
        line = self.lines.get(nearest_place, 0)
        return Problem(file=self.file, line=line, place=node, message=message, remedy=remedy)


def texts(value: Any) -> Mapping[str, str]:
    """Return what of a value is names with texts."""
    if not isinstance(value, Mapping):
        return {}
    return {key: one for key, one in value.items() if isinstance(key, str) and isinstance(one, str)}


def listed(names: Iterable[str], *, most: int = 5) -> str:
    """Return names in a row, the first of many."""
    every = list(names)
    names = ", ".join(every[:most])
    return Told("%(names)s and %(count)s more", names=names, count=len(every) - most) if len(every) > most else names
