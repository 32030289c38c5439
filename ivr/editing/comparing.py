"""Two documents side by side: prompts word by word, the flow as nodes and ways that were added, removed or changed. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ivr.editing.documents import Documents
from ivr.editing.merging import words_of
from ivr.editing.places import difference, same

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True, kw_only=True)
class Words:
    """A stretch of a text: the same in both, only before (removed), only after (added)."""

    kind: str  # "", added, removed
    text: str


@dataclass(frozen=True, kw_only=True)
class TextChange:
    """A text that differs."""

    subject: str  # "greeting"
    part: str  # "it", "it, reprompt 2", "en, recording"
    kind: str
    words: tuple[Words, ...]


@dataclass(frozen=True, kw_only=True)
class NodeChange:
    """A node that differs; `fields` are those that do, with before and after."""

    name: str
    kind: str
    fields: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, kw_only=True)
class EdgeChange:
    """A way between nodes that is there only before or only after."""

    source: str
    outcome: str
    target: str
    kind: str  # added, removed


@dataclass(frozen=True, kw_only=True)
class PhrasesChange:
    """What an intent's phrases gained and lost in a language."""

    intent: str
    language: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything that differs."""

    texts: tuple[TextChange, ...]
    nodes: tuple[NodeChange, ...]
    edges: tuple[EdgeChange, ...]
    phrases: tuple[PhrasesChange, ...]
    others: tuple[tuple[str, Any, Any], ...]  # place, before, after: requests, cards, languages

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not (self.texts or self.nodes or self.edges or self.phrases or self.others)


def compare(before: Documents, after: Documents) -> Comparison:
    """What differs between two documents."""
    one, other = before.flow.get("nodes", {}), after.flow.get("nodes", {})
    return Comparison(
        texts=tuple(_texts(before.prompts.get("prompts", {}), after.prompts.get("prompts", {}))),
        nodes=tuple(_nodes(one, other)),
        edges=tuple(_edges(one, other)),
        phrases=tuple(_phrases(before.intents.get("phrases", {}), after.intents.get("phrases", {}))),
        others=tuple(_others(before, after)),
    )


def words(before: str, after: str) -> tuple[Words, ...]:
    """Two texts in stretches, word by word."""
    one, other = words_of(before), words_of(after)
    stretches: list[Words] = []
    for tag, begin, end, begins, ends in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            stretches.append(Words(kind="", text="".join(one[begin:end])))
            continue
        if begin < end:
            stretches.append(Words(kind=REMOVED, text="".join(one[begin:end])))
        if begins < ends:
            stretches.append(Words(kind=ADDED, text="".join(other[begins:ends])))
    return tuple(stretches)


def _texts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[TextChange]:
    for key in dict.fromkeys((*before, *after)):
        kind = ADDED if key not in before else REMOVED if key not in after else CHANGED
        one, other = _parts(before.get(key, {})), _parts(after.get(key, {}))
        for part in dict.fromkeys((*one, *other)):
            old, new = one.get(part, ""), other.get(part, "")
            if old != new:
                yield TextChange(subject=key, part=part, kind=kind, words=words(old, new))


def _parts(prompt: Mapping[str, Any]) -> dict[str, str]:
    """Every text of a prompt by what it is."""
    found: dict[str, str] = {}
    for language, wording in prompt.items():
        if not isinstance(wording, Mapping):
            found[language] = str(wording)
            continue
        found[language] = wording.get("text", "")
        for number, text in enumerate(wording.get("reprompts", ()), start=1):
            found[f"{language}, {number}"] = text
        if wording.get("recording"):
            found[f"{language}, WAV"] = wording["recording"]
        if isinstance(wording.get("alternative"), Mapping):
            alternative = wording["alternative"]
            found[f"{language}, B"] = f"{alternative.get('text', '')} ({alternative.get('share', '')} %)"
    return found


def _nodes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[NodeChange]:
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            whole = one or other or {}
            kind = REMOVED if other is None else ADDED
            yield NodeChange(name=name, kind=kind, fields=(("kind", None, whole.get("kind")),))
        elif not same(one, other):
            changed = tuple(
                (field, one.get(field), other.get(field))
                for field in dict.fromkeys((*one, *other))
                if field != "outcomes" and not same(one.get(field), other.get(field))
            )
            yield NodeChange(name=name, kind=CHANGED, fields=changed)


def _edges(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[EdgeChange]:
    one, other = set(_ways(before)), set(_ways(after))
    for kind, ways in ((REMOVED, one - other), (ADDED, other - one)):
        for source, outcome, target in sorted(ways):
            yield EdgeChange(source=source, outcome=outcome, target=target, kind=kind)


def _ways(nodes: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, node in nodes.items():
        for outcome, target in node.get("outcomes", {}).items():
            yield name, str(outcome), str(target)


def _phrases(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[PhrasesChange]:
    for language in dict.fromkeys((*before, *after)):
        one, other = before.get(language, {}), after.get(language, {})
        for intent in dict.fromkeys((*one, *other)):
            old, new = one.get(intent, []), other.get(intent, [])
            if list(old) != list(new):
                gone, come = set(old) - set(new), set(new) - set(old)
                yield PhrasesChange(
                    intent=intent,
                    language=language,
                    added=tuple(text for text in new if text in come),
                    removed=tuple(text for text in old if text in gone),
                )


def _others(before: Documents, after: Documents) -> Iterator[tuple[str, Any, Any]]:
    told = (("flow", "nodes"), ("prompts", "prompts"), ("intents", "phrases"))
    for change in difference(before, after):
        if change.place[:2] not in told:
            yield ".".join(map(str, change.place)), change.before, change.after
