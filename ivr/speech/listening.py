"""One turn of listening on a media stream: messages come in, messages to send and at last a `Turn` go out.

It decodes, tells voice from noise, finds the end of speech, lets the caller talk over the prompt, takes keys and has the words
recognised. It knows no socket and no clock: whoever holds the socket hands in each message, and the seconds in which none
came. Whatever goes wrong on the way, the turn comes back as far as it was heard.
"""

from dataclasses import replace
from typing import Final, assert_never

from ivr.audio import FRAME_BYTES, FRAME_SECONDS, RATE_HZ, frames_of_ulaw, seconds_of_ulaw, ulaw_to_pcm
from ivr.speech.barge_in import OverPrompt, over_prompt
from ivr.speech.end_of_speech import WAITS, Ended, Hearing, Reason, hear
from ivr.speech.recognizer import Heard, NoModel, NotHeard, Recognizer
from ivr.speech.turn import Ending, Question, Reply, Turn
from ivr.speech.voice_activity import FRAME_PCM_BYTES, VoiceActivity
from ivr.telephony.media import (
    Connected,
    Key,
    Mark,
    Media,
    Start,
    Stop,
    Unplayable,
    clear_message,
    mark_message,
    media_message,
    read_message,
)
from ivr.telephony.requests import Malformed

__all__ = ["Ending", "Listening", "Question", "Reply", "Turn"]

PROMPT_MARK: Final = "prompt"
# Without a message for so long the stream is given up: the carrier sends 50 in a second, and a caller waits no longer.
STALLED_SECONDS: Final = 3.0
# A stream with so many unusable messages (two seconds of them) is rubbish, or an attack: the turn is closed.
MOST_REFUSED: Final = 100
# How much later than its length a prompt may be said to have been played; then its mark is taken to be lost.
_MARK_PATIENCE_SECONDS: Final = 2.0
# What is recognised from before an interruption was noticed: its own 0.3 s and the breath before it.
_BEFORE_INTERRUPTION_BYTES: Final = 25 * FRAME_PCM_BYTES


