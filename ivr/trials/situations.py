"""What a trial call is tried with, in plain words: who calls, when, what agents do meanwhile, and what goes wrong.

Pure records with their JSON: a page sends them, a scenario keeps them, a house is opened with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from prompts.told import Told

# A number of Rome from the ranges that the trial company uses: on nobody's file.
UNKNOWN_NUMBER: Final = "+390698765432"
MADE_UP_NUMBER: Final = "+393331230099"
# What the carrier puts into From when the caller hides the number.
HIDDEN_NUMBER: Final = "anonymous"


class SituationError(ValueError):
    """What a call is to be tried with cannot be read; the message names the field."""


class Situation(StrEnum):
    """What the agents of a trial do."""

    ANSWER = "answer"  # somebody is free, takes the call and talks for a while
    NOBODY = "nobody"  # nobody is signed in
    BUSY = "busy"  # everybody is in another call
    DECLINE = "decline"  # whoever is rung declines
    MISS = "miss"  # whoever is rung does not answer
    VANISH = "vanish"  # somebody answers, and their line drops in the talk
    CLOSED = "closed"  # the queues have closed, whatever the hour


class Trouble(StrEnum):
    """Something that goes wrong in a trial."""

    WEBHOOK_LOST = "webhook_lost"  # the carrier's request never arrives
    WEBHOOK_LATE = "webhook_late"  # it arrives some seconds late
    WEBHOOK_TWICE = "webhook_twice"  # it arrives twice
    RECOGNISER_DOWN = "recogniser_down"  # nobody turns speech into words: keys alone are left
    VOICE_DOWN = "voice_down"  # no voice can be looked at
    LOOKUP_DOWN = "lookup_down"  # orders and returns cannot be looked up
    MESSAGE_REFUSED = "message_refused"  # the carrier sends no text message
    CARRIER_DOWN = "carrier_down"  # the carrier does nothing that it is asked for during a call
    NOISY_LINE = "noisy_line"  # people and hiss around the caller
    BAD_LINE = "bad_line"  # a bad mobile: hiss, lost sound, messages late


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A trouble; `skip` and `times` say which of the caller's answers a webhook's trouble meets; others last for the call."""

    trouble: Trouble
    skip: int = 0  # so many answers of the caller pass before
    times: int = 1

    def as_json(self) -> dict[str, Any]:
        """Return the fault as JSON's own values."""
        return {"trouble": self.trouble.value, "skip": self.skip, "times": self.times}


@dataclass(frozen=True, kw_only=True)
class Known:
    """A customer of the company, with their records."""

    customer_id: str


@dataclass(frozen=True, kw_only=True)
class MadeUpOrder:
    """An order of a made-up customer; days count from the day of the call, past ones are negative."""

    number: str
    status: str = "shipped"  # preparing, shipped, delivered, cancelled
    items: str = ""
    promised_in_days: int = 2
    due_in_days: int = 2
    postcode: str = "00100"


@dataclass(frozen=True, kw_only=True)
class MadeUp:
    """A customer who does not exist."""

    name: str = "Mario Rossi"
    number: str = MADE_UP_NUMBER
    language: str = "it"
    orders: tuple[MadeUpOrder, ...] = ()
    called_before: bool = False  # in a first call consents are asked


@dataclass(frozen=True, kw_only=True)
class Stranger:
    """A number that is on nobody's file."""

    number: str = UNKNOWN_NUMBER


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """A caller who shows no number."""


Caller: TypeAlias = Known | MadeUp | Stranger | Hidden


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Everything that a trial call is tried with beside the version."""

    caller: Caller = field(default_factory=Stranger)
    at: datetime | None = None  # aware; None is now
    agents: Situation = Situation.ANSWER
    faults: tuple[Fault, ...] = ()
    language: str = "it"  # that the caller speaks

    def __post_init__(self) -> None:
        """Refuse a time without a zone."""
        if self.at is not None and self.at.tzinfo is None:
            raise SituationError(Told("at: a time needs its zone"))

    def has(self, trouble: Trouble) -> bool:
        """Whether this goes wrong."""
        return any(fault.trouble is trouble for fault in self.faults)

    def as_json(self) -> dict[str, Any]:
        """Return the setting as JSON's own values."""
        return {
            "caller": caller_as_json(self.caller),
            "at": None if self.at is None else self.at.isoformat(),
            "agents": self.agents.value,
            "faults": [fault.as_json() for fault in self.faults],
            "language": self.language,
        }


