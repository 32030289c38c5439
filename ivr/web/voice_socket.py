"""The socket to which a call that the carrier listens to brings its sound for the voice alone, beside its questions.

The stream must show its call's token. It is closed as soon as nobody may look at the voice any more, or the caller is no longer
in the line; it never tells the call anything, and nothing waits for it.
"""

import hmac
import logging
from typing import Final

from simple_websocket import ConnectionClosed
from sqlalchemy.exc import SQLAlchemyError

from ivr.calls import store, voice_evidence
from ivr.calls.company import STREAM
from ivr.calls.open_question import OpenQuestion
from ivr.calls.voice_fork import fork_token
from ivr.speech.net_speech import HeardSpeech
from ivr.speech.voice_activity import NoDetectorError
from ivr.speech.voice_stream import VoiceStream
from ivr.telephony.media import Start
from ivr.web.stream_start import LOOK_SECONDS, wait_for_start
from ivr.web.voice_wiring import voice_wiring
from ivr.web.wiring import wiring

_log = logging.getLogger(__name__)
# Each holds a thread of the server for as long as its caller is in the line (`ivr.serving` has so many beside the media sockets).
MOST_FORKS: Final = 100
# Without a message for so long the stream is given up: the carrier sends 50 in a second (as in `ivr.speech.listening`).
STALLED_SECONDS: Final = 3.0
# Of one turn the last half minute is enough: evidence is full long before.
_MOST_TURN_BYTES: Final = 30 * 16_000


class _Overheard:
    """What one call says, joined by the turns that it belongs to."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._turn = -1
        self._before = b""  # earlier utterances of the same turn
        self.is_wanted = True

    def take(self, heard: HeardSpeech) -> None:
        """Hand over what was said in the turn that stands now, or find that nothing of this call is wanted any more."""
        turn = self._turn_now()
        if turn is None:
            return
        if turn != self._turn:
            self._turn, self._before = turn, b""
        speech = (self._before + heard.speech_pcm)[-_MOST_TURN_BYTES:]
        if heard.is_whole:
            self._before = speech
        work = voice_wiring().voice_work
        work.hand(
            self._call_id,
            turn,
            HeardSpeech(speech_pcm=speech, pauses_pcm=heard.pauses_pcm, is_whole=heard.is_whole),
        )
        work.wait(self._call_id, turn)

    def _turn_now(self) -> int | None:
        """The call's turn; None while our own socket listens to it, and for good once its voice may not be looked at."""
        with wiring().reading_sessions() as session:
            call = store.call(session, self._call_id)
            is_in_line = call is not None and call.status == store.IN_LINE
            if call is None or not is_in_line or voice_evidence.customer_to_hear(session, self._call_id) is None:
                self.is_wanted = False
                return None
            return None if OpenQuestion.read(call.expecting).listened_by == STREAM else call.turn


def overhear(socket: object) -> None:
    """Take in a call's sound on an accepted socket until the call or the wish for it is over, and close."""
    forks = voice_wiring().forks
    forks.add()
    try:
        started = wait_for_start(socket, voice_wiring().seconds)
        if started is not None and _may_begin(started.start):
            _take_in(socket, started.start)
        socket.close()  # type: ignore[attr-defined] # flask-sock publishes no types
    except ConnectionClosed:
        pass
    except NoDetectorError as error:
        _log.error("no voice can be looked at: %s", error)
    except SQLAlchemyError as error:
        _log.error("a voice socket ends: the database does not answer (%s)", type(error).__name__)
    finally:
        forks.add(-1)


def _may_begin(start: Start) -> bool:
    expected = fork_token(voice_wiring().company.token_key, start.call_sid)
    if not hmac.compare_digest(start.parameters.get("token", "").encode(), expected.encode()):
        voice_wiring().forged.add()
        _log.warning("a voice socket does not speak for its call; closed")
        return False
    if voice_wiring().forks.value > MOST_FORKS:
        _log.warning("a voice socket is not admitted: %d are open", MOST_FORKS)
        return False
    return voice_wiring().company.voice is not None


def _take_in(socket: object, start: Start) -> None:
    overheard = _Overheard(start.call_sid)
    stream = VoiceStream(start, overheard.take)
    clock = voice_wiring().seconds
    heard_at = clock()
    try:
        while overheard.is_wanted and clock() - heard_at < STALLED_SECONDS:
            message = socket.receive(timeout=LOOK_SECONDS)  # type: ignore[attr-defined] # flask-sock publishes no types
            if message is None:
                continue
            heard_at = clock()
            if not stream.accept(message):
                break
    finally:
        # A socket that breaks off leaves what was said until then.
        stream.close()
