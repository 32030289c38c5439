"""The key ring: what seals and opens everything that the database must not show to whoever takes its file.

AES-256-GCM (NIST SP 800-38D). A sealed value is bound to what it is about: put anywhere else, it does not open. Where values are
kept, and which, is left to others.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# A sealed value: this byte, the id of its key, a nonce, the ciphertext with its tag.
_VERSION: Final = b"\x01"
_ID_BYTES: Final = 8
_KEY_BYTES: Final = 32  # AES-256
# SP 800-38D 5.2.1.1 and 8.3: a random nonce of 96 bits serves 2**32 values of one key, a tag has 128 bits.
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEADER_BYTES: Final = len(_VERSION) + _ID_BYTES
MOST_VALUES_OF_A_KEY: Final = 2**32
# What sealing adds to the bytes that are sealed.
OVERHEAD_BYTES: Final = _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES

_KEY_ID: Final = re.compile(r"[0-9a-z]{8}", re.ASCII)


class KeyRingError(Exception):
    """The text is no key ring; the message says what is wrong with it, and shows no key."""


class SealBrokenError(Exception):
    """A value does not open: changed, put in another's place, never sealed, or sealed by a key that is not on the ring."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by their ids, the newest first: the newest one seals, all open. Safe to share between threads."""

    _ciphers: Mapping[str, AESGCM] = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `ID:KEY` entries, the newest first, between commas or line ends. Raises `KeyRingError`."""
        entries = [entry.strip() for entry in re.split(r"[,\n]", text) if entry.strip()]
        if not entries:
            raise KeyRingError("there is no key")
        keys: dict[str, bytes] = {}
        for number, entry in enumerate(entries, 1):
            key_id, key = _read_entry(number, entry)
            if key_id in keys:
                raise KeyRingError(f"the id {key_id} is there twice")
            keys[key_id] = key
        if len(set(keys.values())) != len(keys):
            raise KeyRingError("one key is there under two ids")
        return cls({key_id: AESGCM(key) for key_id, key in keys.items()})

    @staticmethod
    def new_key() -> str:
        """An `ID:KEY` entry that never was before: 256 bits of the system's randomness."""
        return f"{secrets.token_hex(_ID_BYTES // 2)}:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"

    @property
    def key_ids(self) -> Sequence[str]:
        """The ids of all keys, the newest first."""
        return tuple(self._ciphers)

    @property
    def newest(self) -> str:
        """The id of the key that seals."""
        return next(iter(self._ciphers))

    def seal(self, plain: bytes, *, about: str) -> bytes:
        """Seal under the newest key what opens again only with the same `about`; two sealings of one value differ."""
        header = _VERSION + self.newest.encode()
        nonce = os.urandom(_NONCE_BYTES)
        return header + nonce + self._ciphers[self.newest].encrypt(nonce, plain, _bound(header, about))

    def open(self, sealed: bytes, *, about: str) -> bytes:
        """What was sealed about this. Raises `SealBrokenError`."""
        cipher = self._ciphers.get(self.sealed_by(sealed))
        if cipher is None:
            raise SealBrokenError(
                f"{about}: it was sealed by the key {self.sealed_by(sealed)}, which is not on the ring"
            )
        header, rest = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _bound(header, about))
        except InvalidTag:
            raise SealBrokenError(f"{about}: it was changed, or sealed about something else") from None

    @staticmethod
    def sealed_by(sealed: bytes) -> str:
        """The id of the key that sealed a value, which need not be on the ring. Raises `SealBrokenError`."""
        if not is_sealed(sealed):
            raise SealBrokenError("it is not a sealed value")
        return sealed[len(_VERSION) : _HEADER_BYTES].decode()


def is_sealed(value: bytes) -> bool:
    """Whether bytes have the form of a sealed value; whether they open is another matter."""
    key_id = value[len(_VERSION) : _HEADER_BYTES]
    has_length = len(value) >= OVERHEAD_BYTES
    return has_length and value.startswith(_VERSION) and _KEY_ID.fullmatch(key_id.decode("latin-1")) is not None


def _bound(header: bytes, about: str) -> bytes:
    return header + about.encode()


def _read_entry(number: int, entry: str) -> tuple[str, bytes]:
    key_id, colon, encoded = entry.partition(":")
    if not colon or not _KEY_ID.fullmatch(key_id):
        raise KeyRingError(
            f"entry {number} does not begin with an id of {_ID_BYTES} small letters or digits and a colon"
        )
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRingError(f"the key {key_id} is not base64") from None
    if len(key) != _KEY_BYTES:
        raise KeyRingError(f"the key {key_id} has {len(key)} bytes and not {_KEY_BYTES}")
    return key_id, key
