"""Columns of words and sound that lie sealed in the database, each value bound to the row that it belongs to.

A table says `heard = SealedText("call_id", "turn")`; from then on a record's `heard` is read and set as any text. In the database
the value is sealed about "turns.heard/CALL_ID/TURN", so that it opens in no other row. It is opened when it is read from the
record, not when the record is loaded: a row that somebody forged spoils no list. The empty value stays empty, unsealed, so that a
statement may ask whether there is anything; nothing else about a sealed column can be asked of the database.
"""

import binascii
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Self, TypeVar, overload

from sqlalchemy import Connection, Dialect, Engine, LargeBinary, SQLColumnExpression, Text
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from sealing.keys import KeyRing, SealBrokenError, is_sealed

# Sealed words begin with this in the database, base64 follows.
_PREFIX: Final = "sealed:"
_RING: Final = "key_ring"  # an attribute of the engine's dialect, which every use of a column gets to see

_log = logging.getLogger(__name__)

Plain = TypeVar("Plain", str, bytes)
Stored = str | bytes


class NoKeyRingError(Exception):
    """The engine has no key ring, so that nothing sealed can be read or kept through it."""


def use(engine: Engine, ring: KeyRing) -> None:
    """Seal and open everything that goes through this engine with these keys."""
    setattr(engine.dialect, _RING, ring)


def ring_of(bind: Engine | Connection) -> KeyRing:
    """The keys that go with an engine or one of its connections. Raises `NoKeyRingError` where there are none."""
    return _ring_of(bind.dialect)


def about(table: str, column: str, key: Sequence[object]) -> str:
    """What a sealed value is bound to: its column and its row's key."""
    # A slash inside a part is no border.
    return "/".join([f"{table}.{column}", *(str(part).replace("%", "%25").replace("/", "%2F") for part in key)])


