"""A catalogue that notes what is worded with it: which prompt a caller's words are, for the story of a trial."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from types import MappingProxyType
from typing import Final

from prompts.arms import Arm
from prompts.catalogue import Catalogue, Said
from prompts.spoken import Value

# What the keys of prompts begin with that fill another one's placeholder (`prompts.catalogue`).
_CHOICE: Final = "choice."


class Noted:
    """Which prompt stands behind a text that was said."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: dict[str, str] = {}

    def note(self, text: str, key: str) -> None:
        """Remember that a text is a prompt's."""
        # A choice is said inside of another prompt.
        if not key.startswith(_CHOICE):
            with self._lock:
                self._keys[text] = key

    def key_of(self, text: str) -> str:
        """The prompt of a whole text, "" for none."""
        with self._lock:
            return self._keys.get(text, "")

    def keys_in(self, said: str) -> tuple[str, ...]:
        """The prompts that were said one after the other, with a space between."""
        return tuple(key for _, key in self.pieces(said) if key)

    def pieces(self, said: str) -> tuple[tuple[str, str], ...]:
        """The texts of prompts that were said one after the other, each with its key; "" stands for words of nobody's."""
        with self._lock:
            known = sorted(self._keys.items(), key=lambda one: -len(one[0]))
        pieces: list[tuple[str, str]] = []
        rest = said
        while rest:
            found = next(((text, key) for text, key in known if text and rest.startswith(text)), (rest, ""))
            pieces.append(found)
            rest = rest[len(found[0]) :].lstrip()
        return tuple(pieces)


@dataclass(frozen=True, kw_only=True)
class NotingCatalogue(Catalogue):
    """A catalogue as any other, whose wordings are noted."""

    noted: Noted = field(default_factory=Noted)

    def said(
        self,
        key: str,
        *,
        language: str,
        variant: int = 0,
        values: Mapping[str, Value] = MappingProxyType({}),
        arm: Arm = Arm.A,
    ) -> Said:
        """Word a prompt, and note it."""
        words = super().said(key, language=language, variant=variant, values=values, arm=arm)
        # The n-th reprompt of a prompt is told apart from the prompt itself.
        self.noted.note(words.text, f"{key}/{variant}" if variant else key)
        return words


def noting(catalogue: Catalogue, noted: Noted) -> Catalogue:
    """The same catalogue, whose wordings are noted."""
    return NotingCatalogue(company=catalogue.company, prompts=catalogue.prompts, noted=noted)
