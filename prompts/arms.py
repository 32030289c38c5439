"""Which of two wordings a call hears: a hash of the call and the prompt decides, so that a call hears the same one throughout."""

import hashlib
from enum import StrEnum

_OF_A_HASH = 2**64


class Arm(StrEnum):
    """The two wordings of a prompt that is tried."""

    A = "a"  # the prompt's own text
    B = "b"  # its alternative


def arm_of(call_id: str, key: str, *, share: int) -> Arm:
    """The arm of a call: of a hundred calls `share` hear the alternative. Prompts are drawn independently of each other."""
    drawn = int.from_bytes(hashlib.sha256(f"{call_id}/{key}".encode()).digest()[:8], "big")
    return Arm.B if drawn * 100 < share * _OF_A_HASH else Arm.A