@dataclass(frozen=True, eq=False)
class Unsealed:
    """A value on its way into the database; what it is about is asked when it goes there."""

    plain: Stored = field(repr=False)
    about: Callable[[], str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A value as it came from the database."""

    stored: Stored
    ring: KeyRing


Cell = Sealed | Unsealed | Stored


class SealedCell(TypeDecorator[Cell]):
    """The type of a sealed column in the database; `key` are the columns that a value is bound to beside its own name."""

    impl: type[TypeEngine[Any]] = Text
    cache_ok = True

    def __init__(self, key: tuple[str, ...]) -> None:
        super().__init__()
        self.key = key

    def process_bind_param(self, value: Cell | None, dialect: Dialect) -> Stored | None:
        """Seal what is on its way in; only the empty value goes as it is."""
        match value:
            case None | "" | b"":
                return value
            case Sealed():
                return value.stored
            case Unsealed():
                return self.seal(_ring_of(dialect), value.plain, value.about())
            case _:
                raise TypeError("a sealed column takes only what goes through SealedText or SealedBytes")

    def process_result_value(self, value: Stored | None, dialect: Dialect) -> Cell | None:
        """Leave it closed until it is asked for."""
        return Sealed(stored=value, ring=_ring_of(dialect)) if value else value

    @staticmethod
    def seal(ring: KeyRing, plain: Stored, bound_to: str) -> Stored:
        """The value as the database keeps it."""
        text = plain.encode() if isinstance(plain, str) else plain
        return _PREFIX + binascii.b2a_base64(ring.seal(text, about=bound_to), newline=False).decode()

    @staticmethod
    def sealed(stored: Stored) -> bytes | None:
        """The sealed bytes of what the database keeps; None where it lies in plain."""
        if not isinstance(stored, str) or not stored.startswith(_PREFIX):
            return None
        try:
            value = binascii.a2b_base64(stored.removeprefix(_PREFIX), strict_mode=True)
        except ValueError:
            return None
        return value if is_sealed(value) else None


class SealedBytesCell(SealedCell):
    """The same for bytes, which need no prefix and no base64."""

    impl = LargeBinary
    cache_ok = True

    @staticmethod
    def seal(ring: KeyRing, plain: Stored, bound_to: str) -> Stored:
        """The value as the database keeps it."""
        return ring.seal(plain if isinstance(plain, bytes) else plain.encode(), about=bound_to)

    @staticmethod
    def sealed(stored: Stored) -> bytes | None:
        """The sealed bytes of what the database keeps; None where it lies in plain."""
        return stored if isinstance(stored, bytes) and is_sealed(stored) else None


class _SealedColumn(Generic[Plain]):
    """What a record shows of a sealed column, and what statements beside the record need."""

    _cell: type[SealedCell]
    _empty: Plain
    _of_bytes: Callable[[bytes], Plain]

    def __init__(self, *key: str) -> None:
        self._key = key

    def __set_name__(self, owner: Any, name: str) -> None:
        """Give the table its column; the record's own attribute for it is `sealed_NAME`."""
        self._owner, self._name, self._attribute = owner, name, f"sealed_{name}"
        setattr(owner, self._attribute, mapped_column(name, self._cell(self._key), nullable=False, default=self._empty))

    @overload
    def __get__(self, record: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, record: object, owner: Any) -> Plain: ...
    def __get__(self, record: object | None, owner: Any) -> Self | Plain:
        if record is None:
            return self
        cell = getattr(record, self._attribute)
        return self._opened(cell, lambda: self._about_record(record))

    def __set__(self, record: object, plain: Plain) -> None:
        setattr(record, self._attribute, Unsealed(plain, lambda: self._about_record(record)) if plain else plain)

    @property
    def column(self) -> SQLColumnExpression[Cell]:
        """The column for a statement: to be selected, or compared with the empty value."""
        attribute: SQLColumnExpression[Cell] = getattr(self._owner, self._attribute)
        return attribute

    def kept(self, plain: Plain, **key: object) -> Cell:
        """A value for a statement that writes the row of this key."""
        return Unsealed(plain, lambda: self._about(key)) if plain else plain

    def opened(self, cell: Cell | None, **key: object) -> Plain:
        """What a statement read from the row of this key. Raises `SealBrokenError`."""
        return self._opened(cell, lambda: self._about(key))

    def _opened(self, cell: Cell | None, bound_to: Callable[[], str]) -> Plain:
        if isinstance(cell, Unsealed) and isinstance(cell.plain, type(self._empty)):
            return cell.plain
        if not isinstance(cell, Sealed):
            return self._empty
        sealed = self._cell.sealed(cell.stored)
        if sealed is None:
            raise SealBrokenError(f"{bound_to()}: it lies there in plain, and nobody can say who wrote it")
        return self._of_bytes(cell.ring.open(sealed, about=bound_to()))

    def _about_record(self, record: object) -> str:
        return self._about({name: getattr(record, name) for name in self._key})

    def _about(self, key: Mapping[str, object]) -> str:
        parts = [key[name] for name in self._key]
        if None in parts:
            raise ValueError(f"{self._name} can be kept once {' and '.join(self._key)} are known")
        return about(self._owner.__tablename__, self._name, parts)


@overload
def if_it_opens(record: object, name: str, otherwise: str) -> str: ...
@overload
def if_it_opens(record: object, name: str, otherwise: None) -> str | None: ...
def if_it_opens(record: object, name: str, otherwise: str | None) -> str | None:
    """A record's words of this name; `otherwise`, and a line in the log, where they do not open."""
    try:
        words: str = getattr(record, name)
        return words  # noqa: TRY300 - reading is what may fail
    except SealBrokenError as error:
        _log.error("a sealed value does not open: %s", error)
        return otherwise


class SealedText(_SealedColumn[str]):
    """A column of words: `name = SealedText("customer_id")` in a table's class, with the columns that its values are bound to."""

    _cell = SealedCell
    _empty = ""
    _of_bytes = staticmethod(bytes.decode)


class SealedBytes(_SealedColumn[bytes]):
    """A column of sound: as `SealedText`, for bytes."""

    _cell = SealedBytesCell
    _empty = b""
    _of_bytes = staticmethod(bytes)


def _ring_of(dialect: Dialect) -> KeyRing:
    ring: KeyRing | None = getattr(dialect, _RING, None)
    if ring is None:
        raise NoKeyRingError("this engine was made without a key ring: nothing sealed goes through it")
    return ring
