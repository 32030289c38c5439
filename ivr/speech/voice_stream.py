"""A call's sound that comes to us for the voice alone: messages come in, net speech goes out, utterance by utterance.

It hears the whole call, prompts and pauses included, recognises nothing and sends nothing. What may be done with the speech, and
to which turn it belongs, is decided by whoever takes it.
"""

from collections.abc import Callable
from typing import Final

from ivr.audio import FRAME_SECONDS, ulaw_to_pcm
from ivr.speech.net_speech import HeardSpeech, NetSpeech
from ivr.speech.voice_activity import VoiceActivity
from ivr.speech.wire import Wire
from ivr.telephony.media import Media, Start, Stop, Unplayable, read_message
from ivr.telephony.requests import Malformed

# So much quiet ends an utterance here: less than a carrier waits for (Gather: a second and more), so that the speech has been
# handed over when its words are.
UTTERANCE_ENDS_SECONDS: Final = 0.5
# As many unusable messages (two seconds of them) are rubbish, or an attack, as in `ivr.speech.listening`.
_MOST_REFUSED: Final = 100


class VoiceStream:
    """One such stream, used by one thread, from behind its start on."""

    def __init__(self, start: Start, on_speech: Callable[[HeardSpeech], None]) -> None:
        """Take who is told of each utterance so far, every two seconds of it and when it is over.

        Raises `NoDetectorError` where the detector of voices is not on this machine.
        """
        self._stream_sid = start.stream_sid
        self._on_speech = on_speech
        self._wire = Wire()
        self._voice_activity = VoiceActivity()
        self._utterance = NetSpeech(on_speech)
        self._quiet_seconds = 0.0
        self._refused_messages = 0
        self._is_over = False

    def accept(self, message: str | bytes) -> bool:
        """Take in one message of the socket, as it came; False once nothing more of this stream can be used."""
        read = read_message(message)
        match read:
            case Media() if read.stream_sid == self._stream_sid:
                # No caller waits for this sound: what comes late is as good.
                for frame in self._wire.frames(read, late_seconds=0.0):
                    self._hear(ulaw_to_pcm(frame.ulaw))
            case Stop() if read.stream_sid == self._stream_sid:
                self._is_over = True
            case Unplayable() | Malformed() | Media() | Stop() | Start():
                self._refused_messages += 1
                self._is_over = self._is_over or self._refused_messages >= _MOST_REFUSED
            case _:
                pass
        return not self._is_over

    def close(self) -> None:
        """Take in that nothing more comes: what was being said is handed over."""
        self._utterance.end()
        self._utterance = NetSpeech(self._on_speech)

    def _hear(self, frame_pcm: bytes) -> None:
        voiced = self._voice_activity.is_voiced(frame_pcm)
        self._utterance.hear(frame_pcm, voiced=voiced)
        self._quiet_seconds = 0.0 if voiced else self._quiet_seconds + FRAME_SECONDS
        if self._utterance.voiced_seconds and self._quiet_seconds >= UTTERANCE_ENDS_SECONDS:
            self.close()
