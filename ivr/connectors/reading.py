"""From the plain fields of a file's row, or of another system's answer, to a record; or what is wrong, field by field. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import phonenumbers

from ivr.customers.records import CustomerRecord, OrderRecord, Record

CUSTOMERS, ORDERS = "customers", "orders"
KINDS: Final = (CUSTOMERS, ORDERS)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_ORDER_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{0,11}")
# As they are written in this part of the world; a two-digit year says too little.
_DATES: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CHANNELS: Final = ("phone", "email", "sms", "web", "chat", "shop")
_STATUS_WORDS: Final[Mapping[str, str]] = MappingProxyType({
    "preparing": "preparing", "in preparazione": "preparing", "preparazione": "preparing", "new": "preparing",
    "nuovo": "preparing", "processing": "preparing", "in lavorazione": "preparing",
    "shipped": "shipped", "spedito": "shipped", "sent": "shipped", "in consegna": "shipped", "in transit": "shipped",
    "delivered": "delivered", "consegnato": "delivered",
    "cancelled": "cancelled", "canceled": "cancelled", "annullato": "cancelled",
})  # fmt: skip
_LANGUAGE_WORDS: Final[Mapping[str, str]] = MappingProxyType({
    "it": "it", "ita": "it", "italiano": "it", "italian": "it", "en": "en", "eng": "en", "english": "en", "inglese": "en",
})  # fmt: skip


class _WrongError(ValueError):
    """The message is a code."""


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """What is wrong with one field."""

    field: str
    code: str
    value: str = ""  # what stood there, shortened


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a kind of record."""

    name: str
    is_key: bool = False
    guesses: tuple[str, ...] = ()  # column names, in lower case without signs between


FIELDS: Final[Mapping[str, tuple[Field, ...]]] = MappingProxyType({
    CUSTOMERS: (
        Field(name="customer_id", is_key=True, guesses=(
            "customerid", "id", "cliente", "idcliente", "codicecliente", "codcliente", "codice", "customer", "customercode")),
        Field(name="name", guesses=("name", "nome", "nominativo", "ragionesociale", "nomecognome", "fullname", "customername")),
        Field(name="numbers", guesses=(
            "numbers", "number", "phone", "telefono", "tel", "cellulare", "mobile", "numero", "phonenumber", "telefoni")),
        Field(name="language", guesses=("language", "lingua", "lang")),
        Field(name="email", guesses=("email", "mail", "posta", "indirizzoemail", "emailaddress")),
        Field(name="preferred_channel", guesses=("preferredchannel", "canale", "canalepreferito", "channel")),
    ),
    ORDERS: (
        Field(name="order_number", is_key=True, guesses=(
            "ordernumber", "order", "ordine", "numeroordine", "nordine", "numordine", "orderid", "idordine", "number", "numero")),
        Field(name="customer_id", guesses=(
            "customerid", "cliente", "idcliente", "codicecliente", "codcliente", "customer", "customercode")),
        Field(name="items", guesses=(
            "items", "item", "articoli", "articolo", "prodotto", "prodotti", "product", "description", "descrizione", "merce")),
        Field(name="status", guesses=("status", "stato", "state")),
        Field(name="placed_on", guesses=("placedon", "orderdate", "data", "dataordine", "date", "placed", "ordinatoil")),
        Field(name="due_on", guesses=(
            "dueon", "due", "consegnaprevista", "dataconsegna", "expected", "expectedon", "previstail", "consegna", "eta")),
        Field(name="promised_on", guesses=("promisedon", "promised", "promessa", "consegnapromessa", "promessail")),
        Field(name="delivered_on", guesses=("deliveredon", "delivered", "consegnatoil", "dataconsegnaeffettiva")),
        Field(name="carrier", guesses=("carrier", "corriere", "courier", "vettore", "spedizioniere")),
        Field(name="postcode", guesses=("postcode", "cap", "zip", "zipcode", "postalcode", "codicepostale")),
    ),
})  # fmt: skip

# Told by another system alone, of a customer who is not known yet.
CUSTOMER_NAME: Final = "customer_name"


@dataclass(frozen=True, kw_only=True)
class Country:
    """Where a number without its country's code is at home."""

    code: str  # ISO 3166


def names_of(kind: str) -> tuple[str, ...]:
    """The fields of a kind, in order."""
    return tuple(one.name for one in FIELDS[kind])


def key_of(kind: str) -> str:
    """The field that tells one record from another."""
    return next(one.name for one in FIELDS[kind] if one.is_key)


Read: TypeAlias = Record | tuple[Wrong, ...]


