"""What the page of alerts shows: records of alerts and watched voices with the names and calls that people know them by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from biometrics import alerts, watchlist
from biometrics.alerts import KeptAlert
from biometrics.vault import Vault
from biometrics.watchlist import Watched
from ivr.accounts import store as accounts
from ivr.calls import store as calls
from ivr.customers import store as customers
from sealing.columns import if_it_opens
from sealing.keys import KeyRing

# What a page holds and a person reads; older ones are gone after half a year.
MOST_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class ShownAlert:
    """An alert, for people."""

    alert_id: int
    kind: str
    at: datetime
    verdict: str  # "", attack, harmless
    seen_by: str  # a name
    seen_at: datetime | None
    call_id: str  # "" where no call is known (any more)
    customer: str  # a name, else the identifier; "" for nobody, or somebody erased
    details: Mapping[str, Any]
    others: tuple[str, ...]  # other customers whom the voice said to be
    heard_before: str  # the call in which a recording was heard first, "" where it is not known any more
    heard_before_at: datetime | None
    watched: str  # label of a watched voice
    can_be_unlocked: bool


@dataclass(frozen=True, kw_only=True)
class ShownWatch:
    """A watched voice, for people."""

    watch_id: str
    label: str
    added_by: str  # a name
    call_id: str
    until: datetime


def shown_alerts(session: Session, ring: KeyRing, now: datetime) -> tuple[ShownAlert, ...]:
    """The alerts, those that nobody has looked at on top."""
    names = _names_of_people(session)
    labels = {one.watch_id: one.label for one in watchlist.watched(session, ring, now)}
    vault = Vault(ring)
    return tuple(_shown(session, vault, one, names, labels) for one in alerts.newest(session, most=MOST_SHOWN))


def shown_watches(session: Session, ring: KeyRing, now: datetime) -> tuple[ShownWatch, ...]:
    """The watched voices, the newest first."""
    names = _names_of_people(session)
    return tuple(_shown_watch(session, one, names) for one in watchlist.watched(session, ring, now))


def _shown(
    session: Session, vault: Vault, one: KeptAlert, names: Mapping[str, str], labels: Mapping[str, str]
) -> ShownAlert:
    before = calls.call(session, str(one.details.get("heard_in", "")))
    return ShownAlert(
        alert_id=one.alert_id,
        kind=one.kind,
        at=one.at,
        verdict=one.verdict,
        seen_by=names.get(one.seen_by, one.seen_by),
        seen_at=one.seen_at,
        call_id=_known_call(session, one.call_id),
        customer=_name_of_customer(session, one.customer_id),
        details=one.details,
        others=tuple(_name_of_customer(session, other) for other in one.details.get("customers", ()) if other),
        heard_before="" if before is None else before.call_id,
        heard_before_at=None if before is None else before.started_at,
        watched=labels.get(str(one.details.get("watch_id", "")), ""),
        can_be_unlocked=bool(one.customer_id) and vault.is_locked(session, one.customer_id),
    )


def _shown_watch(session: Session, one: Watched, names: Mapping[str, str]) -> ShownWatch:
    return ShownWatch(
        watch_id=one.watch_id,
        label=one.label,
        added_by=names.get(one.added_by, one.added_by),
        call_id=_known_call(session, one.from_call),
        until=one.until,
    )


def _known_call(session: Session, call_id: str) -> str:
    return call_id if call_id and calls.call(session, call_id) is not None else ""


def _name_of_customer(session: Session, customer_id: str) -> str:
    customer = customers.customer(session, customer_id)
    return customer_id if customer is None else if_it_opens(customer, "name", customer_id)


def _names_of_people(session: Session) -> Mapping[str, str]:
    return {str(person.account_id): person.display_name for person in accounts.everyone(session)}
