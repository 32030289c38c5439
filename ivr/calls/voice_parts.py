"""What the service knows voices with, chosen once at start by `ivr.app`: the encoder, its calibration, where voices are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field

from biometrics.attacks import DEFAULT_RULES, AttackRules
from biometrics.calibration import Calibration
from biometrics.countermeasure import Countermeasure, SpoofCalibration
from biometrics.encoders import NoEncoder, SpeakerEncoder
from biometrics.vault import Vault
from sealing.keys import KeyRing


@dataclass(frozen=True, kw_only=True)
class VoiceParts:
    """The parts of the voice instead of a PIN. The encoder loads beside the first calls: whoever needs it asks for it anew."""

    encoder_now: Callable[[], SpeakerEncoder | NoEncoder]
    calibration: Calibration | None  # None: the encoder has none, and nothing is decided
    vault: Vault
    ring: KeyRing
    wanted_false_accepts: float = 0.001  # the share of impostors that may be accepted; a flow may ask for fewer
    countermeasure: Countermeasure | None = None
    spoof_calibration: SpoofCalibration | None = None  # None: the countermeasure decides nothing
    attack_rules: AttackRules = field(default=DEFAULT_RULES)

    @property
    def encoder(self) -> SpeakerEncoder | NoEncoder:
        """The encoder, or why there is none at this moment."""
        return self.encoder_now()
