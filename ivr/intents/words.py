"""Text as a recogniser gives it, made even: lower case, no punctuation, one space. It leaves meaning to the rules."""

import re
import unicodedata

_NOT_WORD = re.compile(r"[^\w' ]|_")
_SPACES = re.compile(r"\s+")
_LOOSE_APOSTROPHE = re.compile(r"(?<!\w)'|'(?!\w)")

# Sounds and openings that carry no meaning; stripped only where an utterance is compared as a whole.
_FILLERS = {
    "it": frozenset(
        {
            "eh",
            "ehm",
            "ehmm",
            "mm",
            "mmm",
            "uhm",
            "um",
            "ah",
            "oh",
            "allora",
            "dunque",
            "ecco",
            "guardi",
            "guarda",
            "senta",
            "senti",
            "scusi",
        }
        | {
            "scusa",
            "pronto",
            "buongiorno",
            "buonasera",
            "salve",
            "ciao",
            "cioè",
            "beh",
            "be",
            "mah",
            "insomma",
            "diciamo",
            "praticamente",
        }
    ),
    "en": frozenset(
        {
            "eh",
            "er",
            "erm",
            "um",
            "uh",
            "uhm",
            "mm",
            "mmm",
            "ah",
            "oh",
            "well",
            "so",
            "like",
            "hi",
            "hiya",
            "hello",
            "hey",
            "look",
        }
        | {"listen", "please", "love", "mate"}
    ),
}


def normalise(text: str) -> str:
    """Return the text in lower case, composed, without punctuation, apostrophes of one kind."""
    even = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'").replace("`", "'")
    even = _NOT_WORD.sub(" ", even)
    return _SPACES.sub(" ", _LOOSE_APOSTROPHE.sub(" ", even)).strip()


def without_fillers(words: str, language: str) -> str:
    """Return normalised text without hesitations and openings; the text itself where nothing else was said."""
    fillers = _FILLERS.get(language, frozenset())
    kept = [word for word in words.split() if word not in fillers]
    return " ".join(kept) if kept else words
