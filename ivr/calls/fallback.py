"""What a caller hears when our own parts fail: an apology and a person at the emergency number. Needs no database, no files."""

from collections.abc import Mapping
from types import MappingProxyType

from ivr.calls.company import Company
from ivr.telephony.answers import Answer, Connect, SayAndHangUp, Speak

# Kept in code, since the catalogue may be what failed.
_CONNECTING: Mapping[str, str] = MappingProxyType({
    "it": "Ci scusi, abbiamo un problema tecnico. Le passo subito una persona.",
    "en": "We're sorry, we have a technical problem. I'm putting you through to a person now.",
})  # fmt: skip
_CALL_AGAIN: Mapping[str, str] = MappingProxyType({
    "it": "Ci scusi, abbiamo un problema tecnico. La preghiamo di richiamare fra qualche minuto.",
    "en": "We're sorry, we have a technical problem. Please call again in a few minutes.",
})  # fmt: skip


def answer(company: Company) -> Answer:
    """The apology, and the emergency number where there is one."""
    # As it was known last: the database may be what failed.
    own = company.own.last
    language = own.default_language
    if own.emergency_number:
        return Connect(prompts=(Speak(text=_CONNECTING[language], language=language),), number=own.emergency_number)
    return SayAndHangUp(prompts=(Speak(text=_CALL_AGAIN[language], language=language),))
