"""`centralino voice countermeasure` on recordings: scores are shown, and what is missing is said."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from ivr.commands.voice_commands import voice
from tests.keys import DATA_KEYS
from tests.unit.biometrics.test_countermeasure import SAMPLES, high_band_energy, kept

AN4 = Path(__file__).parents[4] / "shared" / "data" / "an4"


def run(folder: Path, *arguments: str, model: bool = True) -> Result:
    network = kept(folder, high_band_energy([1, SAMPLES])) if model else folder / "none.onnx"
    settings = folder / "centralino.toml"
    settings.write_text(
        f'secret_key = "{"k" * 40}"\nauth_token = "{"t" * 32}"\ndata_keys = "{DATA_KEYS}"\n'
        f'countermeasure_model = "{network}"\n'
    )
    return CliRunner().invoke(voice, ["countermeasure", *arguments], obj=settings)


def calls_in(folder: Path) -> Path:
    """A call of each of two speakers of AN4."""
    for speaker in ("fash", "marh"):
        files = sorted((AN4 / speaker).glob("*.flac"))
        if not files:
            pytest.skip("the recordings of AN4 are not on this machine (../shared/data)")
        (folder / "calls" / speaker).mkdir(parents=True)
        sound = np.concatenate([soundfile.read(file, dtype="float32")[0] for file in files[:4]])
        soundfile.write(folder / "calls" / speaker / "1.wav", sound, 16_000)
    return folder / "calls"


def test_scores_are_shown_and_a_few_calls_calibrate_nothing(tmp_path: Path) -> None:
    calls = calls_in(tmp_path)
    shown = run(tmp_path, str(calls))
    assert shown.exit_code == 0, shown.output
    assert "real callers" in shown.output
    refused = run(tmp_path, str(calls), "--to", str(tmp_path / "made.json"))
    assert refused.exit_code == 1
    assert not (tmp_path / "made.json").exists()


def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    calls = calls_in(tmp_path)
    refused = run(tmp_path, str(calls), model=False)
    assert refused.exit_code == 1
