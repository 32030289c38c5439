"""Which encoder a setting means; where there is none, the reason is said and nothing is loaded."""

from pathlib import Path

from biometrics.chosen import chosen_encoder
from biometrics.ecapa import EcapaEncoder
from biometrics.encoders import NoEncoder
from biometrics.line_encoder import LineEncoder
from tests.ecapa import save_ecapa


def test_off_is_no_encoder() -> None:
    assert chosen_encoder("off") == NoEncoder(reason="the voice is switched off")


def test_line_is_the_one_that_comes_with_us() -> None:
    encoder = chosen_encoder("line")
    assert isinstance(encoder, LineEncoder)
    assert encoder.name.startswith("line-ge2e:")


def test_ecapa_without_a_folder_is_no_encoder(tmp_path: Path) -> None:
    assert chosen_encoder("ecapa") == NoEncoder(reason="the folder of ECAPA's weights is not there: none is set")
    missing = chosen_encoder("ecapa", ecapa_folder=tmp_path / "missing")
    assert missing == NoEncoder(reason=f"the folder of ECAPA's weights is not there: {tmp_path / 'missing'}")


def test_ecapas_folder_is_kept_in_mind_and_refused_when_it_changed(tmp_path: Path) -> None:
    folder = save_ecapa(tmp_path / "ecapa")
    assert isinstance(chosen_encoder("ecapa", ecapa_folder=folder), EcapaEncoder)
    assert isinstance(chosen_encoder("ecapa", ecapa_folder=folder), EcapaEncoder)
    with (folder / "hyperparams.yaml").open("a", encoding="utf-8") as hyperparameters:
        hyperparameters.write("more: !apply:os.getcwd []\n")
    refused = chosen_encoder("ecapa", ecapa_folder=folder)
    assert refused == NoEncoder(
        reason=f"the folder of the speaker encoder {folder} is not the one that was kept: changed: hyperparams.yaml"
    )


def test_a_folder_whose_checksums_cannot_be_read_is_no_encoder(tmp_path: Path) -> None:
    folder = save_ecapa(tmp_path / "ecapa")
    (tmp_path / "ecapa.sha256").write_text("rubbish", encoding="utf-8")
    refused = chosen_encoder("ecapa", ecapa_folder=folder)
    assert isinstance(refused, NoEncoder)
    assert "ecapa.sha256" in refused.reason
