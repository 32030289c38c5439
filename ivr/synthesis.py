"""Sound that we make: texts spoken, recordings read and waiting music made, all as mu-law at 8 kHz in the telephone's band.

Which synthesiser speaks is decided by what is installed: SVOX Pico inside the wheel `py-nanotts`, else eSpeak NG (the package
`espeakng-loader` or the system's library), else nobody, and then a text is silence for as long as saying it would take.
When something is played, and to whom, is left to the line and to the service: both speak with it and share nothing else of it.
"""

import ctypes
import ctypes.util
import importlib
import io
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from math import pi
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
import soundfile

from ivr import audio

# ITU-T P.56 puts speech material at -26 dB; six more serve a laptop's loudspeaker and still leave room for the peaks of speech.
SPEECH_DBFS: Final = -20.0
# Music lies well under the voice that interrupts it.
MUSIC_DBFS: Final = -30.0
# 4,000,000 bytes are some 500 s of sound: every prompt of a flow in two languages, and a bound for a line that runs for weeks.
CACHE_BYTES: Final = 4_000_000
# Pellegrino, Coupé and Marsico, "A cross-language perspective on speech information rate", Language 87:3 (2011), table 1.
SYLLABLES_A_SECOND: Final = {"it": 6.99, "en": 6.19, "de": 5.97, "es": 7.82, "fr": 7.18}
# Italian and English number words have one and a half syllables a digit on average ("1042": mil-le-qua-ran-ta-due).
SYLLABLES_A_DIGIT: Final = 1.5
# Pauses of read speech, rounded from what Pico leaves at these marks.
PAUSE_SECONDS: Final = {".": 0.5, "!": 0.5, "?": 0.5, ":": 0.3, ";": 0.3, ",": 0.2}
# Pico once did not come back from a word of 3000 letters with changed pitch; no word that is spoken is longer than this.
LONGEST_WORD: Final = 60
# Pico holds Python's lock while it speaks: 4 ms for each second of speech, measured here. A text of more letters is spoken a
# sentence at a time, so that no call's audio waits longer than for one sentence (some 20 ms).
LONGEST_AT_ONCE: Final = 80

logger = logging.getLogger(__name__)


class Speaker(StrEnum):
    """Who speaks: the line's prompts and a scripted or typing caller are told apart by pitch."""

    LINE = "line"
    CALLER = "caller"


# What was said: the text, its language, who says it, and at what pace.
_Spoken: TypeAlias = tuple[str, str, Speaker, float]


class UnreadableRecordingError(ValueError):
    """A file that cannot be played; the message names the file and what is wrong with it."""


class Synthesiser(Protocol):
    """One way of making speech."""

    @property
    def name(self) -> str:
        """What it is called, for people."""

    def speaks(self, language: str) -> bool:
        """Whether it knows the language (BCP-47)."""

    def pcm(self, text: str, *, language: str, speaker: Speaker, pace: float = 1.0) -> tuple[bytes, int]:
        """Give 16-bit PCM and its rate in Hz; pace 2.0 is twice as fast. Raises OSError or RuntimeError where it fails."""


class Pico:
    """SVOX Pico from the wheel `py-nanotts`: one voice a language, 16 kHz."""

    name = "SVOX Pico (py-nanotts)"
    _RATE_HZ = 16000
    _VOICES: Final = {"it": "it-IT", "en": "en-GB", "de": "de-DE", "es": "es-ES", "fr": "fr-FR"}
    _PITCHES: Final = {Speaker.LINE: 1.0, Speaker.CALLER: 0.78}

    def __init__(self) -> None:
        self._engine = importlib.import_module("py_nanotts").NanoTTS()

    def speaks(self, language: str) -> bool:
        """Whether it knows the language (BCP-47)."""
        return base_language(language) in self._VOICES

    def pcm(self, text: str, *, language: str, speaker: Speaker, pace: float = 1.0) -> tuple[bytes, int]:
        """Give 16-bit PCM and its rate in Hz."""
        voice = "en-US" if language == "en-US" else self._VOICES[base_language(language)]
        # Pico reads its own tags in the text, so that a "<" must not reach it.
        plain = re.sub(r"[<>&]", " ", text)
        sentences = re.split(r"(?<=[.!?]) +", plain) if len(plain) > LONGEST_AT_ONCE else [plain]
        manner = {"pitch": self._PITCHES[speaker], **({} if pace == 1 else {"speed": pace})}
        return b"".join(bytes(self._engine.speak(one, voice=voice, **manner)) for one in sentences), self._RATE_HZ


