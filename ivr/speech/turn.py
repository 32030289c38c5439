"""What a turn of listening waits for, what came back from the caller, and why it ended: records that decide nothing."""

from dataclasses import dataclass, field
from enum import StrEnum

from ivr.speech.barge_in import Sensitivity
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.recognizer import Reading, Word


class Ending(StrEnum):
    """What ended a turn."""

    SPEECH = "speech"
    KEYS = "keys"
    SILENCE = "silence"
    LONGEST = "longest"  # still talking when the time was over
    STOPPED = "stopped"  # the carrier ended the stream: mostly the caller hung up
    STALLED = "stalled"  # the carrier sent nothing any more, or the socket broke
    REFUSED = "refused"  # nothing usable came: another codec, another call, or rubbish


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the turn waits for. A time that is None is that of the answer's kind."""

    kind: AnswerKind
    language: str
    max_keys: int = 1  # as many keys end the turn at once
    finish_key: str = "#"  # ends the turn and is not among its keys; "" for none
    least_digits: int = 0  # of a number that is to be spoken: fewer, and the caller is waited for longer; 0 for unknown
    most_digits: int = 0  # as many spoken digits make the number complete; 0 for unknown
    timeout_seconds: float | None = None  # for the first word or key, and between keys
    after_words_seconds: float | None = None  # of quiet that end an answer, where its words don't tell more
    longest_seconds: float | None = None  # for the whole turn
    barge_in: bool = True  # whether a voice silences the prompt; a key always does
    sensitivity: Sensitivity = Sensitivity.NORMAL  # how easily it does


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What came back from the caller. Printed, it shows neither words, keys nor voice."""

    call_sid: str  # "" if the stream never began
    stream_sid: str
    ended: Ending
    text: str = field(repr=False)  # "" for none; always "" where keys ended the turn
    confidence: float | None  # the recogniser's, 0-1
    words: tuple[Word, ...] = field(repr=False)  # their seconds count from the stream's first sound
    heard_by: str  # which recogniser the text is from; "" for none
    alternatives: tuple[Reading, ...] = field(repr=False)  # other ways in which the turn was heard
    keys: str = field(repr=False)
    seconds: float  # sound received, the prompt's time included
    speech_seconds: float  # of it with a voice after the prompt
    recognized_seconds: float  # of it given to the recogniser: the speech with what stands around it
    first_word_seconds: float | None  # when the caller began to speak, from the stream's first sound; None for never
    speech_pcm: bytes = field(
        repr=False
    )  # the net speech, 16-bit at 8000 Hz: the frames with a voice and a few around them; never stored here
    interrupted_prompt: bool
    late_messages: int  # came out of their order, or too late to be heard: their sound was left out
    lost_seconds: float  # sound left out: by the carrier, as its time stamps show, or by us because it came late
    refused_messages: int
    failure: str  # why nothing could be recognised or used, "" if all went well


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What to send to the carrier now, and the turn when it is over: then store it and close the socket."""

    messages: tuple[str, ...] = ()
    turn: Turn | None = None
