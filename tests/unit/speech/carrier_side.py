"""The carrier's side of one media stream, for the tests of listening: its messages, its counting, a call that has begun."""

import base64
import json
from typing import Any

from ivr import audio
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Listening, Question, Reply, Turn
from ivr.speech.scripted import Fails, Hears, ScriptedRecognition

STREAM = "MZ" + "1" * 32
CALL = "CA" + "2" * 32
REQUEST = Question(kind=AnswerKind.REQUEST, language="it")
NUMBER = Question(kind=AnswerKind.DIGITS, language="it", max_keys=6)
SENTENCE = "Buongiorno, vorrei sapere dov'è il mio ordine."
SAID = "buongiorno vorrei sapere dov'è il mio ordine"


def start(call_sid: str = CALL, *, encoding: str = "audio/x-mulaw", stream_sid: str = STREAM) -> str:
    media_format = {"encoding": encoding, "sampleRate": 8000, "channels": 1}
    inside = {"accountSid": "AC1", "streamSid": stream_sid, "callSid": call_sid, "tracks": ["inbound"]}
    return json.dumps({"event": "start", "start": inside | {"mediaFormat": media_format}, "streamSid": stream_sid})


def key(digit: str) -> str:
    return json.dumps({"event": "dtmf", "streamSid": STREAM, "dtmf": {"track": "inbound_track", "digit": digit}})


def mark(name: str = "prompt") -> str:
    return json.dumps({"event": "mark", "streamSid": STREAM, "mark": {"name": name}})


STOP = json.dumps({"event": "stop", "streamSid": STREAM, "stop": {"accountSid": "AC1", "callSid": CALL}})


class Line:
    """The carrier's side of one stream: counts chunks and time as the carrier does."""

    def __init__(self, question: Question = REQUEST, script: Hears | Fails | None = None, **more: Any) -> None:
        recognition = ScriptedRecognition([script or Hears(text=SAID, confidence=0.8)])
        self.listening = Listening(question, recognition.open("it", rate_hz=8000), **more)
        self.chunk = 0
        self.milliseconds = 0
        self.sent: list[dict[str, Any]] = []

    def send(self, message: str | bytes, *, late_seconds: float = 0.0) -> Reply:
        reply = self.listening.accept(message, late_seconds=late_seconds)
        self.sent += [json.loads(each) for each in reply.messages]
        return reply

    def media(self, ulaw: bytes, **changed: Any) -> str:
        self.chunk += 1
        inside = {"track": "inbound", "chunk": str(self.chunk), "timestamp": str(self.milliseconds)}
        self.milliseconds += round(1000 * audio.seconds_of_ulaw(ulaw))
        inside |= {"payload": base64.b64encode(ulaw).decode()} | changed
        return json.dumps({"event": "media", "streamSid": STREAM, "media": inside})

    def hear(self, pcm: bytes, *, frame_bytes: int = audio.FRAME_BYTES, late_seconds: float = 0.0) -> Turn | None:
        ulaw = audio.pcm_to_ulaw(pcm)
        for at in range(0, len(ulaw), frame_bytes):
            reply = self.send(self.media(ulaw[at : at + frame_bytes]), late_seconds=late_seconds)
            if reply.turn is not None:
                return reply.turn
        return None


def begun(question: Question = REQUEST, script: Hears | Fails | None = None, **more: Any) -> Line:
    line = Line(question, script, **more)
    line.send('{"event": "connected", "protocol": "Call", "version": "1.0.0"}')
    line.send(start())
    return line


def ended(turn: Turn | None) -> Turn:
    assert turn is not None
    return turn
