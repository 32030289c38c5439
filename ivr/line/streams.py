"""Media Streams: the line's side of a media socket, message by message as Twilio's page on WebSocket messages has them.

A stream of <Connect> is two-way and holds the document until the server closes the socket; one of <Start> is a fork that
lives on beside the document. Opening sockets is the opener's work, sound the leg's.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

from ivr.audio import seconds_of_ulaw
from ivr.line.interpreter import Outcome, Run
from ivr.line.legs import Deaf, Leg
from ivr.line.party import Heard, HeardFrom
from ivr.line.sockets import HandshakeRefusedError, LineSocket
from ivr.line.tasks import Later, Task
from ivr.line.transit import Delivery, Losses
from ivr.line.twiml import Verb
from ivr.line.wire import signature

HANDSHAKE_ERROR = 31920
INVALID_MESSAGE = 31951
AUDIO_DROPPED = 31930
# Twilio's error catalogue
TRACKS = {"inbound_track": ("inbound",), "outbound_track": ("outbound",), "both_tracks": ("inbound", "outbound")}


class _InvalidMessageError(Exception):
    """The server sent something that is no message of the protocol."""


@dataclass(kw_only=True)
class MediaStream(Deaf):
    """One open stream."""

    leg: Leg
    verb: Verb
    sid: str
    two_way: bool
    closed: Later[str] = field(default_factory=Later)
    # by whom: server, line, refused
    _socket: LineSocket | None = None
    _sequence_number: int = 0
    _chunks: dict[str, int] = field(default_factory=dict)
    _began: int = 0
    _marks: list[str] = field(default_factory=list)
    _delivery: Delivery = field(init=False)
    _congestion: Losses = field(init=False)
    _congested: bool = False

    def __post_init__(self) -> None:
        network = self.leg.quality.network
        self._delivery = Delivery(self.leg.exchange.clock, network, self.sid, self._arrive)
        self._congestion = Losses(network.congestion, self.sid)

    @property
    def name(self) -> str:
        """The stream's name; its sid where the document gives none."""
        return self.verb.get("name") or self.sid

    @property
    def tracks(self) -> tuple[str, ...]:
        """What is sent to the server."""
        return TRACKS[self.verb.get("track", "inbound_track")]

    async def open(self) -> None:
        """Shake hands and send the first two messages."""
        exchange = self.leg.exchange
        url = self.verb.get("url")
        mark = signature(exchange.auth_token, url, {})
        headers = {
            "X-Twilio-Signature": exchange.faults.forge("stream", url, mark),
            "User-Agent": "TwilioMediaStreams/1.0",
        }
        exchange.note(self.leg.sid, "stream", f"opening {self.sid} {url}")
        outcome: LineSocket | HandshakeRefusedError = HandshakeRefusedError(0)
        if exchange.sockets is not None:
            outcome = await exchange.sockets.open(url, headers, on_text=self.take, on_close=self._server_closed)
        if isinstance(outcome, HandshakeRefusedError):
            exchange.note(self.leg.sid, "error", f"{HANDSHAKE_ERROR} {outcome}")
            self._tell("stream-error", {"StreamError": str(outcome)})
            self.closed.resolve("refused")
            return
        self._socket = outcome
        if not self.leg.is_live:
            self.stop()
            return
        self._begin()

    def tap(self, spoken: bytes, heard: bytes) -> None:
        """Send 20 ms of each track, unless the network is too full for it."""
        if self._drops():
            return
        for track in self.tracks:
            if self._socket is None or self.closed.done:
                return
            chunk = self._chunks[track] = self._chunks.get(track, 0) + 1
            elapsed = (self.leg.exchange.clock.microseconds - self._began) // 1000
            frame = spoken if track == "inbound" else heard
            media = {
                "track": track,
                "chunk": str(chunk),
                "timestamp": str(elapsed),
                "payload": base64.b64encode(frame).decode(),
            }
            self._send("media", {"media": media})

    def key(self, key: str) -> None:
        """Send a key; only two-way streams get them."""
        if self.two_way:
            self._send("dtmf", {"dtmf": {"track": "inbound_track", "digit": key}})

    def take(self, text: str) -> None:
        """Take a message of the server; what is no message is logged and changes nothing."""
        if self.closed.done:
            return
        try:
            self._take(json.loads(text))
        except (ValueError, _InvalidMessageError) as error:
            self.leg.exchange.note(self.leg.sid, "error", f"{INVALID_MESSAGE} stream message refused: {error}")

    def stop(self) -> None:
        """End the stream from the line's side."""
        if self.closed.done:
            return
        if self._socket is not None:
            self._send("stop", {"stop": {"accountSid": self.leg.exchange.account_sid, "callSid": self.leg.sid}})
            self._delivery.flush()
        self._finish("line")
        if self._socket is not None:
            self._socket.close()

    def _begin(self) -> None:
        self._began = self.leg.exchange.clock.microseconds
        self._send_raw({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        parameters = {child.get("name"): child.get("value") for child in self.verb.children}
        start = {
            "accountSid": self.leg.exchange.account_sid,
            "streamSid": self.sid,
            "callSid": self.leg.sid,
            "tracks": list(self.tracks),
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        }
        self._send("start", {"start": start})
        if self.closed.done:
            return
        self._tell("stream-started", {})
        self.leg.listeners.append(self)
        self.leg.on_end.append(self.stop)
        self.leg.sound.add_tap(self.tap, hears="outbound" in self.tracks)

    def _take(self, message: Any) -> None:
        if not isinstance(message, dict) or not self.two_way:
            raise _InvalidMessageError("not an object, or sent into a one-way stream")
        if message.get("streamSid") != self.sid:
            raise _InvalidMessageError(f"streamSid {message.get('streamSid')!r} is not this stream's")
        match message.get("event"):
            case "media":
                self._play(message.get("media"))
            case "mark":
                self._mark(message.get("mark"))
            case "clear":
                if self.leg.sound.playing_seconds:
                    self.leg.party.hear_cut()
                self.leg.sound.clear()
            case event:
                raise _InvalidMessageError(f"event {event!r} is not known")

    def _play(self, media: Any) -> None:
        try:
            audio = base64.b64decode(media["payload"], validate=True)
        except (TypeError, KeyError, binascii.Error) as error:
            raise _InvalidMessageError("media without a base64 payload") from error
        if not self.leg.sound.playing_seconds:
            self.leg.hear(Heard(text="", language="", seconds=seconds_of_ulaw(audio), source=HeardFrom.STREAM))
        self.leg.sound.play(audio)

    def _mark(self, mark: Any) -> None:
        if not isinstance(mark, dict) or not isinstance(mark.get("name"), str):
            raise _InvalidMessageError("mark without a name")
        name = mark["name"]
        self.leg.sound.mark(lambda: self._send("mark", {"mark": {"name": name}}))

    def _send(self, event: str, body: Mapping[str, Any]) -> None:
        self._sequence_number += 1
        message = {"event": event, "sequenceNumber": str(self._sequence_number), **body, "streamSid": self.sid}
        self._send_raw(message)

    def _send_raw(self, message: Mapping[str, Any]) -> None:
        if self._socket is not None and not self.closed.done:
            self._delivery.send(json.dumps(message))

    def _arrive(self, text: str) -> None:
        if self._socket is not None and not self.closed.done:
            self._socket.send(text)

    def _drops(self) -> bool:
        if not self.leg.quality.network.congestion.share:
            return False
        was_congested, self._congested = self._congested, self._congestion.next_is_lost()
        if self._congested and not was_congested:
            self.leg.exchange.note(self.leg.sid, "warning", f"{AUDIO_DROPPED} audio of {self.sid} dropped")
        return self._congested

    def _server_closed(self) -> None:
        self._finish("server")

    def _finish(self, by: str) -> None:
        if self.closed.done:
            return
        self.closed.resolve(by)
        self._delivery.drop()
        leg = self.leg
        leg.sound.remove_tap(self.tap, hears="outbound" in self.tracks)
        if self in leg.listeners:
            leg.listeners.remove(self)
        if self.stop in leg.on_end:
            leg.on_end.remove(self.stop)
        if self.two_way:
            leg.sound.clear()
        leg.exchange.note(leg.sid, "stream", f"closed {self.sid} by the {by}")
        self._tell("stream-stopped", {})

    def _tell(self, event: str, extra: Mapping[str, str]) -> None:
        url = self.verb.url("statusCallback")
        if not url:
            return
        parameters = {
            "StreamSid": self.sid,
            "StreamName": self.name,
            "StreamEvent": event,
            "Timestamp": format_datetime(self.leg.exchange.clock.now()),
            **extra,
        }
        method = self.verb.get("statusCallbackMethod", "POST")
        self.leg.exchange.wire.request(self.leg.webhook(url, method, "callback", parameters))


def streams_of(leg: Leg) -> list[MediaStream]:
    """Give the leg's open streams."""
    return [listener for listener in leg.listeners if isinstance(listener, MediaStream)]


async def connect(run: Run, verb: Verb) -> Outcome:
    """Stream both ways until the server closes the socket."""
    stream = new_stream(run.leg, verb.children[0], two_way=True)
    try:
        await stream.open()
        await stream.closed
    finally:
        stream.stop()
    return run.action(verb, {"StreamSid": stream.sid})


async def start(run: Run, verb: Verb) -> Outcome:
    """Fork the sound to a server and go on at once."""
    start_stream(run.leg, verb.children[0])
    return None


def start_stream(leg: Leg, noun: Verb) -> MediaStream:
    """Begin a fork beside whatever the leg executes."""
    stream = new_stream(leg, noun, two_way=False)
    Task(leg.exchange.clock, stream.open())
    return stream


async def stop(run: Run, verb: Verb) -> Outcome:
    """End a fork by its name."""
    name = verb.children[0].get("name")
    for stream in streams_of(run.leg):
        if stream.name == name and not stream.two_way:
            stream.stop()
    return None


def new_stream(leg: Leg, noun: Verb, *, two_way: bool) -> MediaStream:
    """Make a stream that is not open yet."""
    return MediaStream(leg=leg, verb=noun, sid=leg.exchange.sids.new("MZ"), two_way=two_way)
