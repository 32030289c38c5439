"""What telephone lines do to speech, drawn at random: band, level, noise, one codec or two. For teaching, never for a call.

Ranges: ITU-T G.712 passes 300-3400 Hz and real lines lie around that; G.711 (mu-law and A-law) and GSM 06.10 full rate are what
calls are coded with; noise from hardly any to that of a street, 10-40 dB below the speech.
"""

import io
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.signal
import soundfile
import soxr  # type: ignore[import-untyped]  # soxr publishes no types

TELEPHONE_RATE_HZ: Final = 8_000
_MAINS_HZ: Final = 50
_MU: Final = 255.0
_A: Final = 87.6
_LEVELS: Final = 256
# How often a line is as the recommendation says, has noise that can be heard, codes by mu-law, by mu-law or A-law (else by GSM),
# and crosses two networks. Judgement: what a European hotline may hear.
_PLAIN_BAND: Final = 0.3
_NOISY: Final = 0.7
_MU_LAW, _MU_OR_A_LAW = 0.55, 0.75
_TWICE: Final = 0.15
_BAND_HZ: Final = (300.0, 3400.0)
# How noise falls with the frequency: white, pink, or a rumble with the hum of the mains over it.
_WHITE, _PINK, _RUMBLE = 0.0, 0.5, 0.8
_HUM: Final = 0.3

Sound = npt.NDArray[np.float64]


def by_telephone(speech: npt.NDArray[np.float32], *, rate_hz: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Give speech as another telephone line would bring it, at the same rate and length; the level is the line's own."""
    sound: Sound = soxr.resample(speech.astype(np.float64), rate_hz, TELEPHONE_RATE_HZ)
    low, high = _BAND_HZ if rng.random() < _PLAIN_BAND else (rng.uniform(200, 400), rng.uniform(3000, 3750))
    band = scipy.signal.butter(
        int(rng.integers(2, 6)), [low, high], btype="bandpass", fs=TELEPHONE_RATE_HZ, output="sos"
    )
    sound = _at_level(scipy.signal.sosfilt(band, sound), rng.uniform(-36, -18))
    if rng.random() < _NOISY:
        sound = sound + _noise(sound, rng)
    coded = _coded(sound, rng)
    back = soxr.resample(coded, TELEPHONE_RATE_HZ, rate_hz)
    return np.asarray(_of_length(back, speech.size), dtype=np.float32)


def mu_law(sound: Sound) -> Sound:
    """Code and decode as G.711 mu-law does (256 levels of the logarithmic curve)."""
    limited = np.clip(sound, -1, 1)
    curve = np.sign(limited) * np.log1p(_MU * np.abs(limited)) / np.log1p(_MU)
    kept = 2 * np.round((curve + 1) / 2 * (_LEVELS - 1)) / (_LEVELS - 1) - 1
    return np.asarray(np.sign(kept) * np.expm1(np.abs(kept) * np.log1p(_MU)) / _MU)


def a_law(sound: Sound) -> Sound:
    """Code and decode as G.711 A-law does."""
    size, whole = np.abs(np.clip(sound, -1, 1)), 1 + np.log(_A)
    curve = np.where(size < 1 / _A, _A * size, 1 + np.log(np.maximum(_A * size, 1))) / whole
    kept = np.round(curve * _LEVELS / 2) / (_LEVELS / 2)
    return np.asarray(np.sign(sound) * np.where(kept < 1 / whole, kept * whole, np.exp(kept * whole - 1)) / _A)


def gsm(sound: Sound) -> Sound:
    """Code and decode as GSM 06.10 full rate does (libsndfile's)."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(sound, -1, 1), TELEPHONE_RATE_HZ, format="WAV", subtype="GSM610")
    file.seek(0)
    decoded, _ = soundfile.read(file)
    return _of_length(decoded, sound.size)


def _coded(sound: Sound, rng: np.random.Generator) -> Sound:
    draw = rng.random()
    coded = mu_law(sound) if draw < _MU_LAW else a_law(sound) if draw < _MU_OR_A_LAW else gsm(sound)
    return mu_law(coded) if rng.random() < _TWICE else coded


def _noise(sound: Sound, rng: np.random.Generator) -> Sound:
    hiss = rng.standard_normal(sound.size)
    spectrum = np.fft.rfft(hiss)
    steepness = (_WHITE, _PINK, _RUMBLE)[int(rng.integers(3))]
    noise = np.fft.irfft(spectrum / np.arange(1, spectrum.size + 1) ** steepness, sound.size)
    if steepness == _RUMBLE:
        hum = np.sin(2 * np.pi * _MAINS_HZ * np.arange(sound.size) / TELEPHONE_RATE_HZ)
        noise = noise + _HUM * noise.std() * hum
    wanted = np.sqrt(np.mean(sound**2)) * 10 ** (-rng.uniform(10, 40) / 20)
    return np.asarray(noise / max(float(noise.std()), 1e-12) * wanted)


def _at_level(sound: Sound, dbfs: float) -> Sound:
    return np.asarray(sound * 10 ** (dbfs / 20) / max(float(np.sqrt(np.mean(sound**2))), 1e-12))


def _of_length(sound: Sound, count: int) -> Sound:
    return np.pad(sound[:count], (0, max(0, count - sound.size)))
