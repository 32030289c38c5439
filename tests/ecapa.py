"""An ECAPA with random weights, saved as SpeechBrain publishes its own: it proves the loading code and no accuracy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biometrics.ecapa import importing_speechbrain


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the network is."""

    channels: int
    attention_channels: int
    numbers: int  # of an embedding

    @property
    def layers(self) -> list[int]:
        """Channels of each layer; the last one sees the three before it together."""
        return [*[self.channels] * 4, 3 * self.channels]


TINY = Size(channels=16, attention_channels=8, numbers=24)
# huggingface.co/speechbrain/spkrec-ecapa-voxceleb, hyperparams.yaml.
PUBLISHED = Size(channels=1024, attention_channels=128, numbers=192)

HYPERPARAMETERS = """
n_mels: 80
pretrain_path: speechbrain/spkrec-ecapa-voxceleb
compute_features: !new:speechbrain.lobes.features.Fbank
    n_mels: !ref <n_mels>
mean_var_norm: !new:speechbrain.processing.features.InputNormalization
    norm_type: sentence
    std_norm: False
embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN
    input_size: !ref <n_mels>
    channels: {layers}
    kernel_sizes: [5, 3, 3, 3, 1]
    dilations: [1, 2, 3, 4, 1]
    attention_channels: {attention_channels}
    lin_neurons: {numbers}
mean_var_norm_emb: !new:speechbrain.processing.features.InputNormalization
    norm_type: global
    std_norm: False
modules:
    compute_features: !ref <compute_features>
    mean_var_norm: !ref <mean_var_norm>
    embedding_model: !ref <embedding_model>
    mean_var_norm_emb: !ref <mean_var_norm_emb>
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    loadables:
        embedding_model: !ref <embedding_model>
    paths:
        embedding_model: !ref <pretrain_path>/embedding_model.ckpt
"""


def random_model(*, seed: int = 7, size: Size = TINY, **otherwise: Any) -> Any:
    """Make an ECAPA_TDNN with the same random weights for a seed, its normalisations as if it had been taught."""
    with importing_speechbrain():
        import torch  # noqa: PLC0415 - torch takes seconds and is loaded when asked for
        from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN  # noqa: PLC0415 - as above

    torch.manual_seed(seed)
    built = {
        "input_size": 80,
        "channels": size.layers,
        "kernel_sizes": [5, 3, 3, 3, 1],
        "dilations": [1, 2, 3, 4, 1],
        "attention_channels": size.attention_channels,
        "lin_neurons": size.numbers,
    }
    model = ECAPA_TDNN(**built | otherwise)
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.running_mean.normal_(0, 0.3)
            layer.running_var.uniform_(0.3, 2)
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.normal_(layer.bias, 0, 0.3)
    return model.eval()


def save_ecapa(folder: Path, *, seed: int = 7, size: Size = TINY) -> Path:
    """Write hyperparameters and random weights, the same for a seed."""
    model = random_model(seed=seed, size=size)
    import torch  # noqa: PLC0415 - torch takes seconds and is loaded when asked for

    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "embedding_model.ckpt")
    hyperparameters = HYPERPARAMETERS.format(
        layers=size.layers, attention_channels=size.attention_channels, numbers=size.numbers
    )
    (folder / "hyperparams.yaml").write_text(hyperparameters, encoding="utf-8")
    return folder
