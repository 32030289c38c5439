"""The prompts that the service says by itself, around the queue and the talk with a person: no node of a flow names them.

They are the company's words all the same, so they stand in its prompts file, and one that is missing is found at start.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from prompts.catalogue import Catalogue
from prompts.problems import Problem

QUEUE_NEXT, QUEUE_PLACE, QUEUE_ESTIMATE, QUEUE_CALLBACK = (
    "queue_next",
    "queue_place",
    "queue_estimate",
    "queue_callback",
)
LINE_LOST, CALLER_GONE = "line_lost", "caller_gone"
CALLBACK_TEXT = "callback_text"

# Key, and the placeholders with their types that the service fills.
OWN_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        QUEUE_NEXT: {},
        QUEUE_PLACE: {"place": "number"},
        QUEUE_ESTIMATE: {"wait": "duration"},
        QUEUE_CALLBACK: {},
        LINE_LOST: {},
        CALLER_GONE: {},
        CALLBACK_TEXT: {},
    }
)


def problems_of(catalogue: Catalogue, *, languages: Iterable[str], file: str) -> tuple[Problem, ...]:
    """What keeps the service from saying its own words in every language of the flow."""
    spoken = tuple(languages)
    found = []
    for key, given in OWN_WORDS.items():
        wordings = catalogue.prompts[key].wordings if key in catalogue.prompts else {}
        missing = [language for language in spoken if language not in wordings]
        if missing:
            found.append(
                _problem(file, key, f"the service says it itself, and it is missing in {', '.join(missing)}", given)
            )
        unknown = {
            name
            for wording in wordings.values()
            for name, kind in wording.placeholders.items()
            if given.get(name) != kind
        }
        if unknown:
            found.append(_problem(file, key, f"the service gives it no {', '.join(sorted(unknown))}", given))
    return tuple(found)


def _problem(file: str, key: str, message: str, given: Mapping[str, str]) -> Problem:
    placeholders = ", ".join(f"{{{name}:{kind}}}" for name, kind in given.items()) or "none"
    remedy = f"Add or correct the prompt {key} in the prompts file; placeholders it may have: {placeholders}"
    return Problem(file=file, line=0, place=f"prompt {key}", message=message, remedy=remedy)