def setting_from_json(value: Mapping[str, Any]) -> Setting:
    """Read the setting that `as_json` wrote; raises `SituationError` naming the field that cannot be read."""
    try:
        return Setting(
            caller=caller_from_json(value.get("caller", {"kind": "stranger"})),
            at=_read("at", lambda: datetime.fromisoformat(value["at"]) if value.get("at") else None),
            agents=_read("agents", lambda: Situation(value.get("agents", Situation.ANSWER))),
            faults=_faults(value.get("faults", ())),
            language=_text("language", value.get("language", "it"), most=5),
        )
    except AttributeError as error:
        raise SituationError(Told("a setting is an object")) from error


def caller_as_json(caller: Caller) -> dict[str, Any]:
    """Return a caller as JSON's own values."""
    match caller:
        case Known(customer_id=customer_id):
            return {"kind": "known", "customer_id": customer_id}
        case MadeUp():
            orders = [
                {
                    "number": one.number,
                    "status": one.status,
                    "items": one.items,
                    "promised_in_days": one.promised_in_days,
                    "due_in_days": one.due_in_days,
                    "postcode": one.postcode,
                }
                for one in caller.orders
            ]
            made_up = {"name": caller.name, "number": caller.number, "language": caller.language}
            return {"kind": "made_up", **made_up, "orders": orders, "called_before": caller.called_before}
        case Stranger(number=number):
            return {"kind": "stranger", "number": number}
        case Hidden():
            return {"kind": "hidden"}


def caller_from_json(value: Mapping[str, Any]) -> Caller:
    """Read the caller that `caller_as_json` wrote; raises `SituationError`."""
    if not isinstance(value, Mapping):
        raise SituationError(Told("caller: is an object with a kind"))
    match value.get("kind"):
        case "known":
            return Known(customer_id=_text("caller.customer_id", value.get("customer_id", ""), most=40))
        case "made_up":
            return MadeUp(
                name=_text("caller.name", value.get("name", "Mario Rossi"), most=100),
                number=_text("caller.number", value.get("number", MADE_UP_NUMBER), most=20),
                language=_text("caller.language", value.get("language", "it"), most=5),
                orders=tuple(_order(one) for one in value.get("orders", ())),
                called_before=value.get("called_before") is True,
            )
        case "stranger":
            return Stranger(number=_text("caller.number", value.get("number", UNKNOWN_NUMBER), most=20))
        case "hidden":
            return Hidden()
        case kind:
            raise SituationError(
                Told("caller.kind: known, made_up, stranger or hidden, not %(value)s", value=repr(kind))
            )


def _order(value: Mapping[str, Any]) -> MadeUpOrder:
    if not isinstance(value, Mapping):
        raise SituationError(Told("caller.orders: each is an object"))
    shown = MadeUpOrder(number=_text("caller.orders.number", value.get("number", ""), most=12))
    return MadeUpOrder(
        number=shown.number,
        status=_text("caller.orders.status", value.get("status", shown.status), most=20),
        items=_text("caller.orders.items", value.get("items", "") or "-", most=200),
        promised_in_days=_days("caller.orders.promised_in_days", value.get("promised_in_days", 2)),
        due_in_days=_days("caller.orders.due_in_days", value.get("due_in_days", 2)),
        postcode=_text("caller.orders.postcode", value.get("postcode", shown.postcode), most=10),
    )


def _faults(values: Sequence[Any]) -> tuple[Fault, ...]:
    read = []
    for value in values:
        given = {"trouble": value} if isinstance(value, str) else value
        if not isinstance(given, Mapping):
            raise SituationError(Told("faults: each is a word or an object"))
        read.append(
            Fault(
                trouble=_read("faults", lambda given=given: Trouble(given.get("trouble"))),
                skip=_count("faults.skip", given.get("skip", 0), least=0),
                times=_count("faults.times", given.get("times", 1), least=1),
            )
        )
    return tuple(read)


def _read(name: str, read: Any) -> Any:
    try:
        return read()
    except (ValueError, TypeError, KeyError) as error:
        raise SituationError(f"{name}: {error}") from error


def _text(name: str, value: object, *, most: int) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise SituationError(Told("%(field)s: 1 to %(most)s characters", field=name, most=most))
    return value.strip()


def _count(name: str, value: object, *, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 20:  # noqa: PLR2004  more is a call without a line
        raise SituationError(Told("%(field)s: %(least)s to 20", field=name, least=least))
    return value


def _days(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -3650 <= value <= 3650:  # noqa: PLR2004  ten years
        raise SituationError(Told("%(field)s: a number of days", field=name))
    return value


def day_of(today: date, days: int) -> date:
    """The day so many days from a day."""
    return date.fromordinal(today.toordinal() + days)
