"""`centralino models`: which recognition models there are for Italian and English, and trying those of the settings.

What there is comes from the publisher's own list where it can be read, else from a table that stands here. How a file is fetched,
checked and unpacked is `ivr.commands.model_download`'s.
"""

import resource
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final

import requests

from ivr.app import make_recognition
from ivr.settings import Settings
from ivr.speech.recognizer import NoModel, Recognizer

# The publisher's list, as read by the package vosk itself (vosk/__init__.py, MODEL_LIST_URL).
LIST_URL: Final = "https://alphacephei.com/vosk/models/model-list.json"
_ALL_LANGUAGES: Final = ("it", "en")
_LIST_SECONDS: Final = 10.0
_LIST_LANGUAGES: Final = {"it": "it", "en-us": "en", "en-gb": "en", "en": "en"}
_MB: Final = 1_000_000
_RATE_HZ: Final = 8000
# Linux tells the greatest memory in units of 1024 bytes, macOS in bytes (getrusage(2) of each).
_MEMORY_UNIT_BYTES: Final = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, kw_only=True)
class SpeechModel:
    """One Vosk model that can be fetched."""

    name: str
    language: str
    url: str
    download_bytes: int
    memory_mb: int  # what a process takes with it, roughly; the publisher's page
    licence: str
    good_for: str
    md5: str = ""  # of the zip file; "" where the publisher's list has not been read

    @property
    def is_small(self) -> bool:
        """Small models take a list of words to keep to, large ones have a fixed graph."""
        return "-small-" in self.name


# The page https://alphacephei.com/vosk/models: sizes and licences; it says that small models take about 300 MB of memory, and
# large ones several thousand, up to 16 GB on loading.
KNOWN: Final = (
    SpeechModel(
        name="vosk-model-small-it-0.22",
        language="it",
        url="https://alphacephei.com/vosk/models/vosk-model-small-it-0.22.zip",
        download_bytes=48 * _MB,
        memory_mb=300,
        licence="Apache 2.0",
        good_for="small machines; answers kept to a question's words",
    ),
    SpeechModel(
        name="vosk-model-it-0.22",
        language="it",
        url="https://alphacephei.com/vosk/models/vosk-model-it-0.22.zip",
        download_bytes=1200 * _MB,
        memory_mb=6000,
        licence="Apache 2.0",
        good_for="the fewest word errors; words cannot be restricted",
    ),
    SpeechModel(
        name="vosk-model-small-en-us-0.15",
        language="en",
        url="https://alphacephei.com/vosk/models/vosk-model-small-en-us-0.15.zip",
        download_bytes=40 * _MB,
        memory_mb=300,
        licence="Apache 2.0",
        good_for="small machines; answers kept to a question's words",
    ),
    SpeechModel(
        name="vosk-model-en-us-0.22-lgraph",
        language="en",
        url="https://alphacephei.com/vosk/models/vosk-model-en-us-0.22-lgraph.zip",
        download_bytes=128 * _MB,
        memory_mb=600,
        licence="Apache 2.0",
        good_for="the middle: more accurate than small, and answers can be kept to a question's words",
    ),
    SpeechModel(
        name="vosk-model-en-us-0.22",
        language="en",
        url="https://alphacephei.com/vosk/models/vosk-model-en-us-0.22.zip",
        download_bytes=1800 * _MB,
        memory_mb=6000,
        licence="Apache 2.0",
        good_for="the fewest word errors; words cannot be restricted",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The models, and whence they are known."""

    models: tuple[SpeechModel, ...]
    source: str  # a sentence for people


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What became of loading a language's model."""

    language: str
    heard_by: str
    trouble: str  # "" if its model is there
    seconds: float
    memory_mb: float  # by how much the process grew


def listed(list_url: str = LIST_URL) -> Listed:
    """The publisher's list where it can be read, with its checksums and sizes; else the table of this file."""
    try:
        answer = requests.get(list_url, timeout=_LIST_SECONDS)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        reason = type(error).__name__
        return Listed(models=KNOWN, source=f"from the table that ships, for {list_url} cannot be read ({reason})")
    return Listed(models=tuple(_from_list(found)), source=f"from {list_url}")


def _from_list(found: Any) -> Iterable[SpeechModel]:
    """Models of our languages that are not marked obsolete; what the list does not tell comes from the table, or is unknown."""
    known = {model.name: model for model in KNOWN}
    for entry in found if isinstance(found, list) else ():
        language = _LIST_LANGUAGES.get(str(entry.get("lang", "")))
        if (
            language is None
            or entry.get("obsolete") == "true"
            or entry.get("type") not in {"small", "big", "big-lgraph"}
        ):
            continue
        name = str(entry["name"])
        model = known.get(name) or SpeechModel(
            name=name,
            language=language,
            url="",
            download_bytes=0,
            memory_mb=0,
            licence="see its page",
            good_for={"small": "small machines", "big": "more accuracy"}.get(str(entry["type"]), "the middle"),
        )
        yield replace(
            model, url=str(entry["url"]), download_bytes=int(entry.get("size", 0)), md5=str(entry.get("md5", ""))
        )


def settings_lines(language: str, folder: Path) -> str:
    """What to write so that the service uses a model."""
    return f'vosk_models = {{{language} = "{folder}"}}   # and listening = {{{language} = "stream"}}'


def tried(
    settings: Settings, progress: Callable[[str], None], languages: Sequence[str] = _ALL_LANGUAGES
) -> Iterable[Tried]:
    """Load the model of each language and hear half a second of silence with it."""
    recognition = make_recognition(settings, languages)
    for language in languages:
        by = settings.recognizer_of(language)
        if by == "vosk" and language not in settings.vosk_models:
            yield Tried(
                language=language,
                heard_by="the carrier",
                trouble="no model is set (vosk_models, whisper_model)",
                seconds=0.0,
                memory_mb=0.0,
            )
            continue
        began, before = monotonic(), _memory_mb()
        model = recognition.load(language, progress)
        trouble = model.reason if isinstance(model, NoModel) else ""
        if not trouble:
            opened = recognition.open(language, rate_hz=_RATE_HZ)
            trouble = _heard_silence(opened) if not hasattr(opened, "reason") else opened.reason
        yield Tried(
            language=language,
            heard_by=("Vosk" if by == "vosk" else "Whisper") if not trouble else "the carrier",
            trouble=trouble,
            seconds=monotonic() - began,
            memory_mb=_memory_mb() - before,
        )


def _heard_silence(session: Recognizer) -> str:
    session.accept(bytes(_RATE_HZ))
    heard = session.finish()
    return getattr(heard, "reason", "")


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MEMORY_UNIT_BYTES / _MB
