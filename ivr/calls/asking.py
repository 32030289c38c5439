"""How a question goes out: to the carrier's recogniser with the words that fit, or to our own media socket with the prompts.

Who listens is decided by the conductor; what is done with the answer is `ivr.calls.hearing`'s.
"""

import hashlib
import hmac
from collections.abc import Iterable

from ivr.calls import speaking
from ivr.calls.company import Company, FlowVersion
from ivr.calls.open_question import OpenQuestion, Spoken
from ivr.calls.tables import Call
from ivr.telephony.answers import Fork, Listen, Stream


def by_carrier(
    company: Company,
    version: FlowVersion,
    call: Call,
    question: OpenQuestion,
    prompts: Iterable[Spoken],
    *,
    fork: Fork | None = None,
) -> Listen:
    """The question as the carrier hears the answer to it; the sound comes to us too where a fork of it begins here."""
    return Listen(
        prompts=tuple(speaking.speak(company, version, one) for one in prompts),
        language=call.language,
        answer_path=answer_path(company, call, question),
        timeout_seconds=max(1, round(question.timeout_seconds)),
        most_keys=question.max_keys,
        hints=company.words_wanted_of(version).phrases(question, call.language),
        barge_in=question.barge_in,
        after_words_seconds=_whole(question.after_words_seconds),
        fork=fork,
    )


def by_stream(
    company: Company, version: FlowVersion, call: Call, question: OpenQuestion, prompts: Iterable[Spoken]
) -> Stream:
    """The question as our own socket hears the answer to it; what the socket says itself is not the carrier's to say."""
    said_by_carrier = () if question.streams_prompts else prompts
    return Stream(
        prompts=tuple(speaking.speak(company, version, one) for one in said_by_carrier),
        socket_url=company.addresses.socket,
        answer_path=answer_path(company, call, question),
        turn=call.turn,
        token=socket_token(company.token_key, call.call_id, call.turn),
    )


def answer_path(company: Company, call: Call, question: OpenQuestion) -> str:
    """Where what was heard goes: each time that a question goes out anew has an address of its own."""
    turn = f"turn/{call.turn}"
    return company.addresses.voice(f"{turn}/{question.attempt}" if question.attempt else turn)


def socket_token(key: bytes, call_id: str, turn: int) -> str:
    """What a media socket must show to speak for a call's turn: HMAC-SHA256, hexadecimal."""
    return hmac.new(key, f"{call_id}/{turn}".encode(), hashlib.sha256).hexdigest()


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, round(seconds))
