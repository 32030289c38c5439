"""How samples and digits lie sealed in the tables of voices, and what a seal that does not open is: a value that proves nothing.

Each value is bound to its table, its customer and the rest of its row's key; what belongs to a voice (encoder, channel) is sealed
with it, so that no column beside it can be changed unnoticed.
"""

import base64
import binascii
import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import quote

from biometrics.voiceprint import Embedding, Quality, Sample, unit_length
from sealing.keys import KeyRing, SealBrokenError


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """What lies sealed does not open, or is not what its row says: forged, swapped, or its key is gone."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class KeptSamples:
    """Samples as they lie sealed."""

    samples: tuple[Sample, ...]
    enrolled: int  # so many of them, the first, are those of an enrolment; adaptations follow
    encoder: str
    channel: str


def about(table: str, customer_id: str, *rest: object) -> str:
    """What a sealed value is bound to: TABLE/CUSTOMER_ID/REST OF THE KEY; a slash inside a part is no border."""
    return "/".join((table, *(quote(str(part), safe="") for part in (customer_id, *rest))))


def seal_samples(ring: KeyRing, kept: KeptSamples, *, bound_to: str) -> bytes:
    """Seal samples about a row."""
    content = {
        "encoder": kept.encoder,
        "channel": kept.channel,
        "enrolled": kept.enrolled,
        "samples": [
            {
                "embedding": packed(sample.embedding),
                "net_speech_seconds": sample.net_speech_seconds,
                "quality": asdict(sample.quality),
            }
            for sample in kept.samples
        ],
    }
    return ring.seal(json.dumps(content).encode(), about=bound_to)


def open_samples(
    ring: KeyRing, sealed: bytes, *, bound_to: str, encoder: str, channel: str
) -> KeptSamples | Unreadable:
    """Open what was sealed about a row, if it is what the row says."""
    try:
        content = json.loads(ring.open(sealed, about=bound_to))
        kept = KeptSamples(
            samples=tuple(_sample(one) for one in content["samples"]),
            enrolled=content["enrolled"],
            encoder=content["encoder"],
            channel=content["channel"],
        )
    except (SealBrokenError, *_MALFORMED) as error:
        return Unreadable(reason=str(error))
    if (kept.encoder, kept.channel) != (encoder, channel):
        return Unreadable(reason=f"{bound_to}: encoder or channel of the row were changed")
    return kept


def seal_text(ring: KeyRing, text: str, *, bound_to: str) -> bytes:
    """Seal words about a row."""
    return ring.seal(text.encode(), about=bound_to)


def open_text(ring: KeyRing, sealed: bytes, *, bound_to: str) -> str | Unreadable:
    """Open what was sealed about a row."""
    try:
        return ring.open(sealed, about=bound_to).decode()
    except (SealBrokenError, UnicodeDecodeError) as error:
        return Unreadable(reason=str(error))


def packed(embedding: Embedding) -> str:
    """Pack an embedding as 32-bit numbers, in letters."""
    return base64.b64encode(struct.pack(f"<{len(embedding)}f", *embedding)).decode()


def unpacked(letters: str) -> Embedding:
    """Take an embedding out of letters. Raises what `_MALFORMED` names."""
    octets = base64.b64decode(letters, validate=True)
    return unit_length(struct.unpack(f"<{len(octets) // _BYTES_A_NUMBER}f", octets))


_BYTES_A_NUMBER: Final = 4
# What reading something of another form raises; none of it can come from what we sealed ourselves.
_MALFORMED: Final = (ValueError, KeyError, TypeError, binascii.Error, struct.error)


def _sample(content: dict[str, Any]) -> Sample:
    return Sample(
        embedding=unpacked(content["embedding"]),
        net_speech_seconds=content["net_speech_seconds"],
        quality=Quality(**content["quality"]),
    )


def of_one_size(samples: Sequence[Sample]) -> bool:
    """Whether samples can come from one encoder at all."""
    return len({len(sample.embedding) for sample in samples}) <= 1
