"""In whose voice something is said: the carrier's, a recording's, or our own as a file that the carrier fetches.

The address of a spoken prompt holds its text and language, signed: our service speaks nothing that it did not write itself.
Making the sound is `ivr.speech`'s.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from ivr.calls.company import Company, FlowVersion
from ivr.calls.open_question import Spoken
from ivr.flow.events import Value
from ivr.telephony.answers import Speak

# Addresses up to this length pass every proxy (RFC 9110, 4.1, asks for 8000 octets; old ones take 2048): a text that makes a
# longer one is left to the carrier's voice.
LONGEST_SIGNED: Final = 1800
_NO_VALUES: Final[Mapping[str, Value]] = MappingProxyType({})


def speak(company: Company, version: FlowVersion, said: Spoken) -> Speak:
    """How the carrier is told to say it: by the address of a recording or of our own voice, else in its own voice."""
    address = _address(company, version, said)
    return Speak(text=said.text, language=said.language, recording_url=address, markup=said.markup)


def own_words(
    company: Company, version: int, key: str, language: str, values: Mapping[str, Value] = _NO_VALUES
) -> Speak:
    """How the carrier is told to say a prompt that the service says by itself (`ivr.calls.own_words`)."""
    said_in = company.version(version)
    words = said_in.catalogue.said(key, language=language, values=values)
    return speak(company, said_in, Spoken(text=words.text, language=language, recording=key, markup=words.markup))


def can_be_streamed(company: Company, version: FlowVersion, said: Spoken) -> bool:
    """Whether our media socket can say it, with a recording or in our own voice."""
    return said.language in company.spoken_here or (said.recording, said.language) in version.recordings


def read_signed(company: Company, signed: str) -> Spoken | None:
    """What the address of a spoken prompt stands for; None for one that we did not write."""
    if len(signed) > LONGEST_SIGNED:
        return None
    try:
        text, language, *markup = _serializer(company).loads(signed)
    except (BadData, ValueError, TypeError):
        return None
    return Spoken(text=text, language=language, markup=markup[0] if markup else "")


def _address(company: Company, version: FlowVersion, said: Spoken) -> str:
    if (said.recording, said.language) in version.recordings:
        return company.addresses.voice(f"recording/{version.number}/{said.language}/{said.recording}.wav")
    if said.language not in company.spoken_here:
        return ""
    # The words of a text with markup stand in its markup.
    held = ["", said.language, said.markup] if said.markup else [said.text, said.language]
    signed = str(_serializer(company).dumps(held))
    return company.addresses.voice(f"spoken/{signed}.wav") if len(signed) <= LONGEST_SIGNED else ""


def _serializer(company: Company) -> URLSafeSerializer:
    return URLSafeSerializer(
        company.token_key,
        salt="spoken prompt",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
