"""Loading SpeechBrain's ECAPA: from a folder in its own format; whatever is missing or broken is said. No accuracy is shown."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from biometrics.ecapa import EcapaEncoder, equal_network, load_ecapa
from biometrics.ecapa_writing import FEATURES, ecapa_network
from biometrics.encoders import NoEncoder
from biometrics.onnx_session import NoSession, Session, open_session
from biometrics.samples import NotEncoded
from tests.ecapa import PUBLISHED, TINY, Size, random_model, save_ecapa

NOISE = np.random.default_rng(3).normal(0, 0.1, 16_000).astype(np.float32)


def reason(folder: Path | None) -> str:
    refused = load_ecapa(folder=folder)
    assert isinstance(refused, NoEncoder)
    return refused.reason


def test_weights_of_a_folder_are_really_the_ones_that_encode(tmp_path: Path) -> None:
    first = load_ecapa(folder=save_ecapa(tmp_path / "one", seed=1))
    again = load_ecapa(folder=save_ecapa(tmp_path / "same", seed=1))
    other = load_ecapa(folder=save_ecapa(tmp_path / "other", seed=2))
    assert isinstance(first, EcapaEncoder)
    assert isinstance(again, EcapaEncoder)
    assert isinstance(other, EcapaEncoder)
    embedding = first.encode(NOISE, rate_hz=16_000)
    assert not isinstance(embedding, NotEncoded)
    assert len(embedding) == 24
    assert embedding == again.encode(NOISE, rate_hz=16_000)
    assert embedding != other.encode(NOISE, rate_hz=16_000)
    assert first.name == again.name != other.name


def test_the_hub_is_not_asked_unless_it_may_be() -> None:
    assert reason(None) == "no folder of a speaker encoder is set, and the hub may not be asked"


def test_a_folder_without_hyperparameters_is_named(tmp_path: Path) -> None:
    assert reason(tmp_path) == f"the folder of the speaker encoder holds no hyperparams.yaml: {tmp_path}"


@pytest.mark.parametrize("broken", ["embedding_model.ckpt", "hyperparams.yaml"])
def test_a_folder_with_rubbish_in_it_is_named(tmp_path: Path, broken: str) -> None:
    folder = save_ecapa(tmp_path / "broken")
    (folder / broken).write_text("rubbish", encoding="utf-8")
    assert reason(folder).startswith(f"the speaker encoder {folder} cannot be loaded: ")


def test_a_folder_without_its_weights_is_named(tmp_path: Path) -> None:
    folder = save_ecapa(tmp_path / "empty")
    (folder / "embedding_model.ckpt").unlink()
    assert reason(folder).startswith(f"the speaker encoder {folder} cannot be loaded: ")


def test_whoever_goes_through_the_loaded_modules_meets_no_placeholder_that_fails(tmp_path: Path) -> None:
    assert isinstance(load_ecapa(folder=save_ecapa(tmp_path / "tiny")), EcapaEncoder)
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("speechbrain"):
            hasattr(module, "__file__")


def test_a_hub_that_cannot_be_reached_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # The hub's own switch: it answers at once what it would answer after many tries of a closed network.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    refused = load_ecapa(folder=None, may_use_hub=True)
    assert isinstance(refused, NoEncoder)
    assert refused.reason.startswith("the speaker encoder speechbrain/spkrec-ecapa-voxceleb cannot be loaded: ")


@pytest.mark.parametrize(
    ("size", "otherwise"),
    [(TINY, {}), (TINY, {"channels": [32, 16, 16, 16, 48]}), (PUBLISHED, {})],
    ids=["tiny", "narrower from the second layer on", "published"],
)
@pytest.mark.parametrize("seconds", [0.1, 2.5])
def test_its_network_gives_in_onnxruntime_what_it_gives_in_torch(
    size: Size, otherwise: dict[str, object], seconds: float
) -> None:
    model = random_model(size=size, **otherwise)
    session = open_session(ecapa_network(model))
    assert isinstance(session, Session), session
    features = torch.randn(1, round(100 * seconds) + 1, 80, generator=torch.Generator().manual_seed(1)) * 10
    with torch.inference_mode():
        expected = model(features, torch.ones(1)).numpy().ravel()
    ours = session.run({FEATURES: features[0].numpy()})[0].ravel()
    assert ours / np.linalg.norm(ours) == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


@pytest.mark.parametrize(
    "otherwise", [{"groups": [1, 2, 1, 1, 1]}, {"activation": torch.nn.Tanh}, {"global_context": False}], ids=str
)
def test_a_network_that_is_built_otherwise_stays_in_torch(tmp_path: Path, otherwise: dict[str, object]) -> None:
    encoder = load_ecapa(folder=save_ecapa(tmp_path / "ecapa"))
    assert isinstance(encoder, EcapaEncoder)
    reference = encoder.through(NoSession(reason="this test asks for torch"))
    assert isinstance(equal_network(reference), Session)
    reference._recognition.mods.embedding_model = random_model(**otherwise)
    refused = equal_network(reference)
    assert isinstance(refused, NoSession)
    assert "cannot be written as ONNX" in refused.reason or "other embeddings than torch" in refused.reason


def test_a_folder_that_changed_is_not_opened(tmp_path: Path) -> None:
    folder = save_ecapa(tmp_path / "ecapa")
    refused = load_ecapa(folder=folder, expected={"hyperparams.yaml": "0" * 64})
    assert isinstance(refused, NoEncoder)
    assert "new: embedding_model.ckpt; changed: hyperparams.yaml" in refused.reason
