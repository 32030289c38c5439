"""What lies sealed opens in its own place alone, whole or not at all."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biometrics.seals import (
    KeptSamples,
    Unreadable,
    about,
    open_samples,
    open_text,
    packed,
    seal_samples,
    seal_text,
    unpacked,
)
from sealing.keys import KeyRing
from tests.keys import RING, key
from tests.voices import utterances, voice_of

KEPT = KeptSamples(samples=tuple(utterances(0, 3)), enrolled=2, encoder="line-ge2e:1", channel="telephone")


def opened(
    sealed: bytes, *, bound_to: str = "voiceprints/c1", encoder: str = "line-ge2e:1", ring: KeyRing = RING
) -> object:
    return open_samples(ring, sealed, bound_to=bound_to, encoder=encoder, channel="telephone")


def test_samples_come_back_as_they_were_kept() -> None:
    kept = opened(seal_samples(RING, KEPT, bound_to="voiceprints/c1"))
    assert isinstance(kept, KeptSamples)
    assert (kept.enrolled, kept.encoder, kept.channel) == (2, "line-ge2e:1", "telephone")
    for one, other in zip(kept.samples, KEPT.samples, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert (one.net_speech_seconds, one.quality) == (other.net_speech_seconds, other.quality)


def test_in_another_place_for_another_encoder_or_with_another_key_nothing_opens() -> None:
    sealed = seal_samples(RING, KEPT, bound_to="voiceprints/c1")
    assert isinstance(opened(sealed, bound_to="voiceprints/c2"), Unreadable)
    assert isinstance(opened(sealed, encoder="line-ge2e:2"), Unreadable)
    assert isinstance(opened(sealed, ring=KeyRing.read(key("otherkey"))), Unreadable)


@settings(deadline=None)
@given(st.binary(max_size=80), st.integers(0, 200), st.integers(1, 255))
def test_forged_bytes_never_yield_a_sample(rubbish: bytes, at: int, flipped: int) -> None:
    sealed = bytearray(seal_samples(RING, KEPT, bound_to="voiceprints/c1"))
    sealed[at % len(sealed)] ^= flipped
    assert isinstance(opened(bytes(sealed)), Unreadable)
    assert isinstance(opened(rubbish), Unreadable)
    assert isinstance(open_text(RING, rubbish, bound_to="voice_challenges/c1/CA1/code"), Unreadable)


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"samples": [{}]}', '{"samples": 3}', "\xff"])
def test_well_sealed_rubbish_is_no_sample_either(content: str) -> None:
    assert isinstance(opened(seal_text(RING, content, bound_to="voiceprints/c1")), Unreadable)


def test_a_well_sealed_vector_without_direction_is_no_sample() -> None:
    content = {"encoder": "line-ge2e:1", "channel": "telephone", "enrolled": 1}
    sample = {"embedding": packed((0.0, 0.0)), "net_speech_seconds": 3.0, "quality": {}}
    text = json.dumps({**content, "samples": [sample]})
    assert isinstance(opened(seal_text(RING, text, bound_to="voiceprints/c1")), Unreadable)


@settings(deadline=None)
@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_two_places_are_never_taken_for_one(customer: str, rest: str, other: str, other_rest: str) -> None:
    same = (customer, rest) == (other, other_rest)
    assert (about("call_voices", customer, rest) == about("call_voices", other, other_rest)) == same


def test_plain_identifiers_read_as_they_are() -> None:
    assert about("call_voices", "c1", "CA7", 3) == "call_voices/c1/CA7/3"


def test_an_embedding_survives_its_packing() -> None:
    assert unpacked(packed(voice_of(3))) == voice_of(3)
