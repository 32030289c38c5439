"""Recognition behind a few threads of its own: models load aside, sound is decoded in fair order, and nobody lags unnoticed.

`Decoding` is a source of sessions around another one. Its sessions never decode on the thread that feeds them; how many turns it
takes on is decided by `ivr.speech.load` over what is measured here. What is done with a turn that is not admitted is left to
others.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock, Thread
from time import monotonic
from typing import Final, TypeAlias

from ivr.speech.load import Admitted, Limits, Load, admit, smoothed
from ivr.speech.recognizer import Busy, Loaded, NoModel, Recognition, Recognizer
from ivr.speech.turns_waiting import Patience, Workers

_log = logging.getLogger(__name__)

# Shorter looks at the load would measure single pieces of work, longer ones miss a rush.
_LOOK_SECONDS: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Loading:
    """A language's model is not in memory yet."""


Way: TypeAlias = Admitted | NoModel | Busy | Loading


@dataclass(frozen=True, kw_only=True)
class DecodingFigures:
    """How decoding stands, for logs and benches; the counts are since the beginning."""

    threads: int
    busy_share: float  # of the threads' time, smoothed over some seconds
    waited_seconds: float  # the longest that sound waits for a thread, smoothed over some seconds
    open_turns: int
    decoded_turns: int
    late_turns: int  # given up because their sound could not be decoded in time
    abandoned_turns: int  # nobody asked what was heard: a key answered, or the socket's thread died
    refused_turns: int  # not admitted because of the load


class Decoding:
    """A `Recognition` shared by all calls of a process."""

    def __init__(
        self,
        recognition: Recognition,
        *,
        languages: Sequence[str],
        threads: int = 0,
        limits: Limits | None = None,
        patience: Patience | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take what decodes, the languages to load at once, in order, and how many threads decode (0: one for each core)."""
        self._recognition = recognition
        self._limits = limits or Limits()
        self._clock = clock
        self._threads = threads or _cores()
        self._workers = Workers(threads=self._threads, patience=patience or Patience(), clock=clock)
        self._lock = Lock()
        self._load = Load()
        self._looked_at = clock()
        self._looked_busy_seconds = 0.0
        self._refused_turns = 0
        self._models: dict[str, Loaded | NoModel | None] = dict.fromkeys(languages)
        # A daemon, so that a process which ends while a model loads ends at once.
        self._loader = Thread(target=self._load_all, name="speech models", daemon=True)
        self._loader.start()

    def open(
        self, language: str, *, rate_hz: int, phrases: tuple[str, ...] = (), only_phrases: bool = False
    ) -> Recognizer | NoModel | Busy:
        """Open a session, if `way` says so now."""
        way = self.way(language)
        if isinstance(way, Loading):
            return Busy(reason=f"the model for {language!r} is still being loaded")
        if not isinstance(way, Admitted):
            return way
        return self._workers.open(
            lambda: self._recognition.open(language, rate_hz=rate_hz, phrases=phrases, only_phrases=only_phrases),
            rate_hz=rate_hz,
        )

    def load(self, language: str, progress: Callable[[str], None]) -> Loaded | NoModel:
        """Wait until a language is loaded, which goes on since the beginning."""
        progress(f"the model for {language!r} is being loaded")
        self._loader.join()
        return self._models.get(language) or _not_asked_for(language)

    def way(self, language: str) -> Way:
        """Whether one more turn in a language can be listened to now; asked before the caller is sent to the stream."""
        model = self._models.get(language, _not_asked_for(language))
        if model is None:
            return Loading()
        if isinstance(model, NoModel):
            return model
        with self._lock:
            self._look()
            load = replace(self._load, silent_turns=self._workers.silent_turns())
            admission = admit(load, self._limits, threads=self._threads)
            was_full = self._load.is_full
            self._load = replace(self._load, is_full=isinstance(admission, Busy))
            if isinstance(admission, Busy):
                self._refused_turns += 1
                if not was_full:
                    _log.warning("no more turns are listened to for now: %s", admission.reason)
            elif was_full:
                _log.warning("turns are listened to again")
        return admission

    def loaded(self) -> Mapping[str, bool]:
        """Each language and whether its model is there, or is known not to come: then nobody need wait for it."""
        return {language: model is not None for language, model in self._models.items()}

    def wait_until_loaded(self, timeout_seconds: float | None = None) -> bool:
        """Whether all languages were loaded, or failed, within that time."""
        self._loader.join(timeout_seconds)
        return not self._loader.is_alive()

    def figures(self) -> DecodingFigures:
        """How decoding stands now."""
        with self._lock:
            self._look()
            load, refused = self._load, self._refused_turns
        counts = self._workers.counts()
        return DecodingFigures(
            threads=self._threads,
            busy_share=load.busy_share,
            waited_seconds=load.waited_seconds,
            open_turns=counts.open_turns,
            decoded_turns=counts.decoded_turns,
            late_turns=counts.late_turns,
            abandoned_turns=counts.abandoned_turns,
            refused_turns=refused,
        )

    def close(self) -> None:
        """End the threads; turns that are open come back as not heard."""
        self._workers.close()

    def _look(self) -> None:
        now = self._clock()
        seconds = now - self._looked_at
        if seconds < _LOOK_SECONDS:
            return
        busy_seconds, waited_seconds = self._workers.measured()
        share = (busy_seconds - self._looked_busy_seconds) / (seconds * self._threads)
        self._load = smoothed(self._load, seconds=seconds, busy_share=min(1.0, share), waited_seconds=waited_seconds)
        self._looked_at, self._looked_busy_seconds = now, busy_seconds

    def _load_all(self) -> None:
        for at, language in enumerate(self._models, start=1):
            _log.info("speech model %d of %d, for %r", at, len(self._models), language)
            try:
                self._models[language] = self._recognition.load(language, _log_progress)
            except Exception as error:  # noqa: BLE001 - readiness waits for this thread, which must come to its end
                _log.exception("the speech model for %r could not be loaded", language)
                self._models[language] = NoModel(reason=f"the model for {language!r} could not be loaded: {error}")
            model = self._models[language]
            if isinstance(model, NoModel):
                _log.warning("no recognition of our own for %r: %s", language, model.reason)


def _not_asked_for(language: str) -> NoModel:
    return NoModel(reason=f"no model for {language!r} is among those that are loaded at start")


def _log_progress(message: str) -> None:
    _log.info("%s", message)


def _cores() -> int:
    """The cores that this process may run on, which in a container are fewer than the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
