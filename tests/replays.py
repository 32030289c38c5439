"""What becomes of a recording on its way into a second call: levels, codecs, lines, rooms, drifting clocks. 8 kHz, -1 to 1."""

import io
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from scipy import signal

from ivr.audio import RATE_HZ, frames_of_ulaw, pcm_to_ulaw, telephone_band, ulaw_to_pcm
from ivr.line.channel import QUALITIES, Channel, Loss, LostFrame
from ivr.line.transit import Passage

Sound = npt.NDArray[np.float32]
Change = Callable[[Sound, np.random.Generator], Sound]
FULL_SCALE = 32768.0
A_LAW = 87.6  # ITU-T G.711
PART_SECONDS = 2.2
SPEECH_DBFS = -22.0


def pcm(sound: Sound) -> bytes:
    """Sound as 16-bit PCM."""
    return np.clip(np.rint(sound * FULL_SCALE), -32768, 32767).astype("<i2").tobytes()


def from_pcm(samples: bytes) -> Sound:
    """16-bit PCM as sound."""
    return np.frombuffer(samples, dtype="<i2").astype(np.float32) / np.float32(FULL_SCALE)


def over_telephone(sound: npt.NDArray[np.float64], rate_hz: int) -> Sound:
    """Speech at -22 dBFS behind the telephone's band and mu-law."""
    loud = sound * 10 ** (SPEECH_DBFS / 20) / max(float(np.sqrt(np.mean(sound**2))), 1e-9)
    return recoded(from_pcm(telephone_band(pcm(soxr.resample(loud, rate_hz, RATE_HZ)), RATE_HZ)))


def recoded(sound: Sound) -> Sound:
    """Through mu-law."""
    return from_pcm(ulaw_to_pcm(pcm_to_ulaw(pcm(sound))))


def later(sound: Sound, chance: np.random.Generator) -> Sound:
    """Begun at some other moment, so that frames are cut elsewhere."""
    return np.concatenate((chance.normal(size=chance.integers(0, 1600)) * 1e-3, sound)).astype(np.float32)


def _a_law(sound: Sound, _: np.random.Generator) -> Sound:
    size, knee = np.abs(np.clip(sound, -1, 1)), 1 + np.log(A_LAW)
    curve = np.where(size < 1 / A_LAW, A_LAW * size / knee, (1 + np.log(np.maximum(size * A_LAW, 1e-9))) / knee)
    step = np.abs(np.round(curve * 127.5 - 0.5) + 0.5) / 127.5
    return (np.sign(sound) * np.where(step < 1 / knee, step * knee / A_LAW, np.exp(step * knee - 1) / A_LAW)).astype(
        np.float32
    )


def _coded(container: str, codec: str) -> Change:
    def code(sound: Sound, _: np.random.Generator) -> Sound:
        file = io.BytesIO()
        soundfile.write(file, sound, RATE_HZ, format=container, subtype=codec)
        file.seek(0)
        return np.asarray(soundfile.read(file, dtype="float32")[0])

    return code


def _band(low_hz: float, high_hz: float) -> Change:
    filter_ = signal.butter(4, [low_hz, high_hz], btype="bandpass", fs=RATE_HZ, output="sos")
    return lambda sound, _: signal.sosfilt(filter_, sound).astype(np.float32)


def _noise(snr_db: float, *, is_speech_like: bool = False) -> Change:
    def add(sound: Sound, chance: np.random.Generator) -> Sound:
        noise = chance.normal(size=sound.size)
        if is_speech_like:
            loudness = np.abs(signal.lfilter(*signal.butter(2, 4, fs=RATE_HZ), chance.normal(size=sound.size)))
            noise = signal.lfilter(*signal.butter(2, [300, 1500], btype="band", fs=RATE_HZ), noise) * loudness
        noise *= np.sqrt(np.mean(sound**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
        return (sound + noise).astype(np.float32)

    return add


def _through(channel: Channel) -> Change:
    def go(sound: Sound, chance: np.random.Generator) -> Sound:
        passage = Passage(channel, str(chance.integers(1 << 30)))
        frames = frames_of_ulaw(pcm_to_ulaw(pcm(sound)))
        return from_pcm(ulaw_to_pcm(b"".join(passage.take(frame) for frame in frames)))

    return go


def _room(reverberation_seconds: float) -> Change:
    def play(sound: Sound, chance: np.random.Generator) -> Sound:
        count = round(reverberation_seconds * RATE_HZ)
        tail = chance.normal(size=count) * 10 ** (-3 * np.arange(count) / count)
        tail /= np.sqrt(np.sum(tail**2))
        tail[0] += 1
        return signal.fftconvolve(sound, tail)[: sound.size].astype(np.float32)

    return play


def _drift(factor: float) -> Change:
    return lambda sound, _: soxr.resample(sound, RATE_HZ, RATE_HZ * factor)


def part(sound: Sound, chance: np.random.Generator) -> Sound:
    """Two seconds of it and a little more, from anywhere."""
    count = round(PART_SECONDS * RATE_HZ)
    begin = int(chance.integers(0, max(1, sound.size - count)))
    return sound[begin : begin + count]


def _all(*changes: Change) -> Change:
    def one_after_the_other(sound: Sound, chance: np.random.Generator) -> Sound:
        for change in changes:
            sound = change(sound, chance)
        return sound

    return one_after_the_other


_GSM = _coded("WAV", "GSM610")
_NOISY, _BAD_MOBILE = (_through(QUALITIES[name].channel) for name in ("noisy", "bad_mobile"))

# Level, codecs, band, noise (against the mean of the whole utterance, pauses included), losses, drifts, the local line's
# own bad lines, a loudspeaker in a room, and several at once.
CHANGES: Mapping[str, Change] = {
    "recoded": lambda sound, _: sound,
    "20 dB quieter": lambda sound, _: sound * np.float32(0.1),
    "15 dB louder, clipped": lambda sound, _: np.clip(sound * np.float32(5.6), -1, 1),
    "A-law": _a_law,
    "500-2800 Hz": _band(500, 2800),
    "GSM": _GSM,
    "Opus": _coded("OGG", "OPUS"),
    "noise 15 dB": _noise(15),
    "noise 10 dB": _noise(10),
    "speech-like noise 10 dB": _noise(10, is_speech_like=True),
    "5% lost, concealed": _through(Channel(loss=Loss(share=0.05, burst_frames=3.0))),
    "10% lost, silent": _through(Channel(loss=Loss(share=0.1, burst_frames=2.0), lost_frame=LostFrame.SILENT)),
    "1% slower": _drift(1.01),
    "1% faster": _drift(0.99),
    "noisy line": _NOISY,
    "bad mobile line": _BAD_MOBILE,
    "room 0.3 s": _room(0.3),
    "GSM, 1% slower, bad mobile line": _all(_GSM, _drift(1.01), _BAD_MOBILE),
    "room 0.3 s, noisy line": _all(_room(0.3), _NOISY),
}


def replayed(sound: Sound, change: Change, chance: np.random.Generator) -> Sound:
    """A recording of a call as a second call hears it."""
    return recoded(change(later(sound, chance), chance))
