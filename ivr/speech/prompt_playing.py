"""A prompt that is played over the stream: what is sent for it, when it is over, and whether the caller talks over it.

That a voice is the caller's and not the prompt's own echo is decided by `barge_in`; what is done about it by the listener.
"""

from typing import Final

from ivr.audio import FRAME_BYTES, FRAME_SECONDS, RATE_HZ, seconds_of_ulaw, ulaw_to_pcm
from ivr.speech.barge_in import BargeIn
from ivr.speech.end_of_speech import Ended, Hearing, Waits, hear
from ivr.speech.turn import Question
from ivr.telephony.media import clear_message, mark_message, media_message

PROMPT_MARK: Final = "prompt"
# A message may hold any length. Pieces of half a second: a prompt of 20 s is 40 messages and not 1,000.
_PIECE_BYTES: Final = RATE_HZ // 2
# How much later than its length a prompt may be said to have been played; then its mark is taken to be lost.
_MARK_PATIENCE_SECONDS: Final = 2.0


class PromptPlaying:
    """One prompt on one stream. Without sound it is over from the beginning."""

    def __init__(self, question: Question, prompt_ulaw: bytes, waits: Waits) -> None:
        """Take what is asked, its sound, and the waits by which speech over the prompt counts as over itself."""
        self._question = question
        self._ulaw = prompt_ulaw
        self._waits = waits
        self._left_seconds = 0.0
        self._frames = 0
        self._barge_in = self._listening_again()
        self._talking: Hearing | None = None

    @property
    def is_playing(self) -> bool:
        """Whether the caller still hears it."""
        return self._left_seconds > 0

    @property
    def talking(self) -> Hearing:
        """The caller's speech over the prompt that still goes on.

        What has only just begun is in the second before the answer, which is recognised with it.
        """
        return self._talking or Hearing()

    def begin(self, stream_sid: str) -> tuple[str, ...]:
        """Give the messages that play it; from now on it is playing."""
        if not self._ulaw:
            return ()
        self._left_seconds = seconds_of_ulaw(self._ulaw) + _MARK_PATIENCE_SECONDS
        pieces = (self._ulaw[at : at + _PIECE_BYTES] for at in range(0, len(self._ulaw), _PIECE_BYTES))
        return (*(media_message(stream_sid, piece) for piece in pieces), mark_message(stream_sid, PROMPT_MARK))

    def take_mark(self, name: str) -> None:
        """Take in that a mark came back: the prompt's own says that it has been heard."""
        if name == PROMPT_MARK:
            self._left_seconds = 0.0

    def stop(self, stream_sid: str) -> tuple[str, ...]:
        """Give the message that silences it; none if it is over."""
        if not self.is_playing:
            return ()
        self._left_seconds = 0.0
        return (clear_message(stream_sid),)

    def hear(self, frame_pcm: bytes, *, voiced: bool) -> bool:
        """Take in a frame of the caller over the prompt and say whether it must stop now. `talking` says since when."""
        self._left_seconds -= FRAME_SECONDS
        self._frames += 1
        has_begun = self._barge_in.hear(frame_pcm, voiced=voiced)
        if self._talking is not None:
            self._talking, verdict = hear(self._talking, self._waits, seconds=FRAME_SECONDS, voiced=voiced)
            if isinstance(verdict, Ended):
                # What was said over a prompt that nobody could interrupt is past; the next words may be the answer.
                self._talking, self._barge_in = None, self._listening_again()
            return False
        if not has_begun:
            return False
        spoken_seconds = self._barge_in.begun_seconds
        self._talking = Hearing(
            total_seconds=spoken_seconds,
            voiced_run_seconds=spoken_seconds if voiced else 0.0,
            speech_seconds=spoken_seconds,
            has_begun=True,
        )
        return self._question.barge_in

    def _listening_again(self) -> BargeIn:
        """Listen for speech over what is still to be played."""
        still_to_play = self._ulaw[self._frames * FRAME_BYTES :]
        return BargeIn(sensitivity=self._question.sensitivity, prompt_pcm=ulaw_to_pcm(still_to_play))
