"""What an embedding of five seconds of telephone speech costs on one core, and what of it is ours.

Each pair runs in turns in one process, one thread each, and is timed in processor seconds of that thread: what else the
machine does meanwhile counts for neither. Weights are random where only time is measured; it does not depend on them.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from biometrics.ecapa import EcapaEncoder, equal_network, importing_speechbrain, load_ecapa
from biometrics.features import WINDOW_FRAMES, at_level, mel_spectrogram, window_starts
from biometrics.line_encoder import INPUT, SHIPPED, LineEncoder, load
from biometrics.onnx_session import NoSession, Session, open_session
from biometrics.samples import encoder_samples
from biometrics.voiceprint import unit_length
from ivr import audio
from tests.bench.results import Figure
from tests.ecapa import PUBLISHED, save_ecapa
from tests.listeners import SHARED

SECONDS = 5
TELEPHONE_HZ = 8_000
ROUNDS = 60
ECAPA_ROUNDS = 15
MOST_OF_OURS = 1.15
LEAST_GAIN = 1.5


def figures() -> list[Figure]:
    """Measure both encoders on the same speech."""
    speech = five_seconds()
    return [*_line_encoder(speech), *_ecapa(speech)]


def five_seconds() -> npt.NDArray[np.int16]:
    """Real speech (CMU AN4) over the telephone, 8 kHz; a buzz where the recordings are not there."""
    files = sorted((SHARED / "an4" / "fash").glob("*.flac"))
    wide = [soundfile.read(file, dtype="int16")[0] for file in files]
    if not wide:
        at = np.arange(SECONDS * 16_000) / 16_000
        wide = [(5_000 * np.sign(np.sin(2 * np.pi * (120 + 40 * np.sin(at)) * at))).astype(np.int16)]
    narrow = audio.telephone_band(audio.resample(np.concatenate(wide).tobytes(), 16_000, TELEPHONE_HZ), TELEPHONE_HZ)
    over_the_line = audio.ulaw_to_pcm(audio.pcm_to_ulaw(narrow))
    return np.frombuffer(over_the_line, dtype="<i2")[: SECONDS * TELEPHONE_HZ]


def _line_encoder(speech: npt.NDArray[np.int16]) -> list[Figure]:
    with importing_speechbrain():
        import torch  # noqa: PLC0415 - torch comes after torchaudio was made to load

    from biometrics.exporting import LineNetwork  # noqa: PLC0415 - loads torch

    torch.set_num_threads(1)
    encoder, session = load(), open_session(SHIPPED)
    assert isinstance(encoder, LineEncoder), encoder
    assert isinstance(session, Session), session
    samples = encoder_samples(speech, rate_hz=TELEPHONE_HZ)
    assert isinstance(samples, np.ndarray)
    starts = window_starts(samples.size)
    padded = np.pad(at_level(samples), (0, max(0, (starts[-1] + WINDOW_FRAMES) * 160 - samples.size)))
    original = LineNetwork().eval()

    def mels() -> npt.NDArray[np.float32]:
        frames = mel_spectrogram(padded)
        return np.stack([frames[start : start + WINDOW_FRAMES] for start in starts])

    def bare() -> Any:
        return session.run({INPUT: mels()})[0]

    def in_torch() -> Any:
        with torch.inference_mode():
            return original(torch.from_numpy(mels())).numpy()

    encoded = encoder.encode(speech, rate_hz=TELEPHONE_HZ)
    assert np.allclose(encoded, unit_length(bare().mean(axis=0).tolist()), atol=1e-5), "both sides do the same work"
    ms = _in_turns(
        {"ours": lambda: encoder.encode(speech, rate_hz=TELEPHONE_HZ), "bare": bare, "torch": in_torch}, ROUNDS
    )
    ratio = ms["ours"] / ms["bare"]
    return [
        Figure(
            name="encode_vs_bare",
            value=ratio,
            unit="x",
            goal=f"<= {MOST_OF_OURS}",
            holds=ratio <= MOST_OF_OURS,
            how=f"encode() of {SECONDS} s at 8 kHz, int16, against its session and mels alone; median of {ROUNDS}, one thread",
        ),
        _told("encode_ms", ms["ours"], "encode() of the line encoder, 5 s of telephone speech"),
        _told("encode_bare_ms", ms["bare"], "the same session, with ready speech at 16 kHz and its mels"),
        _told("encode_resemblyzer_ms", ms["torch"], "Resemblyzer's network in torch, one thread, with the same mels"),
    ]


def _ecapa(speech: npt.NDArray[np.int16]) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_ecapa(folder=save_ecapa(Path(folder) / "ecapa", size=PUBLISHED))
    assert isinstance(loaded, EcapaEncoder), loaded
    network = equal_network(loaded.through(NoSession(reason="torch is the reference")))
    if isinstance(network, NoSession):
        return [_no_gain(network.reason)]
    import torch  # noqa: PLC0415 - loaded by the encoder

    encoder = loaded.through(network)
    samples = encoder_samples(speech, rate_hz=TELEPHONE_HZ)
    assert isinstance(samples, np.ndarray)

    def plain() -> Any:
        with torch.inference_mode():
            return loaded._recognition.encode_batch(torch.from_numpy(samples)).numpy()

    def ours() -> Any:
        return encoder.encode(speech, rate_hz=TELEPHONE_HZ)

    away = float(np.abs(np.asarray(ours()) - unit_length(plain().ravel().tolist())).max())
    ms = _in_turns({"ours": ours, "plain": plain}, ECAPA_ROUNDS)
    gain = ms["plain"] / ms["ours"]
    return [
        Figure(
            name="ecapa_vs_torch",
            value=gain,
            unit="x faster",
            goal=f">= {LEAST_GAIN}",
            holds=gain >= LEAST_GAIN,
            how=f"encode_batch of SpeechBrain against encode(), {SECONDS} s, 1,024 channels, random weights, one thread each",
        ),
        _told("ecapa_ms", ms["ours"], "encode() of ECAPA in onnxruntime, 5 s of telephone speech"),
        _told("ecapa_torch_ms", ms["plain"], "SpeechBrain's encode_batch in torch, the same speech at 16 kHz"),
        Figure(
            name="ecapa_away_from_torch",
            value=away,
            unit="",
            goal="<= 1e-4",
            holds=away <= 1e-4,
            how="largest difference in a number of the embedding, length 1",
        ),
    ]


def _no_gain(reason: str) -> Figure:
    return Figure(name="ecapa_vs_torch", value=1.0, unit="x faster", goal=f">= {LEAST_GAIN}", holds=False, how=reason)


def _told(name: str, ms: float, how: str) -> Figure:
    return Figure(name=name, value=ms, unit="ms", goal="", holds=None, how=how)


def _in_turns(works: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Give each work's median in milliseconds of this thread; all run once in each round, and once before."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for counts in [False, *[True] * rounds]:
        for name, work in works.items():
            begun = time.thread_time()
            work()
            if counts:
                taken[name].append(time.thread_time() - begun)
    return {name: 1000 * median(seconds) for name, seconds in taken.items()}