class Espeak:
    """eSpeak NG called in its own library: every language, robotic, understood on a telephone."""

    name = "eSpeak NG"
    # speak_lib.h: AUDIO_OUTPUT_SYNCHRONOUS, espeakCHARS_UTF8, espeakRATE with its usual value, espeakPITCH.
    _SYNCHRONOUS = 2
    _UTF8 = 1
    _RATE, _USUAL_RATE = 1, 175
    _PITCH = 3
    _PITCHES: Final = {Speaker.LINE: 55, Speaker.CALLER: 30}

    def __init__(self) -> None:
        library, voices = _espeak_library()
        self._library: Any = ctypes.CDLL(library)
        self._rate_hz: int = self._library.espeak_Initialize(self._SYNCHRONOUS, 0, voices, 0)
        if self._rate_hz <= 0:
            raise OSError("eSpeak NG does not start: its voices are missing")
        self._heard = bytearray()
        # The C library keeps the pointer: the callback must live as long as this object.
        callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = callback(self._keep)
        self._library.espeak_SetSynthCallback(self._callback)

    def speaks(self, language: str) -> bool:
        """Whether it knows the language (BCP-47)."""
        return bool(self._library.espeak_SetVoiceByName(base_language(language).encode()) == 0)

    def pcm(self, text: str, *, language: str, speaker: Speaker, pace: float = 1.0) -> tuple[bytes, int]:
        """Give 16-bit PCM and its rate in Hz."""
        self._library.espeak_SetVoiceByName(base_language(language).encode())
        self._library.espeak_SetParameter(self._PITCH, self._PITCHES[speaker], 0)
        self._library.espeak_SetParameter(self._RATE, round(self._USUAL_RATE * pace), 0)
        self._heard.clear()
        spoken = text.encode()
        if self._library.espeak_Synth(spoken, len(spoken) + 1, 0, 0, 0, self._UTF8, None, None) != 0:
            raise OSError("eSpeak NG could not speak a text")
        return bytes(self._heard), self._rate_hz

    def _keep(self, samples: Any, count: int, _events: object) -> int:
        if samples and count > 0:
            self._heard += ctypes.string_at(samples, count * 2)
        return 0


