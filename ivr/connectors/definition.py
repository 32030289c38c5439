"""How another system is asked for one record, as data: its address, how we show who we are, what its answer means. Pure."""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlsplit

import jmespath
from jmespath.exceptions import JMESPathError

from ivr.connectors.reading import CUSTOMER_NAME, CUSTOMERS, KINDS, ORDERS, key_of, names_of

METHODS: Final = ("GET", "POST")
# What each kind is asked by.
ASKED_BY: Final[Mapping[str, str]] = MappingProxyType({ORDERS: "order_number", CUSTOMERS: "number"})
LONGEST_ADDRESS: Final = 500
LONGEST_EXPRESSION: Final = 300
# The carrier gives a webhook 15 s (Twilio, "Webhooks: connection overrides") and the caller less patience: all tries together.
LEAST_SECONDS, MOST_SECONDS = 0.5, 6.0
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")


class DefinitionError(ValueError):
    """A definition that cannot be; the message is `FIELD: code`."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One connector."""

    kind: str  # orders, customers
    url: str  # with {order_number} or {number} in it
    method: str = "GET"
    header: str = ""  # that carries the secret, "" for none
    prefix: str = ""  # before the secret in the header: "Bearer "
    timeout_seconds: float = 3.0  # for all tries together
    tries: int = 2
    mapping: Mapping[str, str] = field(default_factory=dict)  # our field -> JMESPath into the answer
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # our field -> their word -> ours

    def address(self, asked: str) -> str:
        """The address that is asked for this order or number."""
        name = ASKED_BY[self.kind]
        return self.url.replace("{" + name + "}", quote(asked, safe=""))

    def mapped(self, answer: Any) -> dict[str, Any]:
        """What the answer says, by our names; only what is there."""
        found = {}
        for name, expression in self.mapping.items():
            try:
                value = jmespath.search(expression, answer)
            except JMESPathError:
                # A function that does not fit what is there: as if nothing were.
                value = None
            if isinstance(value, list) and name != "numbers":
                value = ", ".join(str(one) for one in value if one is not None)
            words = self.values.get(name, {})
            found[name] = words.get(str(value), value)
        return {name: value for name, value in found.items() if value not in (None, "", [])}

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON, as `definition_of` takes it."""
        return {
            "url": self.url, "method": self.method, "header": self.header, "prefix": self.prefix,
            "timeout_seconds": self.timeout_seconds, "tries": self.tries, "mapping": dict(self.mapping),
            "values": {name: dict(words) for name, words in self.values.items()},
        }  # fmt: skip


def definition_of(kind: str, document: Mapping[str, Any]) -> Definition:
    """Read a definition. Raises `DefinitionError`."""
    if kind not in KINDS:
        raise DefinitionError("kind: unknown")
    unknown = set(document) - {"url", "method", "header", "prefix", "timeout_seconds", "tries", "mapping", "values"}
    if unknown:
        raise DefinitionError(f"{min(unknown)}: unknown")
    header = str(document.get("header", "")).strip()
    if header and not _HEADER.fullmatch(header):
        raise DefinitionError("header: unreadable")
    prefix = str(document.get("prefix", ""))
    longest_prefix = 20
    if len(prefix) > longest_prefix or not prefix.isprintable():
        raise DefinitionError("prefix: unreadable")
    method = str(document.get("method", "GET")).upper()
    if method not in METHODS:
        raise DefinitionError("method: unknown")
    return Definition(
        kind=kind, url=_url(kind, document.get("url", ""), method=method), method=method, header=header, prefix=prefix,
        timeout_seconds=_seconds(document.get("timeout_seconds", 3.0)), tries=_tries(document.get("tries", 2)),
        mapping=_mapping(kind, document.get("mapping", {})), values=_values(kind, document.get("values", {})),
    )  # fmt: skip


def _url(kind: str, raw: Any, *, method: str) -> str:
    url = str(raw).strip()
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(url) if name is not None}
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise DefinitionError("url: unreadable") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(url) > LONGEST_ADDRESS or not url.isascii():
        raise DefinitionError("url: unreadable")
    if any(sign.isspace() for sign in url):
        raise DefinitionError("url: unreadable")
    if parts.username is not None or parts.password is not None:
        raise DefinitionError("url: secret_in_address")
    if names - {ASKED_BY[kind]} or "{" in parts.netloc:
        raise DefinitionError("url: unknown_placeholder")
    if method == "GET" and not names:
        raise DefinitionError("url: no_placeholder")
    return url


def _seconds(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not LEAST_SECONDS <= raw <= MOST_SECONDS:
        raise DefinitionError("timeout_seconds: out_of_range")
    return float(raw)


def _tries(raw: Any) -> int:
    most = 3
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= most:
        raise DefinitionError("tries: out_of_range")
    return raw


def _mapping(kind: str, raw: Any) -> Mapping[str, str]:
    if not isinstance(raw, Mapping):
        raise DefinitionError("mapping: unreadable")
    known = {*names_of(kind), *((CUSTOMER_NAME,) if kind == ORDERS else ())}
    mapping = {}
    for name, expression in raw.items():
        if name not in known or not isinstance(expression, str):
            raise DefinitionError("mapping: unknown_field")
        if not expression.strip():
            continue
        if len(expression) > LONGEST_EXPRESSION:
            raise DefinitionError(f"mapping.{name}: too_long")
        try:
            jmespath.compile(expression)
        except (JMESPathError, RecursionError):
            raise DefinitionError(f"mapping.{name}: no_jmespath") from None
        mapping[name] = expression.strip()
    if key_of(kind) not in mapping:
        raise DefinitionError(f"mapping.{key_of(kind)}: missing")
    return mapping


def _values(kind: str, raw: Any) -> Mapping[str, Mapping[str, str]]:
    most = 100
    if not isinstance(raw, Mapping) or not set(raw) <= set(names_of(kind)):
        raise DefinitionError("values: unreadable")
    if not all(
        isinstance(words, Mapping)
        and len(words) <= most
        and all(isinstance(one, str) and isinstance(other, str) for one, other in words.items())
        for words in raw.values()
    ):
        raise DefinitionError("values: unreadable")
    return {name: dict(words) for name, words in raw.items()}
