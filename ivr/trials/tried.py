"""Which version a trial is of: the draft as it stands, or a version by its number, read into what answers calls."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from ivr.calls.company import Company, FlowVersion
from ivr.editing import drafts
from ivr.editing.documents import Documents
from ivr.editing.findings import ERROR, Finding, findings
from ivr.flow import definition
from ivr.intents.understandings import Understandings
from prompts import catalogue

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
    session: Session, company: Company, which: str, *, understandings: Understandings | None, now: datetime
) -> Tried:
    """Read the version that is named; without `understandings` nothing is trained, and the company's own stand in."""
    if which == DRAFT:
        return _read(drafts.draft(session, now=now).documents)
    try:
        return company.version(int(which))
    except KeyError:
        return Unusable()


def _read(documents: Documents) -> Tried:
    wrong = tuple(one for one in findings(documents) if one.severity == ERROR)
    if wrong:
        return Unusable(problems=wrong)
    return FlowVersion(number=0, flow=definition.build(documents.flow), catalogue=catalogue.build(documents.prompts))
