"""Recognition on our own machines by Vosk, from a folder with a model for each language. The only home of vosk.

A model is loaded at the first session of its language, once for each `VoskRecognition`: a process makes one of these and
shares it among its threads. No audio and no text leaves the process.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, Final

from ivr.speech.recognizer import Heard, Hearsay, Loaded, NoModel, NotHeard, Progress, Recognizer, Word

# Vosk's own scale: 0 is chatty, below it only errors are printed.
_LOG_LEVEL: Final = -1
# Vosk decodes what it is given in steps of 0.2 s and adapts to the voice at each. Fed with just such steps it gives the same
# words however the audio arrives: measured on made speech, 20 ms frames and one whole file gave different words without it.
_STEP_SECONDS: Final = 0.2
_PCM_BYTES: Final = 2


class VoskRecognition:
    """Opens sessions on the models of the folders that the setting `vosk_models` names."""

    def __init__(self, models: Mapping[str, Path]) -> None:
        """Take the folder of each language's model; nothing is loaded yet."""
        self._folders = dict(models)
        self._loaded: dict[str, Any] = {}
        self._lock = Lock()

    def open(
        self,
        language: str,
        *,
        rate_hz: int,
        phrases: tuple[str, ...] = (),  # noqa: ARG002 - the port's; restricted sessions come with the pool
        only_phrases: bool = False,  # noqa: ARG002 - the same
    ) -> Recognizer | NoModel:
        """Open a session; the first one of a language waits for its model to load (seconds)."""
        model = self._model(language)
        if isinstance(model, NoModel):
            return model
        import vosk  # noqa: PLC0415 - loads a native library, which a service without Vosk need not have

        try:
            session = vosk.KaldiRecognizer(model, rate_hz)
            session.SetWords(True)  # noqa: FBT003 - Vosk's signature
        except Exception as error:  # noqa: BLE001 - Vosk raises bare Exception
            return NoModel(reason=f"Vosk opens no session for {language!r} at {rate_hz} Hz: {error}")
        return VoskRecognizer(session, rate_hz=rate_hz)

    def load(self, language: str, progress: Progress) -> Loaded | NoModel:
        """Wait until a language's model is in memory."""
        progress(f"the Vosk model for {language!r} is being loaded")
        model = self._model(language)
        return model if isinstance(model, NoModel) else Loaded()

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


class VoskRecognizer:
    """One turn on a Vosk session. Vosk cuts long speech into pieces itself; the pieces are joined here."""

    def __init__(self, session: Any, *, rate_hz: int) -> None:
        """Take over a fresh `vosk.KaldiRecognizer` with words switched on, made for the same rate."""
        self._session = session
        self._step_bytes = _PCM_BYTES * round(rate_hz * _STEP_SECONDS)
        self._waiting = bytearray()
        self._pieces: list[Mapping[str, Any]] = []
        self._partial = ""
        self._failure = ""

    def accept(self, pcm: bytes) -> str:
        """Take in 16-bit PCM and give the words so far."""
        self._waiting += pcm
        while len(self._waiting) >= self._step_bytes and not self._failure:
            step = bytes(self._waiting[: self._step_bytes])
            del self._waiting[: self._step_bytes]
            self._decode(step)
        return self._text(self._partial)

    def _decode(self, step: bytes) -> None:
        try:
            if self._session.AcceptWaveform(step):
                self._pieces.append(json.loads(self._session.Result()))
                self._partial = ""
            else:
                self._partial = json.loads(self._session.PartialResult()).get("partial", "")
        except Exception as error:  # noqa: BLE001 - Vosk raises bare Exception; a failure is told at the end of the turn
            self._failure = str(error) or type(error).__name__

    def finish(self) -> Hearsay:
        """Give all words of the turn, or the failure that cost it."""
        if self._waiting and not self._failure:
            self._decode(bytes(self._waiting))
        if not self._failure:
            try:
                self._pieces.append(json.loads(self._session.FinalResult()))
            except Exception as error:  # noqa: BLE001 - Vosk raises bare Exception
                self._failure = str(error) or type(error).__name__
        if self._failure:
            return NotHeard(reason=f"Vosk failed: {self._failure}")
        words = tuple(
            Word(text=word["word"], begin_seconds=word["start"], end_seconds=word["end"], confidence=word["conf"])
            for piece in self._pieces
            for word in piece.get("result", ())
        )
        confidence = sum(word.confidence for word in words) / len(words) if words else None
        return Heard(text=self._text(), confidence=confidence, words=words, by="vosk" if words else "")

    def _text(self, partial: str = "") -> str:
        return " ".join(text for text in (*(piece.get("text", "") for piece in self._pieces), partial) if text)
