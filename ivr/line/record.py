"""Record: keeps what the party says until silence, a key, the longest length or the end of the call.

The recording is mu-law, served by the REST API as WAV. Where the party gives no audio its silence is as long as it spoke.
"""

from dataclasses import dataclass, field
from email.utils import format_datetime

from ivr.audio import seconds_of_ulaw
from ivr.line.clock import Timer
from ivr.line.interpreter import Outcome, Run
from ivr.line.legs import Deaf, Leg
from ivr.line.party import Heard, HeardFrom, Words
from ivr.line.playing import play_audio
from ivr.line.tasks import Later
from ivr.line.twiml import Verb

SILENCE_SECONDS = 5.0
LONGEST_SECONDS = 3600.0
ANY_KEY = "1234567890*#"
BEEP_SECONDS = 0.5
# defaults of Twilio's <Record> page


@dataclass(kw_only=True)
class Recording(Deaf):
    """The recording that is under way on a leg."""

    leg: Leg
    verb: Verb
    over: Later[str] = field(default_factory=Later)
    # the key that ended it, or ""
    spoken: bool = False
    audio: bytearray = field(default_factory=bytearray)
    _timer: Timer | None = None

    def tap(self, spoken: bytes, _heard: bytes) -> None:
        """Keep a frame."""
        self.audio += spoken

    def key(self, key: str) -> None:
        """End at a finishing key."""
        if key in self.verb.get("finishOnKey", ANY_KEY):
            self.over.resolve(key)

    def speech_starts(self) -> None:
        """Wait as long as the party speaks."""
        self.spoken = True
        self.stop_waiting()

    def speech_ends(self, words: Words | None) -> None:  # noqa: ARG002  the form of a listener
        """Wait for silence."""
        self.wait_for_silence()

    def wait_for_silence(self) -> None:
        """End after so much silence."""
        self.stop_waiting()
        seconds = self.verb.number("timeout", SILENCE_SECONDS)
        self._timer = self.leg.exchange.clock.call_later(seconds, lambda: self.over.resolve(""))

    def stop_waiting(self) -> None:
        """Forget the silence."""
        if self._timer is not None:
            self._timer.cancel()


async def record(run: Run, verb: Verb) -> Outcome:
    """Record the party; nothing said goes on to the next verb."""
    leg, clock = run.leg, run.exchange.clock
    if verb.flag("playBeep", default=True):
        await play_audio(leg, Heard(text="beep", language="", seconds=BEEP_SECONDS, source=HeardFrom.TONE))
    recording = Recording(leg=leg, verb=verb)
    leg.listeners.append(recording)
    leg.sound.add_tap(recording.tap)
    recording.wait_for_silence()
    longest = clock.call_later(verb.number("maxLength", LONGEST_SECONDS), lambda: recording.over.resolve(""))
    key: str | None = None
    try:
        key = await recording.over
    finally:
        longest.cancel()
        recording.stop_waiting()
        leg.sound.remove_tap(recording.tap)
        if recording in leg.listeners:
            leg.listeners.remove(recording)
        if key is None and not leg.is_live and recording.spoken:
            # The caller hung up: the action is told so, its answer changes nothing any more.
            run.tell_action(verb, _keep(leg, verb, recording, "hangup"))
    if not recording.spoken:
        return None
    return run.action(verb, _keep(leg, verb, recording, key), default_here=True)


def _keep(leg: Leg, verb: Verb, recording: Recording, key: str) -> dict[str, str]:
    exchange = leg.exchange
    sid = exchange.sids.new("RE")
    exchange.recordings[sid] = bytes(recording.audio)
    url = f"{exchange.api_base_url}/2010-04-01/Accounts/{exchange.account_sid}/Recordings/{sid}"
    seconds = str(round(seconds_of_ulaw(bytes(recording.audio))))
    kept = {"RecordingSid": sid, "RecordingUrl": url, "RecordingDuration": seconds}
    callback = verb.url("recordingStatusCallback")
    if callback:
        extra = {
            **kept,
            "RecordingStatus": "completed",
            "RecordingChannels": "1",
            "RecordingSource": "RecordVerb",
            "RecordingStartTime": format_datetime(exchange.clock.now()),
        }
        method = verb.get("recordingStatusCallbackMethod", "POST")
        exchange.wire.request(leg.webhook(callback, method, "callback", extra))
    return {**kept, "Digits": key} if key else kept
