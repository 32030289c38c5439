"""Chooses what the service knows voices with: the settings' encoder, loaded beside the start, its calibration, the vault."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from biometrics import countermeasure, line_encoder
from biometrics.calibration import Calibration
from biometrics.chosen import chosen_encoder
from biometrics.countermeasure import Countermeasure, SpoofCalibration
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.vault import Vault
from ivr.calls.voice_parts import VoiceParts
from ivr.settings import Settings

_log = logging.getLogger(__name__)
# The calibration that comes with the line encoder; ECAPA's is made on the installation's own calls.
SHIPPED_CALIBRATION: Final = line_encoder.SHIPPED.with_name("calibration.json")


def settings_encoder(settings: Settings) -> SpeakerEncoder | NoEncoder:
    """Load the encoder of the settings."""
    return chosen_encoder(settings.voice, ecapa_folder=settings.ecapa_folder, line_network=settings.voice_encoder)


class LoadingEncoder:
    """The encoder that a function loads on a thread of its own; until then there is none, and that is said as a value."""

    def __init__(self, load: Callable[[], SpeakerEncoder | NoEncoder]) -> None:
        """Begin to load."""
        self._load = load
        self._encoder: SpeakerEncoder | NoEncoder = NoEncoder(reason="the speaker encoder is still loading")
        self._is_over = threading.Event()
        threading.Thread(target=self._run, name="speaker-encoder", daemon=True).start()

    def __call__(self) -> SpeakerEncoder | NoEncoder:
        """The encoder, or why there is none now."""
        return self._encoder

    @property
    def is_over(self) -> bool:
        """Whether it is known what there is: an encoder, or none for good."""
        return self._is_over.is_set()

    def _run(self) -> None:
        try:
            self._encoder = self._load()
        except Exception as error:  # noqa: BLE001 - native libraries fail in too many ways to name; all mean: none
            self._encoder = NoEncoder(reason=f"the speaker encoder cannot be loaded: {type(error).__name__}: {error}")
        finally:
            self._is_over.set()
        if isinstance(self._encoder, NoEncoder):
            _log.error("no voice can be looked at: %s", self._encoder.reason)


def loading_encoder(settings: Settings) -> LoadingEncoder | None:
    """The encoder of the settings, beginning to load; None where the voice is switched off."""
    if settings.voice == "off":
        return None
    return LoadingEncoder(lambda: settings_encoder(settings))


def always(encoder: SpeakerEncoder | NoEncoder) -> Callable[[], SpeakerEncoder | NoEncoder]:
    """An encoder that is there already, or that is known not to come."""
    return lambda: encoder


def make_voice_parts(
    settings: Settings, encoder_now: Callable[[], SpeakerEncoder | NoEncoder] | None
) -> VoiceParts | None:
    """Everything about voices that a call needs, None where the voice is switched off.

    Without a calibration nothing is decided, and the log says why.
    """
    if settings.voice == "off" or encoder_now is None:
        return None
    return VoiceParts(
        encoder_now=encoder_now,
        calibration=_calibration(settings),
        vault=Vault(settings.key_ring),
        ring=settings.key_ring,
        wanted_false_accepts=settings.voice_false_accepts,
        countermeasure=_countermeasure(settings),
        spoof_calibration=_spoof_calibration(settings),
    )


def _countermeasure(settings: Settings) -> Countermeasure | None:
    loaded = countermeasure.load(settings.countermeasure_model)
    if isinstance(loaded, Countermeasure):
        return loaded
    if settings.countermeasure_model is not None:
        _log.error("nothing tells made voices: %s", loaded.reason)
    return None


def _spoof_calibration(settings: Settings) -> SpoofCalibration | None:
    file = settings.countermeasure_calibration
    try:
        return None if file is None else SpoofCalibration.read(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _log.error("the countermeasure decides nothing: its calibration %s cannot be read: %s", file, error)
        return None


def calibration_file(settings: Settings) -> Path | None:
    """Where the calibration lies: the settings', or the one that comes with the shipped encoder; None where there is none."""
    is_shipped = settings.voice == "line" and settings.voice_encoder is None
    return settings.voice_calibration or (SHIPPED_CALIBRATION if is_shipped else None)


def _calibration(settings: Settings) -> Calibration | None:
    file = calibration_file(settings)
    if file is None:
        _log.error(
            "no voice can be decided on: %s has no calibration; `centralino voice calibrate` makes one", settings.voice
        )
        return None
    try:
        return Calibration.read(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        _log.error("no voice can be decided on: the calibration %s cannot be read: %s", file, error)
        return None
