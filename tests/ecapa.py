"""A tiny ECAPA with random weights, saved as SpeechBrain publishes its own: it proves the loading code and no accuracy."""

from pathlib import Path

from biometrics.ecapa import importing_speechbrain

# The published spkrec-ecapa-voxceleb, with 16 channels in place of 1024 and 24 numbers in place of 192.
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
    channels: [16, 16, 16, 16, 48]
    kernel_sizes: [5, 3, 3, 3, 1]
    dilations: [1, 2, 3, 4, 1]
    attention_channels: 8
    lin_neurons: 24
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


def save_tiny_ecapa(folder: Path, *, seed: int = 7) -> Path:
    """Write hyperparameters and random weights, the same for a seed."""
    with importing_speechbrain():
        import torch  # noqa: PLC0415 - torch takes seconds and is loaded when asked for
        from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN  # noqa: PLC0415 - as above

    torch.manual_seed(seed)
    model = ECAPA_TDNN(
        input_size=80,
        channels=[16, 16, 16, 16, 48],
        kernel_sizes=[5, 3, 3, 3, 1],
        dilations=[1, 2, 3, 4, 1],
        attention_channels=8,
        lin_neurons=24,
    )
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "embedding_model.ckpt")
    (folder / "hyperparams.yaml").write_text(HYPERPARAMETERS, encoding="utf-8")
    return folder
