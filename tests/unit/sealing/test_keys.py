"""A sealed value opens with its key and about the same thing, and in no other way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealing.keys import OVERHEAD_BYTES, KeyRing, KeyRingError, SealBrokenError, is_sealed
from tests.keys import RING, key

ABOUT = "customers.name/K001"
OLD, NEW = "oldkey01", "newkey02"


@given(plain=st.binary(max_size=2000), about=st.text(max_size=80))
def test_what_is_sealed_opens_about_the_same_thing(plain: bytes, about: str) -> None:
    sealed = RING.seal(plain, about=about)
    assert RING.open(sealed, about=about) == plain
    assert len(sealed) == len(plain) + OVERHEAD_BYTES
    assert is_sealed(sealed)


@given(plain=st.binary(max_size=60), where=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_bit_that_is_flipped_breaks_the_seal(plain: bytes, where: int, bit: int) -> None:
    sealed = bytearray(RING.seal(plain, about=ABOUT))
    sealed[where % len(sealed)] ^= 1 << bit
    with pytest.raises(SealBrokenError):
        RING.open(bytes(sealed), about=ABOUT)


@given(plain=st.binary(max_size=60), about=st.text(max_size=40), other=st.text(max_size=40))
def test_it_does_not_open_about_anything_else(plain: bytes, about: str, other: str) -> None:
    if about == other:
        other += "x"
    with pytest.raises(SealBrokenError, match="about something else"):
        RING.open(RING.seal(plain, about=about), about=other)


@given(plain=st.binary(max_size=60), kept=st.integers(min_value=0))
def test_a_value_that_is_cut_short_does_not_open(plain: bytes, kept: int) -> None:
    sealed = RING.seal(plain, about=ABOUT)
    with pytest.raises(SealBrokenError):
        RING.open(sealed[: kept % len(sealed)], about=ABOUT)


@given(rubbish=st.binary(max_size=200))
def test_rubbish_never_opens_and_raises_nothing_else(rubbish: bytes) -> None:
    with pytest.raises(SealBrokenError):
        RING.open(rubbish, about=ABOUT)


def test_a_key_that_is_not_on_the_ring_is_named() -> None:
    sealed = KeyRing.read(key(OLD)).seal(b"Giulia", about=ABOUT)
    with pytest.raises(SealBrokenError, match=OLD):
        RING.open(sealed, about=ABOUT)


def test_another_key_of_the_same_id_does_not_open() -> None:
    sealed = KeyRing.read(key(OLD)).seal(b"Giulia", about=ABOUT)
    forged = KeyRing.read(f"{OLD}:{key(NEW).partition(':')[2]}")
    with pytest.raises(SealBrokenError):
        forged.open(sealed, about=ABOUT)


def test_the_newest_key_seals_and_all_open() -> None:
    old = KeyRing.read(key(OLD))
    both = KeyRing.read(f"{key(NEW)}, {key(OLD)}")
    before, after = old.seal(b"Giulia", about=ABOUT), both.seal(b"Giulia", about=ABOUT)
    assert (both.sealed_by(before), both.sealed_by(after)) == (OLD, NEW)
    assert both.open(before, about=ABOUT) == both.open(after, about=ABOUT) == b"Giulia"
    assert both.key_ids == (NEW, OLD)
    assert both.newest == NEW
    with pytest.raises(SealBrokenError):
        old.open(after, about=ABOUT)


def test_no_nonce_comes_twice_in_ten_thousand() -> None:
    nonces = {RING.seal(b"", about=ABOUT)[9:21] for _ in range(10_000)}
    assert len(nonces) == 10_000


def test_a_new_key_is_one_that_a_ring_reads_and_that_never_was() -> None:
    entries = [KeyRing.new_key() for _ in range(100)]
    assert len({entry.partition(":")[2] for entry in entries}) == len(entries)
    ring = KeyRing.read(entries[0])
    assert ring.open(ring.seal(b"x", about=ABOUT), about=ABOUT) == b"x"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no key"),
        (" , ", "no key"),
        ("a key", "entry 1 does not begin with an id"),
        (f"short:{key(OLD).partition(':')[2]}", "entry 1 does not begin with an id"),
        (f"{key(NEW)},nocolon1", "entry 2 does not begin with an id"),
        (f"{OLD}:<rubbish>", "oldkey01 is not base64"),
        (f"{OLD}:c2hvcnQ=", "has 5 bytes and not 32"),
        (f"{key(OLD)},{key(OLD)}", "oldkey01 is there twice"),
        (f"{key(OLD)},{NEW}:{key(OLD).partition(':')[2]}", "under two ids"),
    ],
)
def test_a_text_that_is_no_ring_is_refused_with_the_reason_and_without_the_key(text: str, says: str) -> None:
    with pytest.raises(KeyRingError, match=says) as refused:
        KeyRing.read(text)
    for entry in text.split(","):
        secret = entry.partition(":")[2]
        assert not secret or secret not in str(refused.value)


def test_keys_do_not_show_when_a_ring_is_printed() -> None:
    assert key("testkey1").partition(":")[2] not in repr(RING)
    assert "AESGCM" not in repr(RING)