class Voice:
    """Speaks a text with the first synthesiser that knows its language, and remembers what it said.

    Any thread may call it; a synthesiser is asked by one thread at a time, and what was said before waits for nobody.
    """

    def __init__(self, synthesisers: Sequence[Synthesiser], *, cache_bytes: int = CACHE_BYTES) -> None:
        self._synthesisers = tuple(synthesisers)
        self._cache_bytes = cache_bytes
        self._spoken: OrderedDict[_Spoken, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._memory = threading.Lock()
        self._synthesis = threading.Lock()

    @property
    def name(self) -> str:
        """What speaks, for people; "" where nothing does."""
        return self._synthesisers[0].name if self._synthesisers else ""

    def speak(self, text: str, *, language: str = "it-IT", speaker: Speaker = Speaker.LINE, pace: float = 1.0) -> bytes:
        """Give the text as mu-law at 8 kHz; silence of `seconds_to_say` where nobody can speak it, b"" for no text.

        `pace` is of the voice's own speed: 2.0 is twice as fast.
        """
        plain = _speakable(text)
        if not plain:
            return b""
        key = (plain, language, speaker, pace)
        known = self._remembered(key)
        if known is not None:
            return known
        with self._synthesis:
            # Another thread may have said just this while this one waited.
            known = self._remembered(key)
            if known is None:
                known = self._synthesised(plain, language=language, speaker=speaker, pace=pace)
                self._keep(key, known)
        return known

    def speaks(self, language: str) -> bool:
        """Whether a synthesiser knows the language (BCP-47); silence in its place does not count."""
        with self._synthesis:
            return any(synthesiser.speaks(language) for synthesiser in self._synthesisers)

    def __call__(self, text: str, language: str) -> bytes:
        """Give a prompt of the line as mu-law at 8 kHz: the voice as the line's exchange takes it."""
        return self.speak(text, language=language or "it-IT")

    def _synthesised(self, text: str, *, language: str, speaker: Speaker, pace: float) -> bytes:
        for synthesiser in self._synthesisers:
            if not synthesiser.speaks(language):
                continue
            try:
                pcm, rate_hz = synthesiser.pcm(text, language=language, speaker=speaker, pace=pace)
            except (OSError, RuntimeError, ValueError) as error:
                # The text is not logged: it may be a caller's.
                logger.warning("%s could not speak a text in %s: %s", synthesiser.name, language, error)
                continue
            if pcm:
                return _telephone(pcm, rate_hz=rate_hz, dbfs=SPEECH_DBFS)
        return silence(seconds_to_say(text, language=language) / pace)

    def _remembered(self, key: _Spoken) -> bytes | None:
        with self._memory:
            known = self._spoken.get(key)
            if known is not None:
                self._spoken.move_to_end(key)
        return known

    def _keep(self, key: _Spoken, ulaw: bytes) -> None:
        with self._memory:
            self._spoken[key] = ulaw
            self._kept_bytes += len(ulaw)
            while self._kept_bytes > self._cache_bytes and len(self._spoken) > 1:
                _, dropped = self._spoken.popitem(last=False)
                self._kept_bytes -= len(dropped)


@cache
def installed_voice() -> Voice:
    """Give the voice that this installation can speak with; the same one each time."""
    found: list[Synthesiser] = []
    for synthesiser in (Pico, Espeak):
        try:
            found.append(synthesiser())
        except (ImportError, OSError, AttributeError) as error:
            logger.info("%s is not installed here: %s", synthesiser.name, error)
    return Voice(found)


def silent_voice() -> Voice:
    """Give the voice of a line without a synthesiser: silence that lasts as long as the words would."""
    return Voice(())


def seconds_to_say(text: str, *, language: str = "it-IT") -> float:
    """Estimate how long saying a text takes, in seconds, from its syllables and its pauses (source: SYLLABLES_A_SECOND)."""
    vowels = len(re.findall(r"[aeiouyàáâäèéêëìíîïòóôöùúûü]+", text.lower()))
    digits = sum(character.isdigit() for character in text)
    # A script without Latin vowels is counted by its letters, two to a syllable.
    letters = 0 if vowels else sum(character.isalpha() for character in text) / 2
    syllables = vowels + letters + digits * SYLLABLES_A_DIGIT
    pauses = sum(PAUSE_SECONDS.get(mark, 0.0) for mark in text.rstrip(".!?:;, \n"))
    return syllables / SYLLABLES_A_SECOND.get(base_language(language), SYLLABLES_A_SECOND["en"]) + pauses


def silence(seconds: float) -> bytes:
    """Give silence as mu-law at 8 kHz."""
    return bytes([audio.ULAW_SILENCE]) * round(seconds * audio.RATE_HZ)


def recording(source: Path | bytes) -> bytes:
    """Read a WAV file (or FLAC, OGG, MP3), by path or content, as mu-law at 8 kHz at its own loudness.

    Raises `UnreadableRecordingError`.
    """
    name = source.name if isinstance(source, Path) else f"{len(source)} bytes"
    try:
        samples, rate_hz = soundfile.read(source if isinstance(source, Path) else io.BytesIO(source), always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise UnreadableRecordingError(f"{name} cannot be played: {error}") from error
    mono = np.clip(np.asarray(samples, dtype=np.float64).mean(axis=1), -1.0, 1.0) * 32767
    return _telephone(mono.astype("<i2").tobytes(), rate_hz=int(rate_hz), dbfs=None)


# Chords of the waiting music, in Hz of equal temperament (A4 = 440 Hz): C, A minor, F and G, broken upwards and down again.
_CHORDS: Final = (
    (261.63, 329.63, 392.00, 523.25),
    (220.00, 329.63, 440.00, 523.25),
    (261.63, 349.23, 440.00, 523.25),
    (246.94, 293.66, 392.00, 493.88),
)
_NOTE_SECONDS: Final = 0.5
_NOTE_RINGS_SECONDS: Final = 1.8


@cache
def waiting_music() -> bytes:
    """Give sixteen seconds of soft music as mu-law at 8 kHz, made to be repeated without a seam."""
    notes = [chord[step] for chord in _CHORDS for step in (0, 1, 2, 3, 2, 1, 3, 1)]
    total = round(len(notes) * _NOTE_SECONDS * audio.RATE_HZ)
    mixed = np.zeros(total)
    at = np.arange(round(_NOTE_RINGS_SECONDS * audio.RATE_HZ)) / audio.RATE_HZ
    # A short attack and a slow decay: a plucked string without its sharp beginning.
    envelope = np.minimum(at / 0.03, 1.0) * np.exp(-at * 2.6)
    for index, hertz in enumerate(notes):
        note = envelope * (
            np.sin(2 * pi * hertz * at) + 0.4 * np.sin(4 * pi * hertz * at) + 0.12 * np.sin(6 * pi * hertz * at)
        )
        start = round(index * _NOTE_SECONDS * audio.RATE_HZ)
        # What rings on beyond the end rings into the beginning: the loop has no seam.
        np.add.at(mixed, (start + np.arange(at.size)) % total, note)
    pcm = (mixed / np.abs(mixed).max() * 16000).astype("<i2").tobytes()
    return _telephone(pcm, rate_hz=audio.RATE_HZ, dbfs=MUSIC_DBFS)


def base_language(language: str) -> str:
    """Give the language of a BCP-47 tag without its region, in small letters: "it-IT" is "it"."""
    return language.replace("_", "-").split("-", 1)[0].lower()


def _speakable(text: str) -> str:
    """Put a text on one line, without control characters and with no word longer than a synthesiser bears."""
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(word[start : start + LONGEST_WORD] for word in words for start in range(0, len(word), LONGEST_WORD))


def _telephone(pcm: bytes, *, rate_hz: int, dbfs: float | None) -> bytes:
    """Bring PCM to the telephone: 8 kHz, its band, a loudness (None leaves it), mu-law."""
    narrow = audio.telephone_band(audio.resample(pcm, rate_hz, audio.RATE_HZ), audio.RATE_HZ)
    if dbfs is not None and audio.loudness_dbfs(narrow) > audio.QUIETEST_DBFS:
        gain = 10 ** ((dbfs - audio.loudness_dbfs(narrow)) / 20)
        narrow = np.clip(np.frombuffer(narrow, dtype="<i2") * gain, -32768, 32767).astype("<i2").tobytes()
    return audio.pcm_to_ulaw(narrow)


def _espeak_library() -> tuple[str, bytes | None]:
    """Find eSpeak NG: its library and the folder of its voices (None: where the library looks itself)."""
    try:
        loader = importlib.import_module("espeakng_loader")
    except ImportError:
        found = ctypes.util.find_library("espeak-ng")
        if found is None:
            raise OSError("neither the package espeakng-loader nor the library libespeak-ng is there") from None
        return found, None
    return str(loader.get_library_path()), str(loader.get_data_path()).encode()
