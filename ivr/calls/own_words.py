"""The prompts that the service says by itself, around the queue and the talk with a person: no node of a flow names them.

They are the company's words all the same, so they stand in its prompts file, and one that is missing is found at start.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from prompts.catalogue import Catalogue
from prompts.problems import Problem
from prompts.told import Told

QUEUE_NEXT, QUEUE_PLACE, QUEUE_ESTIMATE, QUEUE_CALLBACK = (
    "queue_next",
    "queue_place",
    "queue_estimate",
    "queue_callback",
)
QUEUE_LONGER, QUEUE_OVERTAKEN, QUEUE_STILL, QUEUE_MOVED, QUEUE_TOO_LONG = (
    "queue_longer",
    "queue_overtaken",
    "queue_still",
    "queue_moved",
    "queue_too_long",
)
QUEUE_STAYS, QUEUE_WRONG_KEY = "queue_stays", "queue_wrong_key"
# Short announcements of the wait: wait.QUEUE.N for a queue, wait.any.N for those without their own.
_ANNOUNCEMENTS, _OF_ANY_QUEUE = "wait.", "any"
LINE_LOST, CALLER_GONE = "line_lost", "caller_gone"
CALLBACK_TEXT = "callback_text"
TRANSFER_WAIT, PASSING, TRANSFER_FAILED = "transfer_wait", "passing", "transfer_failed"
# To whoever picks up a leg of a call that is passed on, or about which they are asked.
WHISPER_TRANSFER, WHISPER_CONSULT, WHISPER_MATTER, WHISPER_CUSTOMER, WHISPER_KEY = (
    "whisper_transfer",
    "whisper_consult",
    "whisper_matter",
    "whisper_customer",
    "whisper_key",
)

# Key, and the placeholders with their types that the service fills.
OWN_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        QUEUE_NEXT: {},
        QUEUE_PLACE: {"place": "number"},
        QUEUE_ESTIMATE: {"wait": "duration"},
        QUEUE_LONGER: {"wait": "duration"},
        QUEUE_OVERTAKEN: {"place": "number"},
        QUEUE_STILL: {"place": "number"},
        QUEUE_MOVED: {},
        QUEUE_CALLBACK: {},
        QUEUE_TOO_LONG: {},
        QUEUE_STAYS: {},
        QUEUE_WRONG_KEY: {},
        LINE_LOST: {},
        CALLER_GONE: {},
        CALLBACK_TEXT: {},
        TRANSFER_WAIT: {},
        PASSING: {},
        TRANSFER_FAILED: {},
        WHISPER_TRANSFER: {"from": "name"},
        WHISPER_CONSULT: {"from": "name"},
        WHISPER_MATTER: {"matter": "choice"},
        WHISPER_CUSTOMER: {"customer": "name"},
        WHISPER_KEY: {},
    }
)


def announcements(catalogue: Catalogue, queue: str, language: str) -> tuple[str, ...]:
    """The announcements of a queue's wait that are worded in a language, in order; those of any queue where it has none."""
    for name in (queue, _OF_ANY_QUEUE):
        begins = f"{_ANNOUNCEMENTS}{name}."
        found = (
            key for key, prompt in catalogue.prompts.items() if key.startswith(begins) and language in prompt.wordings
        )
        if keys := tuple(sorted(found)):
            return keys
    return ()


def problems_of(catalogue: Catalogue, *, languages: Iterable[str], file: str) -> tuple[Problem, ...]:
    """What keeps the service from saying its own words in every language of the flow."""
    spoken = tuple(languages)
    found = []
    said_in_turn = {key: dict[str, str]() for key in catalogue.prompts if key.startswith(_ANNOUNCEMENTS)}
    for key, given in {**OWN_WORDS, **said_in_turn}.items():
        wordings = catalogue.prompts[key].wordings if key in catalogue.prompts else {}
        missing = [language for language in spoken if language not in wordings]
        if missing:
            message = Told(
                "the service says it itself, and it is missing in %(languages)s", languages=", ".join(missing)
            )
            found.append(_problem(file, key, message, given))
        unknown = {
            name
            for wording in wordings.values()
            for name, kind in wording.placeholders.items()
            if given.get(name) != kind
        }
        if unknown:
            message = Told("the service gives it no %(names)s", names=", ".join(sorted(unknown)))
            found.append(_problem(file, key, message, given))
    return tuple(found)


def _problem(file: str, key: str, message: str, given: Mapping[str, str]) -> Problem:
    placeholders = ", ".join(f"{{{name}:{kind}}}" for name, kind in given.items()) or Told("none")
    remedy = Told(
        "Add or correct the prompt %(prompt)s in the prompts file; placeholders it may have: %(placeholders)s",
        prompt=key,
        placeholders=placeholders,
    )
    return Problem(file=file, line=0, place=f"prompt {key}", message=message, remedy=remedy)
