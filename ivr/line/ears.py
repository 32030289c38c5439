"""Listening to a live party for the carrier's recogniser: where its speech begins and ends, and what was said.

Loudness alone decides: this is the carrier's side and a stand-in for it; the service's own end of speech is elsewhere.
"""

from collections import deque

from ivr.audio import loudness_dbfs, ulaw_to_pcm
from ivr.line.legs import Leg
from ivr.line.party import Words

LOUD_DBFS = -38.0
# between the noise of a quiet room (-60) and a voice near a microphone (-25)
ONSET_FRAMES = 5
ONSET_WINDOW_FRAMES = 8
# 100 ms loud within 160 ms: a word, not a click
QUIET_FRAMES = 40
# 0.8 s: longer than the pauses inside a sentence


class Ear:
    """A tap on a leg whose party gives sound and no words."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._recent: deque[bytes] = deque(maxlen=ONSET_WINDOW_FRAMES)
        self._loud: deque[bool] = deque(maxlen=ONSET_WINDOW_FRAMES)
        self._speech = bytearray()
        self._quiet_frames = 0

    def tap(self, spoken: bytes, _heard: bytes) -> None:
        """Take 20 ms."""
        loud = loudness_dbfs(ulaw_to_pcm(spoken)) > LOUD_DBFS
        if not self._speech:
            self._recent.append(spoken)
            self._loud.append(loud)
            if sum(self._loud) >= ONSET_FRAMES:
                self._speech = bytearray(b"".join(self._recent))
                self._quiet_frames = 0
                self._leg.start_speaking()
            return
        self._speech += spoken
        self._quiet_frames = 0 if loud else self._quiet_frames + 1
        if self._quiet_frames >= QUIET_FRAMES:
            self._end()

    def _end(self) -> None:
        audio, language = bytes(self._speech), self._leg.speech_language
        self._speech = bytearray()
        self._recent.clear()
        self._loud.clear()
        recognise = self._leg.exchange.recognise
        if recognise is None:
            self._leg.finish_speaking(None)
            return
        self._leg.exchange.clock.run_aside(lambda: recognise(audio, language), self._tell)

    def _tell(self, recognised: tuple[str, float] | None) -> None:
        words = None if recognised is None else Words(text=recognised[0], confidence=recognised[1])
        self._leg.finish_speaking(words, language=self._leg.speech_language)


def listen(leg: Leg) -> None:
    """Listen to a leg whose party wants its sound recognised."""
    if leg.party.recognise_audio:
        leg.sound.add_tap(Ear(leg).tap)
