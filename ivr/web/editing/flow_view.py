"""What the page on the flow shows of documents: what each prompt says, which prompts fit which kind, a kind's form as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext

from ivr.editing.documents import Documents
from ivr.flow.checker import REPROMPTS_OF
from ivr.flow.definition import Kind
from ivr.flow.offers import KindOffer


def says_of(documents: Documents) -> dict[str, dict[str, str]]:
    """By prompt and language, the first wording."""
    return {
        key: {
            language: str(one["text"]) for language, one in entry.items() if isinstance(one, Mapping) and "text" in one
        }
        for key, entry in _prompts(documents).items()
    }


def fitting_prompts(documents: Documents) -> Mapping[str, Sequence[str]]:
    """By kind of node, the prompts that are worded in every language and asked again as often as that kind asks."""
    languages = tuple(documents.flow.get("languages", ()))
    shapes = {
        key: _least(entry, languages) for key, entry in _prompts(documents).items() if not key.startswith("choice.")
    }
    fits = {}
    for kind in Kind:
        wanted = REPROMPTS_OF.get(kind, 0)
        known = [key for key, count in shapes.items() if count is not None and count >= wanted]
        # Texts that are sent are for messages, and only for them.
        is_sent = kind in {Kind.MESSAGE, Kind.CHALLENGE}
        fits[kind.value] = [key for key in known if bool(_prompts(documents)[key].get("written")) == is_sent]
    return fits


def kind_as_json(offer: KindOffer) -> dict[str, Any]:
    """A kind's form."""
    fields = [{**vars(one), "about": _about(one.about)} for one in offer.fields]
    parts = {"fields": fields, "rules": [vars(one) for one in offer.rules]}
    return {**vars(offer), **parts, "about": _about(offer.about), "outcomes": dict(offer.outcomes)}


def _about(text: str) -> str:
    """A help text of the schema in the reader's language; of nothing the catalogue would give its own head."""
    return gettext(text) if text else ""


def _prompts(documents: Documents) -> Mapping[str, Mapping[str, Any]]:
    written = documents.prompts.get("prompts")
    return (
        {key: one for key, one in written.items() if isinstance(one, Mapping)} if isinstance(written, Mapping) else {}
    )


def _least(entry: Mapping[str, Any], languages: Sequence[str]) -> int | None:
    """The fewest reprompts that it has in any language; None where one is missing."""
    if any(not isinstance(entry.get(language), Mapping) for language in languages):
        return None
    return min((len(entry[language].get("reprompts") or ()) for language in languages), default=0)
