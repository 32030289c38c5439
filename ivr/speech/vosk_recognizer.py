"""Recognition on our own machines by Vosk, from a folder with a model for each language. The only home of vosk.

A model is loaded once for each `VoskRecognition`: a process makes one of these and shares it among its threads. Recognisers of
free speech are kept warm from turn to turn (`ivr.speech.pool`); how one turn is heard with them is `ivr.speech.vosk_turn`'s.
No audio and no text leaves the process.
"""

import json
import logging
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Final

import numpy as np

from ivr.speech.pool import Pool, PoolFigures, Warm
from ivr.speech.recognizer import Loaded, NoModel, Progress, Recognizer
from ivr.speech.vosk_turn import PCM_BYTES, Hearer, VoskTurn

_log = logging.getLogger(__name__)

# Vosk's own scale: 0 is chatty, below it only errors are printed.
_LOG_LEVEL: Final = -1
# What one recogniser of free speech grows to: some 95 MiB after 150 s of speech, and no further in 900 s (packaged Korean model,
# 8 kHz).
RECOGNIZER_MIB: Final = 100
MEMORY_MB: Final = 1000
# Vosk keeps the time of a reused recogniser in a 32-bit float: after an hour it still tells 0.5 ms apart.
_WORN_AFTER_SECONDS: Final = 3600.0
# A grammar is compiled in half a millisecond, so that restricted recognisers are made for their turn and need no pool.
# What a model may call a word that it does not know.
_UNKNOWN_WORDS: Final = ("[unk]", "<unk>", "<UNK>", "[UNK]")
# That word alone takes up little: of 80 foreign utterances 25 were taken for yes or no and 17 for digits (Korean model, 8 kHz),
# with plain syllables beside the phrases 3 and 4. So many times as likely as a syllable is a phrase: once only, 10 of 30 right
# digits were still heard as such, 25 times 22; the others cost a second pass.
_PHRASE_WEIGHT: Final = 25
_LATIN: Final = tuple(consonant + vowel for consonant in "bcdfglmnprstvz" for vowel in "aeiou")
# Unicode 3.12, Hangul syllable composition: 14 plain initials with a, eo, o, u, eu and i.
_HANGUL: Final = tuple(
    chr(0xAC00 + (initial * 21 + vowel) * 28)
    for initial in (0, 2, 3, 5, 6, 7, 9, 11, 12, 14, 15, 16, 17, 18)
    for vowel in (0, 4, 8, 13, 18, 20)
)
# Two seconds of hissing syllables take a new recogniser's stall at its first words from 0.61 to 0.22 s (Korean model, 8 kHz).
_WARMED_WITH_SECONDS: Final = 2.0
_SYLLABLES_A_SECOND: Final = 4.0
_HISS: Final = 3000.0  # of 32767
_WARM_RATE_HZ: Final = 8000


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What makes one recogniser of free speech as good as another."""

    language: str
    rate_hz: int


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """What a restricted recogniser may hear."""

    text: str  # as Vosk takes it: a JSON list
    other_words: frozenset[str]  # those that stand for whatever else was said


class VoskRecognition:
    """Opens sessions on the models of the folders that the setting `vosk_models` names."""

    def __init__(self, models: Mapping[str, Path], *, memory_mb: int = MEMORY_MB, warm: int = 0) -> None:
        """Take the folder of each language's model; nothing is loaded yet.

        `memory_mb` bounds what the recognisers grow to beside the models; `warm` of them are made ready when a model is loaded.
        """
        self._folders = dict(models)
        self._loaded: dict[str, Any] = {}
        self._lock = Lock()
        self._warm = warm
        self._told: set[str] = set()
        self._pool: Pool[Kind, Any] = Pool(
            self._make, most=max(1, memory_mb // RECOGNIZER_MIB), worn_after_seconds=_WORN_AFTER_SECONDS
        )

    def open(
        self, language: str, *, rate_hz: int, phrases: tuple[str, ...] = (), only_phrases: bool = False
    ) -> Recognizer | NoModel:
        """Open a session; the first one of a language waits for its model to load (seconds).

        Vosk can be restricted to phrases but not biased towards some: without `only_phrases` they change nothing.
        """
        model = self._model(language)
        if isinstance(model, NoModel):
            return model
        grammar = self._grammar(language, model, phrases) if only_phrases else None
        return VoskTurn(
            Hearers(self._pool, model, Kind(language=language, rate_hz=rate_hz), grammar),
            rate_hz=rate_hz,
            other_words=grammar.other_words if grammar else frozenset(),
        )

    def load(self, language: str, progress: Progress) -> Loaded | NoModel:
        """Wait until a language's model is in memory and the first recognisers are warm."""
        began = monotonic()
        progress(f"the Vosk model for {language!r} is being loaded")
        model = self._model(language)
        if isinstance(model, NoModel):
            return model
        progress(f"the Vosk model for {language!r} was loaded in {monotonic() - began:.1f} s")
        if self._warm:
            self._warm_up(Kind(language=language, rate_hz=_WARM_RATE_HZ))
            progress(f"{self._warm} recognisers for {language!r} were warm after {monotonic() - began:.1f} s")
        return Loaded()

    def figures(self) -> PoolFigures:
        """How the pool of recognisers stands."""
        return self._pool.figures()

    def _warm_up(self, kind: Kind) -> None:
        hearers = Hearers(self._pool, self._loaded[kind.language], kind, None)
        taken = [hearer for _ in range(self._warm) if (hearer := hearers.free(wait_seconds=0.0)) is not None]
        for hearer in taken:
            hearer.feed(_hiss(kind.rate_hz))
            hearer.end()

    def _model(self, language: str) -> Any | NoModel:
        # One lock for all languages: loading takes seconds and memory, and two at once would take both twice.
        with self._lock:
            if language not in self._loaded:
                model = self._load(language)
                if isinstance(model, NoModel):
                    return model
                self._loaded[language] = model
            return self._loaded[language]

    def _load(self, language: str) -> Any | NoModel:
        folder = self._folders.get(language)
        if folder is None:
            return NoModel(reason=f"the setting vosk_models names no Vosk model for {language!r}")
        if not folder.is_dir():
            return NoModel(reason=f"the folder of the Vosk model for {language!r} does not exist: {folder}")
        try:
            import vosk  # noqa: PLC0415 - loads a native library, which a service without Vosk need not have

            vosk.SetLogLevel(_LOG_LEVEL)
            return vosk.Model(str(folder))
        except (ImportError, OSError) as error:
            return NoModel(reason=f"the package vosk cannot be used on this machine: {error}")
        except Exception as error:  # noqa: BLE001 - Vosk raises bare Exception; its own words go to stderr
            return NoModel(
                reason=f"the folder for {language!r} holds no Vosk model that can be loaded ({error}): {folder}"
            )

    def _make(self, kind: Kind) -> Any:
        import vosk  # noqa: PLC0415 - as above

        native = vosk.KaldiRecognizer(self._loaded[kind.language], kind.rate_hz)
        native.SetWords(True)  # noqa: FBT003 - Vosk's signature
        return native

    def _grammar(self, language: str, model: Any, phrases: tuple[str, ...]) -> Grammar | None:
        """The phrases as Vosk wants them; None where the language is better heard freely, which is said once in the log."""
        if not _takes_grammars(self._folders[language]):
            self._tell_once(f"the Vosk model for {language!r} has a fixed graph: answers are not restricted to words")
            return None
        known = list(dict.fromkeys(phrase for one in phrases if (phrase := _known(model, one))))
        if not known:
            if phrases:
                self._tell_once(f"the Vosk model for {language!r} knows none of the words of a question")
            return None
        others = _other_words(model, known)
        return Grammar(
            text=json.dumps([*known * _PHRASE_WEIGHT, *others], ensure_ascii=False), other_words=frozenset(others)
        )

    def _tell_once(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            _log.warning("%s", message)


class Hearers:
    """The recognisers that one turn may be heard with: of free speech from the pool, and one restricted to its phrases."""

    def __init__(self, pool: Pool[Kind, Any], model: Any, kind: Kind, grammar: Grammar | None) -> None:
        """Take where they come from; without a grammar there is no restricted one."""
        self._pool = pool
        self._model = model
        self._kind = kind
        self._grammar = grammar

    @property
    def are_restricted(self) -> bool:
        """Whether the turn is first heard as its phrases."""
        return self._grammar is not None

    def free(self, *, wait_seconds: float) -> Hearer | None:
        """A warm recogniser of free speech, None where memory allows no more of them within that time."""
        warm = self._pool.take(self._kind, wait_seconds=wait_seconds)
        if warm is None:
            return None
        return Hearer(
            warm.native,
            rate_hz=self._kind.rate_hz,
            heard_seconds=warm.fed_seconds,
            let_go=lambda fed_seconds, is_clean: self._let_go(warm, fed_seconds, is_clean=is_clean),
        )

    def restricted(self) -> Hearer:
        """A new recogniser of the phrases alone."""
        import vosk  # noqa: PLC0415 - loads a native library, which a service without Vosk need not have

        text = self._grammar.text if self._grammar else "[]"
        native = vosk.KaldiRecognizer(self._model, self._kind.rate_hz, text)
        native.SetWords(True)  # noqa: FBT003 - Vosk's signature
        return Hearer(native, rate_hz=self._kind.rate_hz)

    def _let_go(self, warm: Warm[Kind, Any], fed_seconds: float, *, is_clean: bool) -> None:
        warm.fed_seconds += fed_seconds
        if is_clean:
            self._pool.bring_back(warm)
        else:
            self._pool.drop(warm)


def _takes_grammars(folder: Path) -> bool:
    """Whether a model's graph is composed while it decodes (HCLr, Gr): one that was composed before takes no grammar.

    Vosk says so on stderr alone and decodes freely (recognizer.cc, UpdateGrammarFst; model.cc looks in these two places).
    """
    return any((folder / place / "HCLr.fst").is_file() for place in ("graph", "."))


def _known(model: Any, phrase: str) -> str:
    """A phrase in the model's own words, "" if one of them is not in its vocabulary."""
    words = phrase.split()
    for spelled in (words, [word.lower() for word in words]):
        if all(model.vosk_model_find_word(word) >= 0 for word in spelled):
            return " ".join(spelled)
    return ""


def _other_words(model: Any, phrases: list[str]) -> list[str]:
    """The model's word for unknown ones, and those plain syllables of the phrases' script that it knows and they have not."""
    letters = "".join(phrases)
    syllables = _HANGUL if any("\uac00" <= letter <= "\ud7a3" for letter in letters) else _LATIN
    # Without accents: "si" is no other word than "sì".
    theirs = {_plain(word) for phrase in phrases for word in phrase.split()}
    return [
        word
        for word in (*_UNKNOWN_WORDS, *syllables)
        if _plain(word) not in theirs and model.vosk_model_find_word(word) >= 0
    ]


def _plain(word: str) -> str:
    return "".join(mark for mark in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(mark))


def _hiss(rate_hz: int) -> bytes:
    """Noise in the rhythm of syllables: 16-bit PCM, always the same."""
    at = np.arange(round(_WARMED_WITH_SECONDS * rate_hz)) / rate_hz
    loudness = 0.5 + 0.5 * np.sin(2 * np.pi * _SYLLABLES_A_SECOND * at)
    hiss: bytes = (np.random.default_rng(0).normal(0, _HISS, at.size) * loudness).astype("<i2").tobytes()
    return hiss[: len(hiss) // PCM_BYTES * PCM_BYTES]
