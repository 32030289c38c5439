"""Audio mode: houses in which callers are heard by this installation's recognisers, over streams in the telephone's band.

Each language is heard by the recogniser that the settings name for it. Where its model, or a voice to speak with, is missing,
scenarios of that language are skipped and say so.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from ivr import synthesis
from ivr.calls.company import CARRIER, STREAM
from ivr.settings import Settings
from ivr.speech.chosen import ChosenRecognition
from ivr.speech.recognizer import NoModel, Recognition
from ivr.speech.vosk_recognizer import VoskRecognition
from ivr.speech.whisper_recognizer import WhisperRecognition
from ivr.trials.house import Trials
from ivr.trials.scenario_runs import Hearing
from prompts.told import Told


def hearing_of(trials: Trials) -> Hearing:
    """Houses with sound, and why nobody hears a language here; models are loaded when a language is first asked for."""
    settings = trials.settings
    recognition = ChosenRecognition(
        {language: _recognition(settings, language) for language in map(str, settings.listening)}
    )
    # Prompts are said by the line's own synthesiser, as a carrier does, so that their words stand in the story.
    sounding = settings.model_copy(
        update={"listening": dict.fromkeys(settings.listening, STREAM), "prompt_voice": CARRIER, "voice": "off"}
    )
    return Hearing(
        trials=replace(trials, settings=sounding, recognition=recognition), deaf_to=_deaf_to(recognition, settings)
    )


def _recognition(settings: Settings, language: str) -> Recognition:
    if settings.recognizer_of(language) == "whisper":
        return WhisperRecognition(settings.whisper_model, threads=settings.speech_threads)
    return VoskRecognition(settings.vosk_models, memory_mb=settings.speech_memory_mb, warm=1)


def _deaf_to(recognition: ChosenRecognition, settings: Settings) -> Callable[[str], str]:
    @cache
    def deaf_to(language: str) -> str:
        if language not in settings.listening:
            return Told("the settings name nobody who listens to %(language)s", language=language)
        if not synthesis.installed_voice().speaks(language):
            return Told("no synthesiser here speaks %(language)s", language=language)
        loaded = recognition.load(language, lambda _progress: None)
        return loaded.reason if isinstance(loaded, NoModel) else ""

    return deaf_to
