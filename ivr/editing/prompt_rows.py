"""The prompts of the draft as its page shows them: where each is said, in which languages, how long and how easy it is.

A draft may be broken in places: what can be read of it is shown, and what cannot is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ivr.calls.own_words import OWN_WORDS
from ivr.editing.documents import Documents
from prompts import catalogue as catalogues
from prompts import measures
from prompts.catalogue import Catalogue, Wording
from prompts.measures import Advice, Measured

CHOICE, WAIT = "choice.", "wait."
_PROMPT_FIELDS = ("prompt", "prompt_callback")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One prompt."""

    key: str
    written: bool
    nodes: tuple[tuple[str, str], ...]  # name and kind of the nodes that say it
    role: str  # node, flow (said on the flow's own account), service, choice, unused
    wordings: Mapping[str, Wording]
    measured: Mapping[str, tuple[Measured, ...]]  # by language: the text, its reprompts, its alternative
    missing: tuple[str, ...]  # languages of the flow
    placeholders: Mapping[str, str]  # name -> type, in any language
    expected: Mapping[str, str]  # placeholders that the service fills here; {} where the flow's values decide
    advice: tuple[Advice, ...]


def languages_of(documents: Documents) -> tuple[str, ...]:
    """The languages of the draft's flow; those of the service where it has none."""
    named = documents.flow.get("languages")
    known = [str(one) for one in named if one in measures.LANGUAGES] if isinstance(named, Mapping) else []
    return tuple(known) or measures.LANGUAGES


def catalogue_of(documents: Documents) -> Catalogue:
    """What can be read of the draft's prompts."""
    prompts = documents.prompts.get("prompts")
    sound = {str(key): _sound(entry) for key, entry in prompts.items()} if isinstance(prompts, Mapping) else {}
    company = documents.prompts.get("company")
    return catalogues.build({"company": company if isinstance(company, str) else "", "prompts": sound})


def rows_of(documents: Documents) -> tuple[Row, ...]:
    """Every prompt, in the order of the file."""
    catalogue, languages, said_at = catalogue_of(documents), languages_of(documents), _said_at(documents.flow)
    system = documents.flow.get("prompts")
    by_flow = set(system.values()) if isinstance(system, Mapping) else set()
    return tuple(_row(catalogue, key, languages, tuple(said_at.get(key, ())), by_flow) for key in catalogue.prompts)


def _row(
    catalogue: Catalogue, key: str, languages: tuple[str, ...], nodes: tuple[tuple[str, str], ...], by_flow: set[Any]
) -> Row:
    prompt = catalogue.prompts[key]
    measured = {
        language: tuple(measured_text(catalogue, text, language, written=prompt.written) for text in wording.texts)
        for language, wording in prompt.wordings.items()
    }
    advice = {one for all_of in measured.values() for each in all_of for one in each.advice}
    if any(measures.compares_voices(wording) for wording in prompt.wordings.values()):
        advice.add(Advice.RECORDED_AGAINST_SPOKEN)
    return Row(
        key=key,
        written=prompt.written,
        nodes=nodes,
        role=_role(key, nodes, is_of_flow=key in by_flow),
        wordings=prompt.wordings,
        measured=measured,
        missing=tuple(language for language in languages if language not in prompt.wordings),
        placeholders={name: kind for one in prompt.wordings.values() for name, kind in one.placeholders.items()},
        expected=OWN_WORDS.get(key, {}),
        advice=tuple(sorted(advice)),
    )


def measured_text(catalogue: Catalogue, text: str, language: str, *, written: bool) -> Measured:
    """Measure a text; one that was measured before with the same choices is remembered."""
    choices = tuple(
        (choice, _text(catalogue, f"{CHOICE}{choice}", language)) for choice in catalogue.choices
    ) if ":choice}" in text else ()  # fmt: skip
    return _measured(text, language, written, choices)


@lru_cache(maxsize=4096)
def _measured(text: str, language: str, written: bool, choices: tuple[tuple[str, str], ...]) -> Measured:  # noqa: FBT001 - a key of the cache
    document = {f"{CHOICE}{choice}": {language: {"text": words}} for choice, words in choices if words}
    return measures.measure(
        catalogues.build({"company": "", "prompts": document}), text, language=language, written=written
    )


def _text(catalogue: Catalogue, key: str, language: str) -> str:
    wording = catalogue.prompts[key].wordings.get(language)
    return "" if wording is None else wording.text


def _role(key: str, nodes: tuple[tuple[str, str], ...], *, is_of_flow: bool) -> str:
    if nodes:
        return "node"
    if is_of_flow:
        return "flow"
    if key in OWN_WORDS or key.startswith(WAIT):
        return "service"
    return "choice" if key.startswith(CHOICE) else "unused"


def _said_at(flow: Mapping[str, Any]) -> Mapping[str, list[tuple[str, str]]]:
    said: dict[str, list[tuple[str, str]]] = {}
    nodes = flow.get("nodes")
    for name, node in nodes.items() if isinstance(nodes, Mapping) else ():
        if not isinstance(node, Mapping):
            continue
        for key in dict.fromkeys(_keys_of(node)):
            said.setdefault(key, []).append((str(name), str(node.get("kind", ""))))
    return said


def _keys_of(node: Mapping[str, Any]) -> Iterator[str]:
    for field in _PROMPT_FIELDS:
        if isinstance(node.get(field), str):
            yield node[field]


def _sound(entry: Any) -> dict[str, Any]:
    """What can be read of a prompt's entry."""
    if not isinstance(entry, Mapping):
        return {}
    kept: dict[str, Any] = {"written": entry.get("written") is True}
    for language in measures.LANGUAGES:
        wording = entry.get(language)
        if not isinstance(wording, Mapping) or not isinstance(wording.get("text"), str):
            continue
        reprompts = wording.get("reprompts")
        sound = {
            "text": wording["text"],
            "reprompts": [one for one in reprompts if isinstance(one, str)] if isinstance(reprompts, list) else [],
            "recording": wording["recording"] if isinstance(wording.get("recording"), str) else "",
        }
        tried = wording.get("alternative")
        if isinstance(tried, Mapping) and isinstance(tried.get("text"), str) and isinstance(tried.get("share"), int):
            sound["alternative"] = {"text": tried["text"], "share": tried["share"]}
        kept[language] = sound
    return kept
