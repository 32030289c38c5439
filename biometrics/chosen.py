"""Which speaker encoder a setting means."""

from pathlib import Path
from typing import Literal, assert_never

from biometrics import ecapa, line_encoder
from biometrics.checksums import ChecksumsError, kept_checksums
from biometrics.encoders import NoEncoder, SpeakerEncoder


def chosen_encoder(
    voice: Literal["off", "line", "ecapa"], *, ecapa_folder: Path | None = None, line_network: Path | None = None
) -> SpeakerEncoder | NoEncoder:
    """Load the encoder: ours (or one that was taught anew), or SpeechBrain's ECAPA from a folder; say why where none is."""
    match voice:
        case "off":
            return NoEncoder(reason="the voice is switched off")
        case "line":
            return line_encoder.load(line_network or line_encoder.SHIPPED)
        case "ecapa":
            return _ecapa(ecapa_folder)
        case _:
            assert_never(voice)


def _ecapa(folder: Path | None) -> SpeakerEncoder | NoEncoder:
    if folder is None or not folder.is_dir():
        return NoEncoder(reason=f"the folder of ECAPA's weights is not there: {folder or 'none is set'}")
    try:
        return ecapa.load_ecapa(folder=folder, expected=kept_checksums(folder))
    except ChecksumsError as error:
        return NoEncoder(reason=str(error))
