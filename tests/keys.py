"""A fixed key ring for tests: what is sealed with it protects nothing."""

import base64
import hashlib

from sealing.keys import KeyRing


def key(key_id: str) -> str:
    """An entry of a key ring that is the same each time."""
    return f"{key_id}:{base64.b64encode(hashlib.sha256(key_id.encode()).digest()).decode()}"


DATA_KEYS = key("testkey1")
RING = KeyRing.read(DATA_KEYS)
