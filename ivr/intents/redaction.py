"""What a caller said without who they are: numbers, names, addresses and email addresses give way to a word in [ ].

For phrases that admins read to teach the line. It errs on the side of taking too much: a word that no example has is a name
where names stand. What identifies somebody by the matter itself is left to whoever reads. Pure.
"""

import re
from collections.abc import Collection, Mapping
from itertools import takewhile
from types import MappingProxyType
from typing import Final

from ivr.intents.numbers import number_runs
from ivr.intents.redaction_names import GIVEN_NAMES

NUMBER, NAME, EMAIL, ADDRESS = "number", "name", "email", "address"
WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "it": MappingProxyType({NUMBER: "numero", NAME: "nome", EMAIL: "email", ADDRESS: "indirizzo"}),
        "en": MappingProxyType({NUMBER: "number", NAME: "name", EMAIL: "email", ADDRESS: "address"}),
    }
)
# What stands in for a placeholder when a phrase becomes an example: nobody's, and of the kind that callers say.
_MADE_UP: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "it": MappingProxyType(
            {NUMBER: "uno zero quattro due", NAME: "rossi", EMAIL: "mario chiocciola example punto it", ADDRESS: "via roma uno"}
        ),
        "en": MappingProxyType(
            {NUMBER: "one zero four two", NAME: "smith", EMAIL: "mary at example dot com", ADDRESS: "one high street"}
        ),
    }
)  # fmt: skip
_EMAIL = re.compile(r"\S+@\S+")
_SPOKEN_EMAIL = {
    "it": re.compile(
        r"\b[\w-]+(?: (?:punto|trattino|underscore|meno) [\w-]+)* (?:chiocciola|at) [\w-]+(?: (?:punto|trattino) [\w-]+)+",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b[\w-]+(?: (?:dot|dash|underscore|hyphen) [\w-]+)* at [\w-]+(?: (?:dot|dash) [\w-]+)+", re.IGNORECASE
    ),
}
# A word that a number stands in, whole: a postcode (SW1A), an order (AB1042), a date (3/11).
_WITH_DIGITS = re.compile(r"\S*\d\S*")
_SPELLED = re.compile(r"\b\w(?:[ .-]+\w\b){2,}")
# Up to four words of a street, and its number where one is said.
_STREET = {
    "it": re.compile(
        r"\b(?:via|viale|v\.le|piazza|piazzale|corso|largo|vicolo|strada|contrada|lungomare)\b((?: [\w'.]+){1,4}?)"
        r"(?:,? (?:numero |civico )?\d\S*(?:,? (?:a|ad|in) (?-i:[A-Z])[\w']+)?"
        r"|(?=,? (?:numero|civico)\b|[.,;!?]|$| (?:a|ad|in|e|non|per|perché|ma|che|con)\b))",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(?:\d+\w? )?((?:[\w']+ ){1,3})(?:street|road|avenue|lane|drive|close|court|square|terrace|gardens|crescent)\b",
        re.IGNORECASE,
    ),
}
_PLACE = {
    "it": re.compile(
        r"\b(?:abito|vivo|risiedo|abitiamo|sto di casa) (?:a|ad|in|al|alla) ([\w']+(?: [\w']+)?)", re.IGNORECASE
    ),
    "en": re.compile(r"\b(?:i live|we live|living|i'm based|based) (?:in|at|near) ([\w']+(?: [\w']+)?)", re.IGNORECASE),
}
# Behind these stands a name whatever it is; behind the second ones only what no example has.
_NAMED = {
    "it": re.compile(
        r"\b(?:mi chiamo|il mio nome è|il mio cognome è|(?<=nome )è|cognome|a nome(?: di)?|intestat[oa] a"
        r"|signor[ae]?|sig\.?(?:ra)?|dottor(?:essa)?|dott\.?|avvocato|ingegner)\s+((?:d[eiao]l?l?a?\s+)?[\w']+)((?:\s+[\w']+){0,2})",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(?:my name is|my name's|my surname is|surname|in the name of|under the name(?: of)?|the name is|mr\.?|mrs\.?|ms\.?"
        r"|miss|doctor|dr\.?)\s+([\w']+)((?:\s+[\w']+){0,2})",
        re.IGNORECASE,
    ),
}
_PERHAPS_NAMED = {
    "it": re.compile(r"\b(?:sono|parla|qui è|sono io)\s+([\w']+)((?:\s+[\w']+){0,1})", re.IGNORECASE),
    "en": re.compile(r"\b(?:i'm|i am|this is|it's|speaking is)\s+([\w']+)((?:\s+[\w']+){0,1})", re.IGNORECASE),
}
_PLACEHOLDER = re.compile(r"\[\w+\]")
_TWICE = re.compile(r"(\[\w+\])(?:[ ,]+\1)+")
_CAPITAL = re.compile(r"(?<=[\w,] )[A-ZÀ-Ý][a-zà-ý']+")
# One small number word counts things ("due articoli"); it is nobody's.
_FEWEST_NUMBER_WORDS = 2
_SHORTEST_NAME = 3


def redacted(text: str, language: str, *, names: Collection[str] = (), known: Collection[str] = ()) -> str:
    """Return the text without what says who spoke.

    `names` are those of whoever called, where that is known; `known` the words of the examples, which are nobody's name.
    """
    words = WORDS.get(language, WORDS["en"])

    def word(kind: str) -> str:
        return f"[{words[kind]}]"

    text = _EMAIL.sub(word(EMAIL), text.replace("\u2019", "'"))
    if language in _SPOKEN_EMAIL:
        text = _SPOKEN_EMAIL[language].sub(word(EMAIL), text)
    text = _without_addresses(text, language, known, word(ADDRESS))
    text = _without_names(text, names, word(NAME))
    text = _after(text, _NAMED.get(language), known, word(NAME), always=True)
    text = _after(text, _PERHAPS_NAMED.get(language), known, word(NAME), always=False)
    text = _without_given_names(text, known, word(NAME))
    text = _WITH_DIGITS.sub(word(NUMBER), text)
    text = _SPELLED.sub(word(NUMBER), text)
    text = _without_spoken_numbers(text, language, word(NUMBER))
    return _TWICE.sub(r"\1", text).strip()


def is_redacted(text: str) -> bool:
    """Tell whether a placeholder stands in a text."""
    return _PLACEHOLDER.search(text) is not None


def filled(text: str, language: str) -> str:
    """Return the text with something made up in each placeholder's stead, as an example for the classifier."""
    made_up = _MADE_UP.get(language, _MADE_UP["en"])
    kinds = {f"[{word}]": kind for kind, word in WORDS.get(language, WORDS["en"]).items()}
    return _PLACEHOLDER.sub(lambda found: made_up.get(kinds.get(found[0], NUMBER), ""), text)


def _without_names(text: str, names: Collection[str], placeholder: str) -> str:
    parts = {part for name in names for part in re.findall(r"[\w']+", name) if len(part) >= _SHORTEST_NAME}
    if not parts:
        return text
    one = "|".join(map(re.escape, sorted(parts, key=len, reverse=True)))
    return re.sub(rf"\b(?:{one})\b", placeholder, text, flags=re.IGNORECASE)


def _after(
    text: str, pattern: re.Pattern[str] | None, known: Collection[str], placeholder: str, *, always: bool
) -> str:
    """Take the name behind an opening, with the words behind it that no example has."""
    if pattern is None:
        return text

    def taken(found: re.Match[str]) -> str:
        first, rest = found[1], found[2].split()
        if "[" in first or (not always and first.lower() in known):
            return found[0]
        if always and first.lower() in known and not rest:
            return found[0]
        kept = list(rest)
        while kept and kept[0].lower() not in known and len(kept[0]) >= _SHORTEST_NAME and not kept[0].startswith("["):
            kept.pop(0)
        return " ".join((found[0][: found.start(1) - found.start()] + placeholder, *kept))

    return pattern.sub(taken, text)


def _without_given_names(text: str, known: Collection[str], placeholder: str) -> str:
    """Take given names that everybody knows, and what a recogniser wrote as a name in the middle of a sentence."""
    text = _CAPITAL.sub(lambda found: found[0] if found[0].lower() in known else placeholder, text)
    return re.sub(
        r"[\w']+",
        lambda found: placeholder if found[0].lower() in GIVEN_NAMES and found[0].lower() not in known else found[0],
        text,
    )


def _without_spoken_numbers(text: str, language: str, placeholder: str) -> str:
    words = text.split()
    for run in sorted(
        number_runs([word.lower().strip(".,;!?") for word in words], language), key=lambda run: -run.start
    ):
        if run.end - run.start >= _FEWEST_NUMBER_WORDS:
            words[run.start : run.end] = [placeholder]
    return " ".join(words)


def _without_addresses(text: str, language: str, known: Collection[str], placeholder: str) -> str:
    street, place = _STREET.get(language), _PLACE.get(language)
    if street is not None:

        def taken(found: re.Match[str]) -> str:
            named = [word.lower() for word in found[1].split()]
            if all(word in known for word in named):
                return found[0]
            # Before an English street stand words of the sentence too.
            led = len(list(takewhile(known.__contains__, named))) if found.start(1) == found.start() else 0
            return " ".join((*found[1].split()[:led], placeholder))

        text = street.sub(taken, text)
    if place is not None:
        text = place.sub(lambda found: found[0][: found.start(1) - found.start()] + placeholder, text)
    return text