class Listening:
    """One turn, used by one thread. Once it is over, every further call gives the same turn and changes nothing."""

    def __init__(
        self,
        question: Question,
        recognizer: Recognizer | NoModel,
        *,
        call_sid: str = "",
        prompt_ulaw: bytes = b"",
    ) -> None:
        """Take what to listen for; a stream of another call than `call_sid` is refused, "" takes any.

        Without a model the turn can still be answered by keys. `prompt_ulaw` is played first, "" if the carrier has said it.
        """
        waits = WAITS[question.kind]
        own = {
            "nothing_yet_seconds": question.timeout_seconds,
            "after_words_seconds": question.after_words_seconds,
            "longest_seconds": question.longest_seconds,
        }
        self._waits = replace(waits, **{name: seconds for name, seconds in own.items() if seconds is not None})
        self._question = question
        self._recognizer = None if isinstance(recognizer, NoModel) else recognizer
        self._failure = recognizer.reason if isinstance(recognizer, NoModel) else ""
        self._expected_call_sid = call_sid
        self._prompt_ulaw = prompt_ulaw
        self._voice_activity = VoiceActivity()
        self._start: Start | None = None
        self._turn: Turn | None = None
        # The caller
        self._hearing = Hearing()
        self._keys = ""
        self._seconds_since_key = 0.0
        self._speech_pcm = bytearray()
        # The prompt
        self._prompt_left_seconds = 0.0
        self._over_prompt = OverPrompt()
        self._interrupted_prompt = False
        # The wire
        self._partial_frame = b""
        self._unrecognized = bytearray()
        self._seconds = 0.0
        self._recognized_seconds = 0.0
        self._first_word_seconds: float | None = None
        self._stalled_seconds = 0.0
        self._last_chunk = 0
        self._next_timestamp_milliseconds: float | None = None
        self._late_messages = 0
        self._lost_seconds = 0.0
        self._refused_messages = 0

    def accept(self, message: str | bytes) -> Reply:
        """Take in one message of the socket, as it came."""
        if self._turn is not None:
            return Reply(turn=self._turn)
        read = read_message(message)
        match read:
            case Connected():
                return Reply()
            case Unplayable(reason=reason):
                return self._unplayable(reason)
            case Malformed(reason=reason):
                return self._refuse(reason)
            case Start():
                return self._begin(read)
            case Media() | Key() | Mark() | Stop():
                return self._within_stream(read)
            case _:
                assert_never(read)

    def wait(self, seconds: float) -> Reply:
        """Take in that no message came for so long: a stream that stands still ends the turn."""
        if self._turn is None:
            self._stalled_seconds += seconds
            if self._stalled_seconds >= STALLED_SECONDS:
                self._finish(Ending.STALLED)
        return Reply(turn=self._turn)

    def close(self) -> Turn:
        """Take in that the socket is gone, and give the turn as far as it was heard."""
        return self._turn or self._finish(Ending.STALLED)

    def _begin(self, start: Start) -> Reply:
        if self._start is not None:
            return self._refuse("a second start")
        if self._expected_call_sid and start.call_sid != self._expected_call_sid:
            self._failure = "the stream belongs to another call"
            return Reply(turn=self._finish(Ending.REFUSED))
        self._start = start
        self._stalled_seconds = 0.0
        if not self._prompt_ulaw:
            return Reply()
        self._prompt_left_seconds = seconds_of_ulaw(self._prompt_ulaw) + _MARK_PATIENCE_SECONDS
        sound = (media_message(start.stream_sid, frame) for frame in frames_of_ulaw(self._prompt_ulaw))
        return Reply(messages=(*sound, mark_message(start.stream_sid, PROMPT_MARK)))

    def _within_stream(self, message: Media | Key | Mark | Stop) -> Reply:
        if self._start is None:
            return self._refuse("a message before the start")
        if message.stream_sid != self._start.stream_sid:
            return self._refuse("a message of another stream")
        self._stalled_seconds = 0.0
        match message:
            case Media():
                return self._media(message)
            case Key(key=key):
                return self._key(key)
            case Mark(name=name):
                if name == PROMPT_MARK:
                    self._prompt_left_seconds = 0.0
                return Reply()
            case Stop():
                return Reply(turn=self._finish(Ending.STOPPED))
            case _:
                assert_never(message)

    def _media(self, media: Media) -> Reply:
        if media.track != "inbound":
            return Reply()
        if not self._is_in_order(media):
            self._late_messages += 1
            return Reply()
        sound = self._partial_frame + media.ulaw
        whole = len(sound) // FRAME_BYTES * FRAME_BYTES
        self._partial_frame = sound[whole:]
        messages: tuple[str, ...] = ()
        for at in range(0, whole, FRAME_BYTES):
            messages += self._frame(ulaw_to_pcm(sound[at : at + FRAME_BYTES]))
            if self._turn is not None:
                break
        return Reply(messages=messages, turn=self._turn)

    def _is_in_order(self, media: Media) -> bool:
        """Whether a message is not late; counts what the time stamps show to be missing before it."""
        if media.chunk is not None:
            if media.chunk <= self._last_chunk:
                return False
            self._last_chunk = media.chunk
        if media.timestamp_milliseconds is not None:
            if self._next_timestamp_milliseconds is not None:
                gap_seconds = (media.timestamp_milliseconds - self._next_timestamp_milliseconds) / 1000
                # Time stamps jitter by a frame; only more than that is a loss.
                self._lost_seconds += gap_seconds if gap_seconds > FRAME_SECONDS else 0.0
            self._next_timestamp_milliseconds = media.timestamp_milliseconds + 1000 * seconds_of_ulaw(media.ulaw)
        return True

    def _frame(self, pcm: bytes) -> tuple[str, ...]:
        """Take in 20 ms of the caller and give what is to be sent."""
        self._seconds += FRAME_SECONDS
        voiced = self._voice_activity.is_voiced(pcm)
        self._unrecognized += pcm
        if self._prompt_left_seconds > 0:
            return self._frame_over_prompt(voiced=voiced)
        if self._keys:
            # The first key decides that the answer is keyed; from then on only keys and the time between them count.
            self._unrecognized.clear()
            self._seconds_since_key += FRAME_SECONDS
            if self._seconds_since_key >= self._waits.nothing_yet_seconds:
                self._finish(Ending.KEYS)
            return ()
        if voiced:
            self._speech_pcm += pcm
        self._hearing, verdict = hear(self._hearing, self._waits, seconds=FRAME_SECONDS, voiced=voiced)
        if self._hearing.has_begun and self._first_word_seconds is None:
            self._first_word_seconds = round(self._seconds - self._hearing.voiced_run_seconds, 2)
        self._recognize()
        if isinstance(verdict, Ended):
            self._finish(_ENDINGS[verdict.reason])
        return ()

    def _frame_over_prompt(self, *, voiced: bool) -> tuple[str, ...]:
        self._prompt_left_seconds -= FRAME_SECONDS
        del self._unrecognized[:-_BEFORE_INTERRUPTION_BYTES]
        self._over_prompt, interrupts = over_prompt(self._over_prompt, seconds=FRAME_SECONDS, voiced=voiced)
        if not (interrupts and self._question.barge_in):
            return ()
        spoken_seconds = self._over_prompt.voiced_run_seconds
        self._speech_pcm += self._unrecognized[-round(spoken_seconds / FRAME_SECONDS) * FRAME_PCM_BYTES :]
        self._hearing = Hearing(
            total_seconds=spoken_seconds,
            voiced_run_seconds=spoken_seconds,
            speech_seconds=spoken_seconds,
            has_begun=True,
        )
        self._first_word_seconds = round(self._seconds - spoken_seconds, 2)
        return self._silence_prompt()

    def _silence_prompt(self) -> tuple[str, ...]:
        if self._prompt_left_seconds <= 0 or self._start is None:
            return ()
        self._prompt_left_seconds = 0.0
        self._interrupted_prompt = True
        return (clear_message(self._start.stream_sid),)

    def _key(self, key: str) -> Reply:
        messages = self._silence_prompt()
        if key == self._question.finish_key:
            # Gather: the finishing key is not among the digits, and alone it is like saying nothing.
            without_keys = Ending.SPEECH if self._hearing.has_begun else Ending.SILENCE
            return Reply(messages=messages, turn=self._finish(Ending.KEYS if self._keys else without_keys))
        self._keys += key
        self._seconds_since_key = 0.0
        if len(self._keys) >= self._question.max_keys:
            self._finish(Ending.KEYS)
        return Reply(messages=messages, turn=self._turn)

    def _recognize(self) -> None:
        if self._recognizer is not None:
            self._recognizer.accept(bytes(self._unrecognized))
            self._recognized_seconds += len(self._unrecognized) / 2 / RATE_HZ
        self._unrecognized.clear()

    def _unplayable(self, reason: str) -> Reply:
        if self._start is not None:
            return self._refuse(reason)
        self._failure = reason
        return Reply(turn=self._finish(Ending.REFUSED))

    def _refuse(self, reason: str) -> Reply:
        self._refused_messages += 1
        if self._refused_messages >= MOST_REFUSED:
            self._failure = f"{self._refused_messages} messages could not be used, the last: {reason}"
            self._finish(Ending.REFUSED)
        return Reply(turn=self._turn)

    def _finish(self, ending: Ending) -> Turn:
        # A caller who keyed or said nothing has no words, and noise should not be made into some.
        words_of_caller = Heard(text="", confidence=None)
        if self._recognizer is not None:
            if self._unrecognized and self._prompt_left_seconds <= 0:
                self._recognize()
            heard = self._recognizer.finish()
            if isinstance(heard, NotHeard):
                self._failure = self._failure or heard.reason
            elif not self._keys and self._hearing.has_begun:
                words_of_caller = heard
        self._turn = Turn(
            call_sid=self._start.call_sid if self._start else "",
            stream_sid=self._start.stream_sid if self._start else "",
            ended=ending,
            text=words_of_caller.text,
            confidence=words_of_caller.confidence,
            words=words_of_caller.words,
            heard_by=words_of_caller.by,
            alternatives=words_of_caller.alternatives,
            keys=self._keys,
            seconds=round(self._seconds, 2),
            speech_seconds=round(len(self._speech_pcm) / 2 / RATE_HZ, 2),
            recognized_seconds=round(self._recognized_seconds, 2),
            first_word_seconds=self._first_word_seconds,
            speech_pcm=bytes(self._speech_pcm),
            interrupted_prompt=self._interrupted_prompt,
            late_messages=self._late_messages,
            lost_seconds=round(self._lost_seconds, 3),
            refused_messages=self._refused_messages,
            failure=self._failure,
        )
        return self._turn


_ENDINGS: Final = {
    Reason.SILENCE: Ending.SILENCE,
    Reason.SPEECH: Ending.SPEECH,
    Reason.LONGEST: Ending.LONGEST,
}
