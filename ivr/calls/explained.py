"""From what is kept of a turn's hearing (JSON) to the record that explains it. What it does not know is left out.

The keys are those of `ivr.speech.turn.Turn`; `by` is who heard it, `words` and `alternatives` are lists of objects. A reader is
told "unsure" where the flow would have the value read back.
"""

import json
from collections.abc import Mapping
from typing import Any

from ivr.calls.context import HeardWord, Hearing, OtherReading
from ivr.flow.values import UNSURE_BELOW

KEYS = "keys"


def hearing_of(kept: str, *, heard: str, keys: str) -> Hearing | None:
    """How a turn was heard; None where nothing of it is kept. Alternatives that read the same words explain nothing."""
    read = _read(kept)
    if not read:
        return None
    confidence = _number(read.get("confidence"))
    return Hearing(
        by=KEYS if keys else str(read.get("by") or ""),
        confidence=confidence,
        is_sure=None if confidence is None else confidence >= UNSURE_BELOW,
        words=tuple(_word(one) for one in _objects(read.get("words"))),
        alternatives=tuple(
            OtherReading(text=one["text"], confidence=_number(one.get("confidence")), by=str(one.get("by") or ""))
            for one in _objects(read.get("alternatives"))
            if one["text"] != heard
        ),
        seconds=_number(read.get("seconds")),
        speech_seconds=_number(read.get("speech_seconds")),
        first_word_seconds=_number(read.get("first_word_seconds")),
        ended=str(read.get("ended") or ""),
        interrupted_prompt=bool(read.get("interrupted_prompt")),
        late_messages=int(_number(read.get("late_messages")) or 0),
        lost_seconds=_number(read.get("lost_seconds")) or 0.0,
        refused_messages=int(_number(read.get("refused_messages")) or 0),
        failure=str(read.get("failure") or ""),
    )


def _read(kept: str) -> Mapping[str, Any]:
    try:
        read = json.loads(kept or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _word(one: Mapping[str, Any]) -> HeardWord:
    confidence = _number(one.get("confidence"))
    return HeardWord(text=one["text"], confidence=confidence, is_sure=confidence is None or confidence >= UNSURE_BELOW)


def _objects(value: object) -> tuple[Mapping[str, Any], ...]:
    """Those that have a text."""
    listed = value if isinstance(value, list) else []
    return tuple(one for one in listed if isinstance(one, dict) and isinstance(one.get("text"), str) and one["text"])


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