def read(kind: str, raw: Mapping[str, Any], *, country: str) -> Read:
    """The record that these fields tell of; what is empty is not told. Or all that is wrong."""
    values: dict[str, Any] = {}
    wrong: list[Wrong] = []
    for name, given in raw.items():
        text = given if isinstance(given, list) else _text(given)
        if text in {"", None} if not isinstance(text, list) else not text:
            continue
        try:
            values[name] = _READERS[name](text, country)
        except _WrongError as error:
            wrong.append(Wrong(field=name, code=str(error), value=_text(given)[:60]))
    key = key_of(kind)
    if key not in values and all(one.field != key for one in wrong):
        wrong.insert(0, Wrong(field=key, code="missing"))
    if kind == ORDERS and not wrong:
        wrong.extend(_out_of_order(values))
    if wrong:
        return tuple(wrong)
    return CustomerRecord(**values) if kind == CUSTOMERS else OrderRecord(**values)


def _out_of_order(values: Mapping[str, Any]) -> list[Wrong]:
    placed = values.get("placed_on")
    late = [
        Wrong(field=name, code="before_placed", value=values[name].isoformat())
        for name in ("due_on", "promised_on", "delivered_on")
        if placed is not None and values.get(name) is not None and values[name] < placed
    ]
    if values.get("delivered_on") is not None and values.get("status") not in {None, "delivered"}:
        late.append(Wrong(field="delivered_on", code="not_delivered", value=values["delivered_on"].isoformat()))
    if values.get("status") == "delivered" and values.get("delivered_on") is None:
        late.append(Wrong(field="delivered_on", code="missing_when_delivered"))
    return late


def _text(given: Any) -> str:
    if isinstance(given, bool) or given is None:
        return ""
    if isinstance(given, list):
        return ", ".join(_text(one) for one in given)
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    return str(given).replace("\x00", "").strip()


def _customer_id(text: str, _country: str) -> str:
    if not _ID.fullmatch(text):
        raise _WrongError("bad_id")
    return text


def _order_number(text: str, _country: str) -> str:
    number = text.upper().removeprefix("#").strip()
    if not _ORDER_NUMBER.fullmatch(number):
        raise _WrongError("bad_order_number")
    return number


def _date(text: str, _country: str) -> date:
    # A date with its time, as exports of shops have it: the day counts.
    day = text.partition("T")[0].partition(" ")[0]
    for form in _DATES:
        try:
            found = datetime.strptime(day, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
        if date(1990, 1, 1) <= found <= date(2100, 12, 31):
            return found
    raise _WrongError("bad_date")


def _status(text: str, _country: str) -> str:
    found = _STATUS_WORDS.get(text.lower().replace("_", " "))
    if found is None:
        raise _WrongError("bad_status")
    return found


def _language(text: str, _country: str) -> str:
    found = _LANGUAGE_WORDS.get(text.lower().partition("-")[0].partition("_")[0])
    if found is None:
        raise _WrongError("bad_language")
    return found


def _email(text: str, _country: str) -> str:
    longest = 254
    if not _EMAIL.fullmatch(text) or len(text) > longest:
        raise _WrongError("bad_email")
    return text


def _channel(text: str, _country: str) -> str:
    word = {"telefono": "phone", "posta": "email", "negozio": "shop"}.get(text.lower(), text.lower())
    if word not in _CHANNELS:
        raise _WrongError("bad_channel")
    return word


def _numbers(given: Any, country: str) -> tuple[str, ...]:
    parts = [_text(one) for one in given] if isinstance(given, list) else re.split(r"[;|,]| / ", given)
    numbers = tuple(dict.fromkeys(_number(part.strip(), country) for part in parts if part.strip()))
    most = 20
    if len(numbers) > most:
        raise _WrongError("too_many_numbers")
    return numbers


def _number(text: str, country: str) -> str:
    try:
        parsed = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        raise _WrongError("bad_number") from None
    if not phonenumbers.is_valid_number(parsed) and not phonenumbers.is_possible_number(parsed):
        raise _WrongError("bad_number")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _words(longest: int) -> Callable[[Any, str], str]:
    def read_words(given: Any, _country: str) -> str:
        text = _text(given)
        if len(text) > longest:
            raise _WrongError("too_long")
        return text

    return read_words


def _postcode(text: str, _country: str) -> str:
    longest, italian = 10, 5
    code = text.replace(" ", "").upper()
    if not code or len(code) > longest or not code.replace("-", "").isalnum():
        raise _WrongError("bad_postcode")
    # A spreadsheet takes the noughts at the front: Rome's 00184 comes as 184.
    return code.rjust(italian, "0") if code.isdigit() and _country == "IT" else code


_READERS: Final[Mapping[str, Callable[[Any, str], Any]]] = MappingProxyType({
    "customer_id": _customer_id, "order_number": _order_number, "name": _words(120), CUSTOMER_NAME: _words(120),
    "items": _words(200), "carrier": _words(40), "status": _status, "language": _language, "email": _email,
    "preferred_channel": _channel, "numbers": _numbers, "placed_on": _date, "due_on": _date, "promised_on": _date,
    "delivered_on": _date, "postcode": _postcode,
})  # fmt: skip
