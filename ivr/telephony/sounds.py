"""The waiting music, made by code: four soft chords at 8 kHz in a WAV file. Nothing is recorded, nothing is licensed."""

import io

import numpy as np
import soundfile

from ivr.audio import RATE_HZ

# A turnaround (I - vi - IV - V) in C, in hertz of equal temperament, a' = 440 Hz.
_CHORDS_HZ = ((261.63, 329.63, 392.0), (220.0, 261.63, 329.63), (174.61, 261.63, 349.23), (196.0, 246.94, 392.0))
_CHORD_SECONDS = 2.5
_TIMES_ROUND = 2
# Quiet enough to talk over, loud enough to know that the line stands: about -20 dBFS.
_LEVEL = 0.1


def music_wav() -> bytes:
    """Twenty seconds of music that can be repeated without a seam; a WAV file, 16 bit, 8000 Hz: every carrier plays that."""
    time = np.arange(round(_CHORD_SECONDS * RATE_HZ)) / RATE_HZ
    envelope = np.sin(np.pi * time / _CHORD_SECONDS) ** 0.5
    chords = [sum(np.sin(2 * np.pi * hertz * time) for hertz in chord) * envelope for chord in _CHORDS_HZ]
    sound = _LEVEL * np.concatenate(chords * _TIMES_ROUND)
    file = io.BytesIO()
    soundfile.write(file, sound, RATE_HZ, format="WAV", subtype="PCM_16")
    return file.getvalue()
