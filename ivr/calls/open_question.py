"""The question that a call stands at, as it is kept until its answer comes: what is asked, how it is listened to, and by whom.

It is written with the question's document and read by whoever meets the answer: the next webhook, or our media socket.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from ivr.flow.steps import Ask


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """Something that is said to the caller."""

    text: str
    language: str  # it, en
    recording: str = ""  # key of the prompt whose recording is played in place of the text, "" for none
    markup: str = ""  # the text with its SSML, "" for none


@dataclass(frozen=True, kw_only=True)
class OpenQuestion:
    """One question; the times that are None are those of the kind of answer."""

    expect: str = "request"  # a value of `Expect`
    intents: tuple[str, ...] = ()
    slot: str = ""
    previous: str = ""  # the value that is read back for a yes or no: the answer may correct it
    words: tuple[str, ...] = ()  # the node's own, such as names of products
    min_keys: int = 1
    max_keys: int = 1
    timeout_seconds: float = 5.0
    after_words_seconds: float | None = None
    longest_seconds: float | None = None
    barge_in: bool = True
    sensitivity: str = "normal"  # how easily a voice stops the prompt: low, normal, high
    secret: bool = False  # what is answered is kept nowhere: neither words so far nor sound
    # Who listens: "carrier" or "stream"; and how many times that has been changed for this very question.
    listened_by: str = "carrier"
    attempt: int = 0
    lost: str = ""  # why our own listening gave the question to the carrier, "" if it did not
    prompts: tuple[Spoken, ...] = ()  # what it is asked with, kept where our own listening may have to give it away
    streams_prompts: bool = False  # whether our media socket says them; else the carrier has been told to

    @classmethod
    def asked(
        cls, ask: Ask, *, listened_by: str, prompts: tuple[Spoken, ...] = (), streams_prompts: bool = False
    ) -> Self:
        """The question of a step of the flow."""
        return cls(
            expect=ask.expect.value,
            intents=ask.intents,
            slot=ask.slot,
            previous=ask.previous,
            words=ask.words,
            min_keys=ask.min_keys,
            max_keys=ask.max_keys,
            timeout_seconds=ask.timeout_seconds,
            after_words_seconds=ask.after_words_seconds,
            longest_seconds=ask.longest_seconds,
            barge_in=ask.barge_in,
            sensitivity=ask.sensitivity,
            secret=ask.secret,
            listened_by=listened_by,
            prompts=prompts,
            streams_prompts=streams_prompts,
        )

    @classmethod
    def read(cls, kept: str) -> Self:
        """Read what `to_json` wrote; what another version of the service did not know has its default."""
        content: Mapping[str, Any] = json.loads(kept) if kept else {}
        known = {one.name: content[one.name] for one in fields(cls) if one.name in content}
        for name in known.keys() & {"intents", "words"}:
            known[name] = tuple(known[name])
        if "prompts" in known:
            known["prompts"] = tuple(Spoken(**one) for one in known["prompts"])
        return cls(**known)

    def to_json(self) -> str:
        """What is kept with the call."""
        return json.dumps(asdict(self), ensure_ascii=False)
