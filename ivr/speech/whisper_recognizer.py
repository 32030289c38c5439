"""Recognition on our own machines by Whisper, a whole utterance at its end. The only home of faster-whisper.

For languages without a Vosk model, and where accuracy matters more than the first word. One model serves all languages of a
process, loaded once for each `WhisperRecognition`; how one utterance is heard with it is `ivr.speech.whisper_hearing`'s. No audio
and no text leaves the process; only a model that is given by name is fetched from its publisher's hub when it is loaded.
"""

import logging
import os
from pathlib import Path
from threading import Lock, local
from time import monotonic
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ivr.audio import resample
from ivr.speech.recognizer import Heard, Hearsay, Loaded, NoModel, NotHeard, Progress, Recognizer
from ivr.speech.whisper_hearing import RATE_HZ, Ears, hear_utterance

# What a folder must hold, or faster-whisper would look for it on the hub.
_FILES: Final = ("model.bin", "config.json", "tokenizer.json")
_PCM_LARGEST: Final = 32768.0
_HISS: Final = 300.0  # of it


class WhisperRecognition:
    """Opens sessions on the model that the setting `whisper_model` names."""

    def __init__(self, model: str, *, threads: int = 0) -> None:
        """Take a folder, or a name that faster-whisper knows ("small"); `threads` work on an utterance (0: one for each core)."""
        self._name = model
        self._threads = threads or os.cpu_count() or 1
        self._ears: Ears | None = None
        self._lock = Lock()

    def open(
        self, language: str, *, rate_hz: int, phrases: tuple[str, ...] = (), only_phrases: bool = False
    ) -> Recognizer | NoModel:
        """Open a session; the first one waits for the model to load (seconds, and its download where it is given by name)."""
        ears = self._loaded()
        if isinstance(ears, NoModel):
            return ears
        if language not in ears.languages:
            return NoModel(reason=f"the Whisper model {self._name} does not know {language!r}")
        return WhisperTurn(ears, language, rate_hz=rate_hz, phrases=phrases, only_phrases=only_phrases)

    def load(self, language: str, progress: Progress) -> Loaded | NoModel:
        """Wait until the model is in memory; it is the same for every language."""
        began = monotonic()
        progress(f"the Whisper model {self._name} is being loaded for {language!r}")
        opened = self.open(language, rate_hz=RATE_HZ)
        if isinstance(opened, NoModel):
            return opened
        # The first utterance takes some times as long as the next: better now than when a caller waits for it.
        opened.accept(_hiss())
        opened.finish()
        progress(f"the Whisper model {self._name} was there after {monotonic() - began:.1f} s")
        return Loaded()

    def _loaded(self) -> Ears | NoModel:
        with self._lock:
            if self._ears is None:
                ears = self._load()
                if isinstance(ears, NoModel):
                    return ears
                self._ears = ears
            return self._ears

    def _load(self) -> Ears | NoModel:
        if not self._name:
            return NoModel(reason="the setting whisper_model names no Whisper model")
        folder = Path(self._name)
        if _is_path(self._name) and not folder.is_dir():
            return NoModel(reason=f"the folder of the Whisper model does not exist: {folder}")
        lacking = [name for name in _FILES if not (folder / name).is_file()] if folder.is_dir() else []
        if lacking:
            return NoModel(reason=f"the folder holds no Whisper model, {', '.join(lacking)} not being there: {folder}")
        try:
            model = _windowed_model(self._name, threads=self._threads)
        except ImportError as error:
            return NoModel(reason=f"the package faster-whisper cannot be used on this machine: {error}")
        except Exception as error:  # noqa: BLE001 - what the hub's client and CTranslate2 raise has no common ancestor
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            where = "be read" if folder.is_dir() else "be fetched by its name: give a folder where there is no network"
            return NoModel(reason=f"the Whisper model {self._name} cannot {where} ({reason})")
        return Ears(model)


class WhisperTurn:
    """One turn: the sound is kept, and heard at its end."""

    def __init__(
        self, ears: Ears, language: str, *, rate_hz: int, phrases: tuple[str, ...], only_phrases: bool
    ) -> None:
        """Take the model, and what the sound will be like."""
        self._ears = ears
        self._language = language
        self._rate_hz = rate_hz
        self._phrases = phrases
        self._only_phrases = only_phrases
        self._pcm = bytearray()

    def accept(self, pcm: bytes) -> str:
        """Take in 16-bit PCM; there are no words before the end."""
        self._pcm += pcm
        return ""

    def finish(self) -> Hearsay:
        """Give all words of the turn, or the failure that cost it."""
        if not any(self._pcm):
            return Heard(text="", confidence=None)
        try:
            sound = _floats(resample(bytes(self._pcm), self._rate_hz, RATE_HZ))
            return hear_utterance(
                self._ears, sound, self._language, phrases=self._phrases, only_phrases=self._only_phrases
            )
        except Exception as error:  # noqa: BLE001 - CTranslate2 raises bare RuntimeError and ValueError
            return NotHeard(reason=f"Whisper failed: {str(error) or type(error).__name__}")


def _hiss() -> bytes:
    """A second of faint noise, the same each time."""
    return np.random.default_rng(seed=1).normal(0, _HISS, RATE_HZ).astype("<i2").tobytes()


def _is_path(name: str) -> bool:
    # A hub's name has one slash at most and begins with none: "small", "owner/model".
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or os.sep in name.rstrip(os.sep).replace("/", "", 1)


def _floats(pcm: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(_PCM_LARGEST)


def _windowed_model(name: str, *, threads: int) -> Any:
    """Load the model, with an encoder that looks at a shorter window than thirty seconds where it is told to."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - loads native libraries, which a service without Whisper need not have

    class Windowed(WhisperModel):  # type: ignore[misc] # faster-whisper publishes no types
        """Whisper pads each utterance to 30 s; most of that work is on silence."""

        def encode(self, features: Any) -> Any:
            frames = getattr(self.at_work, "frames", 0)
            shown = features[..., :frames] if frames else features
            self.at_work.encoded = super().encode(np.ascontiguousarray(shown))
            return self.at_work.encoded

    # It tells the length of each utterance: nothing that a log of calls should be filled with.
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)
    given = {"device": "cpu", "compute_type": "int8", "cpu_threads": threads}
    Windowed.at_work = local()
    try:
        return Windowed(name, local_files_only=True, **given)
    except Exception:
        # Not on this machine yet: the hub's client has many ways to say so.
        if Path(name).is_dir():
            raise
        return Windowed(name, **given)
