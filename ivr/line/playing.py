"""Say, Play and Pause, the line's own music, and what all of them share: playing something into a leg's ear.

Without an injected voice a text takes as long as it would take to read; recordings are fetched as WAV.
"""

import io
import math
import wave
from functools import cache
from typing import TYPE_CHECKING

from ivr.audio import FRAME_BYTES, RATE_HZ, pcm_to_ulaw, resample, seconds_of_ulaw
from ivr.line.legs import Leg
from ivr.line.party import Heard, HeardFrom
from ivr.line.tasks import Later, sleep
from ivr.line.twiml import SCHEMA_VIOLATION, Refused, Verb, absolute
from ivr.line.wire import Reply

if TYPE_CHECKING:
    from ivr.line.interpreter import Outcome, Run

ENDLESS_LOOPS = 1000
# Twilio's <Say> page: loop="0" repeats up to 1000 times
DIGIT_SECONDS = 0.25
MUSIC_SECONDS = 10.0
INVALID_AUDIO = 12300
# Twilio's error catalogue: "Invalid Content-Type"
SAMPLE_BYTES = 2


async def say(run: "Run", verb: Verb) -> "Outcome":
    """Say a text."""
    for _ in range(int(verb.number("loop", 1)) or ENDLESS_LOOPS):
        await speak(run.leg, verb.text, verb.get("language", "en-US"), HeardFrom.SAY)
    return None


async def pause(run: "Run", verb: Verb) -> "Outcome":
    """Wait in silence."""
    await sleep(run.exchange.clock, verb.number("length", 1))
    return None


async def play(run: "Run", verb: Verb) -> "Outcome":
    """Play a recording or digits; one that cannot be had is logged and passed over."""
    if "digits" in verb.attributes:
        digits = verb.get("digits")
        seconds = len(digits) * DIGIT_SECONDS
        await play_audio(run.leg, Heard(text=digits, language="", seconds=seconds, source=HeardFrom.TONE))
        return None
    if not verb.text:
        return Refused(code=SCHEMA_VIOLATION, reason="<Play> needs a URL or digits")
    url = absolute(verb.text, verb.base_url)
    audio = await _fetch(run, url)
    if isinstance(audio, Refused):
        run.exchange.note(run.leg.sid, "error", f"{audio.code} {audio.reason}")
        return None
    for _ in range(int(verb.number("loop", 1)) or ENDLESS_LOOPS):
        heard = Heard(text=url, language="", seconds=seconds_of_ulaw(audio), source=HeardFrom.PLAY)
        await play_audio(run.leg, heard, audio)
    return None


async def speak(leg: Leg, text: str, language: str, source: HeardFrom) -> None:
    """Say a text into the leg's ear and wait until it is over."""
    exchange = leg.exchange
    voice = exchange.voice
    audio, seconds = b"", exchange.seconds_of_speech(text)
    if voice is not None:
        spoken: Later[bytes] = Later()
        exchange.clock.run_aside(lambda: voice(text, language), spoken.resolve)
        audio = await spoken
        seconds = seconds_of_ulaw(audio)
    await play_audio(leg, Heard(text=text, language=language, seconds=seconds, source=source), audio)


async def play_audio(leg: Leg, heard: Heard, audio: bytes = b"") -> None:
    """Play mu-law into the leg's ear and wait until it is over; being stopped cuts it off."""
    over = False
    leg.hear(heard)
    if audio and leg.sound.pumping:
        leg.sound.play(audio)
    try:
        await sleep(leg.exchange.clock, heard.seconds)
        over = True
    finally:
        if not over:
            leg.sound.clear()
            if leg.is_up:
                leg.party.hear_cut()


async def play_music(leg: Leg) -> None:
    """Play the line's own music for as long as nobody stops it."""
    while leg.is_live:
        heard = Heard(text="", language="", seconds=MUSIC_SECONDS, source=HeardFrom.MUSIC)
        await play_audio(leg, heard, music() if leg.sound.pumping else b"")


@cache
def music() -> bytes:
    """Give ten seconds of a quiet arpeggio as mu-law."""
    notes_hz = (262, 330, 392, 523, 392, 330, 294, 349, 440, 349)
    samples = bytearray()
    for note in notes_hz:
        for index in range(RATE_HZ):
            fade = 1 - index / RATE_HZ
            value = round(2500 * fade * math.sin(2 * math.pi * note * index / RATE_HZ))
            samples += value.to_bytes(SAMPLE_BYTES, "little", signed=True)
    return pcm_to_ulaw(bytes(samples))


async def _fetch(run: "Run", url: str) -> bytes | Refused:
    reply = await run.exchange.wire.request(run.leg.webhook(url, "GET", "media"))
    return reply if isinstance(reply, Refused) else ulaw_of_wav(reply)


def ulaw_of_wav(reply: Reply) -> bytes | Refused:
    """Read a 16-bit WAV with one channel as mu-law at 8 kHz; whole frames."""
    try:
        with wave.open(io.BytesIO(reply.body)) as reader:
            if reader.getnchannels() != 1 or reader.getsampwidth() != SAMPLE_BYTES:
                return Refused(code=INVALID_AUDIO, reason=f"{reply.url}: the local line plays 16-bit mono WAV only")
            pcm, rate_hz = reader.readframes(reader.getnframes()), reader.getframerate()
    except (wave.Error, EOFError) as error:
        return Refused(code=INVALID_AUDIO, reason=f"{reply.url}: {error}")
    audio = pcm_to_ulaw(resample(pcm, rate_hz, RATE_HZ))
    return audio.ljust(-(-len(audio) // FRAME_BYTES) * FRAME_BYTES, b"\xff")
