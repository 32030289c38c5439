"""Documents become what a call is answered with: flow, catalogue, recordings and the understanding of their phrases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.calls.company import FlowVersion
from ivr.editing.documents import Documents
from ivr.editing.findings import ERROR, Finding, findings
from ivr.flow import definition
from ivr.intents.phrases import phrasebook_of
from ivr.intents.understandings import Understandings
from prompts import catalogue
from prompts.catalogue import Catalogue

# The files that are played in place of a catalogue's prompts, by key and language; only those that are there.
Recordings = Callable[[Catalogue], Mapping[tuple[str, str], Path]]


@dataclass(frozen=True, kw_only=True)
class Faulty:
    """Documents that answer no call, with every error."""

    problems: tuple[Finding, ...]


def read(
    documents: Documents,
    *,
    understandings: Understandings | None = None,
    recordings: Recordings | None = None,
    number: int = 0,
    author: str = "",
    note: str = "",
) -> FlowVersion | Faulty:
    """What answers calls by these documents, or why they cannot; a draft is the version 0.

    With `understandings` the phrases are trained on, for some seconds where they are new; without, the company's own stand in.
    """
    wrong = tuple(one for one in findings(documents) if one.severity == ERROR)
    if wrong:
        return Faulty(problems=wrong)
    return built(
        documents, understandings=understandings, recordings=recordings, number=number, author=author, note=note
    )


def built(
    documents: Documents,
    *,
    understandings: Understandings | None = None,
    recordings: Recordings | None = None,
    number: int,
    author: str = "",
    note: str = "",
    waits: bool = True,
) -> FlowVersion:
    """As `read`, of documents that were checked before. `waits`: train where it has to be, or else leave it out for now."""
    said = catalogue.build(documents.prompts)
    understanding = None
    if understandings is not None:
        book = phrasebook_of(documents.intents)
        understanding = understandings.of(book) if waits else understandings.known(book)
    return FlowVersion(
        number=number,
        flow=definition.build(documents.flow),
        catalogue=said,
        author=author,
        note=note,
        recordings={} if recordings is None else recordings(said),
        understanding=understanding,
    )
