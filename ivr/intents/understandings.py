"""Makes understandings of whatever phrasebooks there are, with one encoder for all, and keeps the last ones.

Versions and drafts mostly share their phrases: who asks for the same phrases again gets the same understanding, at once.
"""

import threading
from collections import OrderedDict
from pathlib import Path

from ivr.intents import cache
from ivr.intents.encoders import TextEncoder
from ivr.intents.phrases import Phrasebook
from ivr.intents.understanding import Understanding, understanding_of

# A live version, the one before it, a draft and a few trials; each holds some 10 MB (shipped phrases).
KEPT = 6


class Understandings:
    """Understandings by their phrasebooks. Safe from several threads: each phrasebook is trained on once."""

    def __init__(
        self,
        encoder: TextEncoder | None,
        *,
        cache_folder: Path | None = None,
        vectors_folder: Path | None = None,
        first: Understanding | None = None,
    ) -> None:
        """Take the encoder, the folder where models are kept, and one with more vectors of known phrases.

        `first` is an understanding that is there already; its encoder is then everybody's. It is not looked at before it is
        wanted.
        """
        self._encoder = encoder
        self._first = first
        self.cache_folder = cache_folder
        self.vectors_folder = vectors_folder
        self._kept: OrderedDict[str, Understanding] = OrderedDict()
        self._lock = threading.Lock()
        self._training = threading.Lock()

    @property
    def encoder(self) -> TextEncoder | None:
        """The encoder of all of them."""
        return self._encoder if self._first is None else self._first.encoder

    def add(self, understanding: Understanding) -> None:
        """Keep one that was made elsewhere."""
        with self._lock:
            self._kept[_key(understanding.book)] = understanding
            self._kept.move_to_end(_key(understanding.book))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def known(self, book: Phrasebook) -> Understanding | None:
        """Return the understanding of a phrasebook if it is at hand; None where it would have to be trained."""
        key = _key(book)
        with self._lock:
            found = self._kept.get(key)
        if found is None and self._first is not None and _key(self._first.book) == key:
            return self._first
        return found

    def of(self, book: Phrasebook, progress: cache.Progress | None = None) -> Understanding:
        """Return the understanding of a phrasebook; trains, for some seconds, where it is not at hand."""
        found = self.known(book)
        if found is not None:
            return found
        # One training at a time: two would only share the same processor.
        with self._training:
            found = self.known(book) or understanding_of(
                book,
                self.encoder,
                cache_folder=self.cache_folder,
                vectors_folder=self.vectors_folder,
                progress=progress,
            )
        self.add(found)
        return found


def _key(book: Phrasebook) -> str:
    # The cards are part of what an understanding hands out, and no part of the phrases' digest.
    return f"{book.digest} {book.out_of_scope} {sorted(book.cards.items(), key=lambda pair: pair[0])!r}"
