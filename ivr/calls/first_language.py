"""In which language a call begins, before the caller has said a word: by the number's country. Pure.

A customer's own language on file, the caller's wish by word or key, and what else the flow brings come later and win.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ivr.telephony.requests import country_of

# Countries (ISO 3166) where nearly everybody speaks one of our languages every day (CLDR, language-territory information).
# All others, and hidden numbers too, begin in the company's own language.
LANGUAGE_OF_COUNTRY: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("IT", "SM", "VA"), "it"),
        **dict.fromkeys(("GB", "GG", "JE", "IM", "GI", "IE", "US", "CA", "AU", "NZ", "MT"), "en"),
    }
)


def first_language(number: str, *, spoken: Sequence[str], default: str, of_line: str = "") -> str:
    """The language of the number that was dialled, else of the caller's country if the flow speaks it, else the company's."""
    if of_line in spoken:
        return of_line
    language = LANGUAGE_OF_COUNTRY.get(country_of(number), default)
    return language if language in spoken else default
