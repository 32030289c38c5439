"""One turn of listening on a media stream: messages come in, messages to send and at last a `Turn` go out.

It joins what others decide: the wire's order, the prompt, the voice, the end of speech, what is recognised; keys are its own. It
knows no socket and no clock: whoever holds the socket hands in each message, and the seconds in which none came. Whatever goes
wrong on the way, the turn comes back as far as it was heard.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, assert_never

from ivr.audio import FRAME_SECONDS, RATE_HZ, ulaw_to_pcm
from ivr.speech.end_of_speech import Ended, Hearing, Reason, hear
from ivr.speech.net_speech import HeardSpeech, NetSpeech
from ivr.speech.prompt_playing import PROMPT_MARK, PromptPlaying
from ivr.speech.recognizer import Busy, Heard, NoModel, NotHeard, Recognizer
from ivr.speech.speech_stretches import SpeechStretches
from ivr.speech.turn import Ending, Question, Reply, Turn
from ivr.speech.voice_activity import FRAME_PCM_BYTES, VoiceActivity
from ivr.speech.waits import waits_for
from ivr.speech.wire import Frame, Wire
from ivr.telephony.media import Connected, Key, Mark, Media, Start, Stop, Unplayable, read_message
from ivr.telephony.requests import Malformed

__all__ = ["MOST_REFUSED", "PROMPT_MARK", "STALLED_SECONDS", "Ending", "Listening", "Question", "Reply", "Turn"]

# Without a message for so long the stream is given up: the carrier sends 50 in a second, and a caller waits no longer.
STALLED_SECONDS: Final = 3.0
# A stream with so many unusable messages (two seconds of them) is rubbish, or an attack: the turn is closed.
MOST_REFUSED: Final = 100
# Usable messages without sound of the caller between two that have some: a carrier sends a few marks and keys, so many only
# one that has lost the caller's sound. Ten seconds of another track.
MOST_WITHOUT_SOUND: Final = 500
_PCM_BYTES_A_SECOND: Final = 2 * RATE_HZ


class Listening:
    """One turn, used by one thread. Once it is over, every further call gives the same turn and changes nothing."""

    def __init__(
        self,
        question: Question,
        recognizer: Recognizer | NoModel | Busy,
        *,
        call_sid: str = "",
        prompt_ulaw: bytes = b"",
        on_words: Callable[[str], None] | None = None,
        on_speech: Callable[[HeardSpeech], None] | None = None,
    ) -> None:
        """Take what to listen for; a stream of another call than `call_sid` is refused, "" takes any.

        Without a recogniser the turn can still be answered by keys. `prompt_ulaw` is played first, b"" if it has been said.
        `on_words` is told the words so far whenever they change, `on_speech` the net speech so far every two seconds of it, and
        the whole of it before its words are waited for.
        """
        self._question = question
        self._recognizer = None if isinstance(recognizer, NoModel | Busy) else recognizer
        self._failure = recognizer.reason if isinstance(recognizer, NoModel | Busy) else ""
        self._expected_call_sid = call_sid
        self._on_words = on_words
        self._start: Start | None = None
        self._turn: Turn | None = None
        # The wire
        self._wire = Wire()
        self._seconds = 0.0
        self._stalled_seconds = 0.0
        self._without_sound = 0
        self._refused_messages = 0
        # The caller
        self._waits = waits_for(question)
        self._voice_activity = VoiceActivity()
        self._hearing = Hearing()
        self._first_word_seconds: float | None = None
        self._keys = ""
        self._seconds_since_key = 0.0
        self._net_speech = NetSpeech(on_speech)
        # The prompt
        self._prompt = PromptPlaying(question, prompt_ulaw, self._waits)
        self._interrupted_prompt = False
        # The recogniser
        self._stretches = SpeechStretches()
        self._before_recognized_seconds = 0.0  # from the stream's first sound to the first that was recognised
        self._recognized_seconds = 0.0
        self._words = ""

    def accept(self, message: str | bytes, *, late_seconds: float = 0.0) -> Reply:
        """Take in one message of the socket, as it came, and how long it has been waiting to be taken in."""
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
                return self._refusal(read) or self._within_stream(read, late_seconds)
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
        return Reply(messages=self._prompt.begin(start.stream_sid))

    def _refusal(self, message: Media | Key | Mark | Stop) -> Reply | None:
        if self._start is None:
            return self._refuse("a message before the start")
        if message.stream_sid != self._start.stream_sid:
            return self._refuse("a message of another stream")
        self._stalled_seconds = 0.0
        self._without_sound += 1
        return Reply(turn=self._finish(Ending.STALLED)) if self._without_sound > MOST_WITHOUT_SOUND else None

    def _within_stream(self, message: Media | Key | Mark | Stop, late_seconds: float) -> Reply:
        match message:
            case Media():
                return self._media(message, late_seconds)
            case Key(key=key):
                return self._key(key)
            case Mark(name=name):
                if self._prompt.is_playing:
                    self._prompt.take_mark(name)
                    self._hear_from_over_prompt()
                return Reply()
            case Stop():
                return Reply(turn=self._finish(Ending.STOPPED))
            case _:
                assert_never(message)

    def _media(self, media: Media, late_seconds: float) -> Reply:
        messages: tuple[str, ...] = ()
        for frame in self._wire.frames(media, late_seconds=late_seconds):
            self._without_sound = 0
            messages += self._frame(frame)
            if self._turn is not None:
                break
        return Reply(messages=messages, turn=self._turn)

    def _frame(self, frame: Frame) -> tuple[str, ...]:
        """Take in 20 ms of the caller and give what is to be sent."""
        pcm = ulaw_to_pcm(frame.ulaw)
        self._seconds += FRAME_SECONDS
        if self._keys and not self._prompt.is_playing:
            # The first key decides that the answer is keyed; from then on only keys and the time between them count.
            self._seconds_since_key += FRAME_SECONDS
            if self._seconds_since_key >= self._waits.nothing_yet_seconds:
                self._finish(Ending.KEYS)
            return ()
        voiced = self._voice_activity.is_voiced(pcm)
        # Late sound still tells whether the caller is talking, which costs little; to recognise it would make all later
        # sound late as well.
        if not frame.is_late:
            self._recognize(self._stretches.hear(pcm, voiced=voiced))
        if self._prompt.is_playing:
            return self._frame_over_prompt(pcm, voiced=voiced)
        if not frame.is_late:
            self._net_speech.hear(pcm, voiced=voiced)
        self._listen(voiced=voiced)
        return ()

    def _listen(self, *, voiced: bool) -> None:
        had_begun = self._hearing.has_begun
        self._hearing, verdict = hear(self._hearing, self._waits, seconds=FRAME_SECONDS, voiced=voiced)
        if self._hearing.has_begun and not had_begun:
            self._begin_speech(self._hearing.voiced_run_seconds)
        if isinstance(verdict, Ended):
            self._finish(_ENDINGS[verdict.reason])

    def _frame_over_prompt(self, pcm: bytes, *, voiced: bool) -> tuple[str, ...]:
        interrupts = self._prompt.hear(pcm, voiced=voiced)
        if self._prompt.is_playing and not interrupts:
            return ()
        self._hear_from_over_prompt()
        return self._silence_prompt()

    def _hear_from_over_prompt(self) -> None:
        """Go on with what the caller was saying when the prompt stopped."""
        if self._hearing.has_begun:
            return
        self._hearing = self._prompt.talking
        if self._hearing.has_begun:
            begun_with = self._begin_speech(self._hearing.total_seconds)
            self._net_speech.add(begun_with[-round(self._hearing.total_seconds / FRAME_SECONDS) * FRAME_PCM_BYTES :])

    def _silence_prompt(self) -> tuple[str, ...]:
        if not self._prompt.is_playing or self._start is None:
            return ()
        self._interrupted_prompt = True
        return self._prompt.stop(self._start.stream_sid)

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

    def _begin_speech(self, spoken_seconds: float) -> bytes:
        self._first_word_seconds = round(self._seconds - spoken_seconds, 2)
        begun_with = self._stretches.begin(spoken_seconds)
        self._before_recognized_seconds = self._seconds - len(begun_with) / _PCM_BYTES_A_SECOND
        self._recognize(begun_with)
        return begun_with

    def _recognize(self, pcm: bytes) -> None:
        if not pcm or self._recognizer is None:
            return
        self._recognized_seconds += len(pcm) / _PCM_BYTES_A_SECOND
        words = self._recognizer.accept(pcm)
        if words == self._words:
            return
        self._words = words
        self._waits = waits_for(self._question, words)
        if self._on_words is not None:
            self._on_words(words)

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

    def _heard(self) -> Heard:
        """What the recogniser made of the turn; nothing where the caller keyed, or said nothing that it was given."""
        nothing = Heard(text="", confidence=None)
        if self._recognizer is None or self._keys or not self._recognized_seconds:
            return nothing
        heard = self._recognizer.finish()
        if isinstance(heard, NotHeard):
            self._failure = self._failure or heard.reason
            return nothing
        moved = self._before_recognized_seconds
        return replace(
            heard,
            words=tuple(
                replace(
                    word,
                    begin_seconds=round(word.begin_seconds + moved, 3),
                    end_seconds=round(word.end_seconds + moved, 3),
                )
                for word in heard.words
            ),
        )

    def _finish(self, ending: Ending) -> Turn:
        self._net_speech.end()
        heard = self._heard()
        self._turn = Turn(
            call_sid=self._start.call_sid if self._start else "",
            stream_sid=self._start.stream_sid if self._start else "",
            ended=ending,
            text=heard.text,
            confidence=heard.confidence,
            words=heard.words,
            heard_by=heard.by,
            alternatives=heard.alternatives,
            keys=self._keys,
            seconds=round(self._seconds, 2),
            speech_seconds=round(self._net_speech.voiced_seconds, 2),
            recognized_seconds=round(self._recognized_seconds, 2),
            first_word_seconds=self._first_word_seconds,
            speech_pcm=self._net_speech.speech_pcm,
            interrupted_prompt=self._interrupted_prompt,
            late_messages=self._wire.late_messages,
            lost_seconds=round(self._wire.lost_seconds, 3),
            refused_messages=self._refused_messages,
            failure=self._failure,
        )
        return self._turn


_ENDINGS: Final = {
    Reason.SILENCE: Ending.SILENCE,
    Reason.SPEECH: Ending.SPEECH,
    Reason.LONGEST: Ending.LONGEST,
}
