"""What is wrong in a file that people write: one record a problem, with the place and what to do. Nothing here decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from prompts.told import Told

# How alike two names are of which one is a slip of the other: one letter of four (`difflib`'s own measure is 0.6, and takes
# `say_late` for `say_closed`).
_ALIKE = 0.72


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One problem, for the person who wrote the file."""

    file: str
    line: int  # from 1; 0 when the file as a whole is meant
    place: str  # "node ask_order", "prompt greeting", "" for the file as a whole
    message: str
    remedy: str  # what to do
    code: str = ""  # the word of the schema or of the reader that it breaks, "" for a rule of the checker

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.file}:{self.line}: {place}{self.message}. {self.remedy}."


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that was probably meant, "" where none is like it."""
    found = get_close_matches(name, sorted(known), n=1, cutoff=_ALIKE)
    return found[0] if found else ""


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return a remedy that begins with the name that was probably meant, where there is one."""
    meant = nearest(name, known)
    return Told("Did you mean '%(meant)s'? %(otherwise)s", meant=meant, otherwise=otherwise) if meant else otherwise
