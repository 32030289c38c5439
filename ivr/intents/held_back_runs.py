"""Judges phrasebooks on held-back phrases beside the calls: one at a time, each once, with progress for whoever waits.

The work is done by a process of its own (`ivr.intents.held_back_work`); what it finds lies in the folder of models, for every
process of the service. New phrases are encoded here, since the encoder is here.
"""

import json
import logging
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from ivr.intents import cache
from ivr.intents.held_back import Judged, bare, judged, judged_others, rows_of
from ivr.intents.held_back_work import STEPS
from ivr.intents.phrases import Phrasebook, document_of
from ivr.intents.understanding import Understanding, encoded, training_rows
from ivr.intents.understandings import Understandings

_log = logging.getLogger(__name__)
KEPT: Final = 4
# Ten times what it takes on a machine that does nothing else (shipped phrases: some twenty seconds).
LONGEST_SECONDS: Final = 300.0
# Encoding new phrases counts as one step of all.
_STEPS: Final = STEPS + 1


@dataclass(frozen=True, kw_only=True)
class Ready:
    """It is judged."""

    understanding: Understanding
    answers: tuple[Judged, ...]  # its own phrases, in the order of `rows_of`


@dataclass(frozen=True, kw_only=True)
class Underway:
    """It is being judged, or waits for another to be."""

    done: int
    steps: int


@dataclass(frozen=True, kw_only=True)
class Failed:
    """It could not be judged; the log says more."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class NotBegun:
    """Nobody has asked for it."""


Standing: TypeAlias = Ready | Underway | Failed | NotBegun


class HeldBackRuns:
    """The runs of one process. Safe from several threads."""

    def __init__(self, understandings: Understandings) -> None:
        """Take where understandings come from: their encoder, and the folder of models."""
        self._understandings = understandings
        self._kept: OrderedDict[str, Ready] = OrderedDict()
        self._standing: dict[str, Underway | Failed] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._own_folder: tempfile.TemporaryDirectory[str] | None = None

    def standing(self, book: Phrasebook) -> Standing:
        """How far it is with a phrasebook. What another process has found is found here too."""
        with self._lock:
            found = self._kept.get(book.digest) or self._standing.get(book.digest)
        if found is not None:
            return found
        return self._read(book) or NotBegun()

    def begin(self, book: Phrasebook) -> Standing:
        """Begin to judge a phrasebook, on a thread that waits for its process, unless it is judged or under way."""
        standing = self.standing(book)
        if isinstance(standing, Ready | Underway):
            return standing
        begun = Underway(done=0, steps=_STEPS)
        with self._lock:
            under_way = self._standing.get(book.digest)
            if isinstance(under_way, Underway):
                return under_way
            self._standing[book.digest] = begun
        threading.Thread(target=self._run, args=(book,), name=f"held-back-{book.digest[:8]}", daemon=True).start()
        return begun

    def result(self, book: Phrasebook) -> Ready | Failed:
        """Judge a phrasebook and wait for it: for whoever may wait, a gate or a command."""
        standing = self.standing(book)
        if not isinstance(standing, Ready):
            standing = self._run(book)
        return standing

    def answers_to(self, ready: Ready, rows: Sequence[tuple[str, str, str]]) -> tuple[Judged, ...]:
        """How phrases are answered, each held back from the phrasebook or unknown to it: language, text, the right intent."""
        own = {(one.language, one.text): one for one in ready.answers}
        others = [row for row in rows if (row[0], row[1]) not in own]
        made = self._understandings
        vectors = encoded(bare(others), made.encoder, made.cache_folder, made.vectors_folder) if others else None
        answered = {(one.language, one.text): one for one in judged_others(ready.understanding, others, vectors)}
        return tuple(
            Judged(language=language, text=text, truth=truth, answered=one.answered, chance=one.chance)
            for language, text, truth in rows
            for one in (own.get((language, text)) or answered[language, text],)
        )

    def _run(self, book: Phrasebook) -> Ready | Failed:
        found: Ready | Failed
        with self._turn:
            try:
                found = self._read(book) or self._work(book)
            except (OSError, ValueError, RuntimeError) as error:
                _log.exception("the phrases could not be judged")
                found = Failed(reason=type(error).__name__)
        with self._lock:
            if isinstance(found, Ready):
                self._standing.pop(book.digest, None)
                self._kept[book.digest] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            else:
                self._standing[book.digest] = found
        return found

    def _work(self, book: Phrasebook) -> Ready | Failed:
        made, folder = self._understandings, self._folder()
        texts, _, _ = training_rows(book)
        encoded(texts, made.encoder, folder, made.vectors_folder)
        self._tell(book, 1)
        order: Mapping[str, Any] = {
            "document": document_of(book),
            "folder": str(folder),
            "encoder": self._encoder_name,
            "vectors": [str(one) for one in (folder, made.vectors_folder) if one],
        }
        # Our own module, our own interpreter: nothing of a caller's or a reader's is in the command.
        with subprocess.Popen(
            [sys.executable, "-m", "ivr.intents.held_back_work"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            watch = threading.Timer(LONGEST_SECONDS, process.kill)
            watch.start()
            try:
                self._follow(book, process, json.dumps(order))
            finally:
                watch.cancel()
        return self._read(book) or Failed(reason="unfinished")

    def _follow(self, book: Phrasebook, process: "subprocess.Popen[str]", order: str) -> None:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        process.stdin.write(order + "\n")
        process.stdin.close()
        for line in process.stdout:
            if line.strip().isdigit():
                self._tell(book, 1 + int(line))

    def _tell(self, book: Phrasebook, done: int) -> None:
        with self._lock:
            self._standing[book.digest] = Underway(done=done, steps=_STEPS)

    def _read(self, book: Phrasebook) -> Ready | None:
        """What lies in the folder of models already."""
        folder = self._folder()
        rows = rows_of(book)
        classes = len({intent for _, _, intent in rows})
        scores = cache.read_held_back(cache.held_back_file(folder, book.digest, self._encoder_name), len(rows), classes)
        classifier = cache.read_classifier(cache.classifier_file(folder, book.digest, self._encoder_name))
        if scores is None or classifier is None:
            return None
        understanding = self._understandings.of(book)
        ready = Ready(understanding=understanding, answers=judged(understanding, scores))
        with self._lock:
            self._kept[book.digest] = ready
        return ready

    def _folder(self) -> Path:
        if self._understandings.cache_folder is not None:
            return self._understandings.cache_folder
        with self._lock:
            if self._own_folder is None:
                self._own_folder = tempfile.TemporaryDirectory(prefix="centralino-held-back-")
            return Path(self._own_folder.name)

    @property
    def _encoder_name(self) -> str:
        encoder = self._understandings.encoder
        return encoder.name if encoder else "none"
