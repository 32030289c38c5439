"""What lies ready for the call in hand: snippets and messages, filled from the call, and when to call back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ivr.calls import desk_follow_up, store
from ivr.calls.company import Company
from prompts.desk_book import LANGUAGES, Entry, fill, for_reason
from prompts.spoken import Value
from routing.hours import Hours

# A callback is proposed for this long after the call was taken: the customer has hung up, somebody has looked into it.
PROPOSED_AFTER = timedelta(hours=2)
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Aid:
    """A snippet or a message, as it is for this call."""

    code: str
    title: str
    text: str
    fits: bool  # the call's reason, or every reason
    is_whole: bool  # nothing that it tells is missing
    sent: int = 0  # in this call, of a message


@dataclass(frozen=True, kw_only=True)
class Aids:
    """Everything that lies ready."""

    language: str  # of the texts: the caller's
    snippets: tuple[Aid, ...]
    messages: tuple[Aid, ...]
    message_number: str  # where a message goes, "" for nowhere
    callback_number: str
    callbacks: int  # that were promised in this call
    callback_at: str  # proposed, in the company's zone, as a form has it


def aids_of(
    session: Session, company: Company, *, call_id: str, agent_name: str, reads: str, since: datetime, now: datetime
) -> Aids | None:
    """What lies ready for a call that was taken at a time, its titles as the agent `reads`; none for an unknown call."""
    call = store.call(session, call_id)
    if call is None:
        return None
    language = call.language if call.language in LANGUAGES else company.default_language
    values = desk_follow_up.values_of(session, company, call, agent_name=agent_name, language=language, now=now)
    book, sent = company.desk_book, desk_follow_up.times_sent(session, call_id)
    return Aids(
        language=language,
        snippets=tuple(
            _aid(one, (language, reads), values, call.reason) for one in for_reason(book.snippets, call.reason)
        ),
        messages=tuple(
            _aid(one, (language, reads), values, call.reason, sent.get(one.code, 0))
            for one in for_reason(book.messages, call.reason)
        ),
        message_number=desk_follow_up.number_for_messages(session, call),
        callback_number=call.from_number,
        callbacks=desk_follow_up.times_promised(session, call_id),
        callback_at=f"{next_open(company.hours, since + PROPOSED_AFTER):%Y-%m-%dT%H:%M}",
    )


def next_open(hours: Hours, after: datetime) -> datetime:
    """The first full quarter of an hour at or after a time at which the company is open, in its own zone."""
    local = after.astimezone(hours.zone)
    past = timedelta(minutes=local.minute % 15, seconds=local.second, microseconds=local.microsecond)
    quarter = local - past + (QUARTER if past else timedelta())
    if hours.is_open(quarter):
        return quarter
    return (hours.opens_next(quarter) or quarter).astimezone(hours.zone)


def _aid(entry: Entry, languages: tuple[str, str], values: Mapping[str, Value], reason: str, sent: int = 0) -> Aid:
    language, reads = languages
    filled = fill(entry, language=language, values=values)
    return Aid(
        code=entry.code,
        title=entry.titles[reads],
        text=filled.text,
        fits=not entry.intents or reason in entry.intents,
        is_whole=not filled.missing,
        sent=sent,
    )
