"""Which version a trial is of: the draft as it stands, or a version by its number, read into what answers calls."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from ivr.calls.company import Company, FlowVersion
from ivr.editing import drafts, reading
from ivr.editing.findings import Finding
from ivr.editing.reading import Recordings
from ivr.intents.understandings import Understandings

DRAFT: Final = "draft"


@dataclass(frozen=True, kw_only=True)
class Unusable:
    """It answers no call, with every error; none where there is no such version."""

    problems: tuple[Finding, ...] = ()


Tried: TypeAlias = FlowVersion | Unusable


def is_named(which: str) -> bool:
    """Whether this can be the name of a version: "draft" or a number."""
    return which == DRAFT or (which.isascii() and which.isdecimal() and len(which) <= 9)  # noqa: PLR2004  what an INTEGER holds


def version_of(
    session: Session,
    company: Company,
    which: str,
    *,
    understandings: Understandings | None,
    recordings: Recordings | None,
    now: datetime,
) -> Tried:
    """Read the version that is named; without `understandings` nothing is trained, and the company's own stand in.

    Without `recordings` the draft's prompts are spoken from their texts.
    """
    if which == DRAFT:
        documents = drafts.draft(session, now=now).documents
        read = reading.read(documents, understandings=understandings, recordings=recordings)
        return Unusable(problems=read.problems) if isinstance(read, reading.Faulty) else read
    try:
        return company.version(int(which))
    except KeyError:
        return Unusable()
