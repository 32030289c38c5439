"""What plays into an ear and what a live mouth says: recordings, digits, the carrier's recogniser, ends of a bridge."""

import io
import math
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask import Response

from ivr.audio import pcm_to_ulaw, ulaw_to_pcm
from ivr.line.party import HeardFrom, SilentParty
from ivr.line.script import HangUp, Keys, PlayWav, Silence, WaitFor
from tests.unit.line.line_bench import NUMBER, SERVICE, Bench, make_bench

LOUD = pcm_to_ulaw(b"".join(round(9000 * math.sin(n / 3)).to_bytes(2, "little", signed=True) for n in range(160)))


def wav_bytes(seconds: float, rate_hz: int = 16_000, channels: int = 1) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(b"\x00\x10" * round(seconds * rate_hz) * channels)
    return written.getvalue()


class Talker(SilentParty):
    """Gives sound and no words: half a second of silence, one of tone, then silence."""

    wants_audio = True
    recognise_audio = True

    def __init__(self) -> None:
        self.frames = [None] * 25 + [LOUD] * 50 + [None] * 500

    def next_frame(self) -> bytes | None:
        return self.frames.pop(0) if self.frames else None


def test_carrier_recognises_a_live_party_by_its_sound() -> None:
    bench = make_bench()
    heard = []

    def recognise(audio: bytes, language: str) -> tuple[str, float]:
        heard.append((len(audio), language))
        return "dov'è il mio ordine", 0.5

    bench.line.exchange.recognise = recognise
    bench.service.answers = {
        "/voice": '<Gather input="speech" language="it-IT" action="/heard" speechTimeout="auto"><Say>Dica</Say></Gather>'
    }
    bench.line.call("+39", NUMBER, Talker())
    bench.clock.advance(15)
    assert bench.service.of("/heard")[0]["SpeechResult"] == "dov'è il mio ordine"
    assert bench.service.of("/heard")[0]["Confidence"] == "0.5"
    assert heard[0][1] == "it-IT"
    assert 50 * 160 <= heard[0][0] <= 100 * 160


def test_live_party_interrupts_the_prompt() -> None:
    bench = make_bench()
    bench.service.answers = {
        "/voice": f'<Gather input="speech" action="/heard" timeout="1"><Say>{"lungo " * 100}</Say></Gather>'
    }
    leg = bench.line.call("+39", NUMBER, Talker())
    bench.clock.run_until(lambda: not leg.is_live, 60)
    # Without a recogniser it is noise: the prompt is cut all the same, and the gather ends by its time-out.
    assert leg.duration_seconds() < 10
    assert bench.service.of("/heard") == []


def test_recording_is_played_for_as_long_as_it_is(bench: Bench) -> None:
    bench.service.answers = {
        "/voice": "<Play>/music.wav</Play><Play digits='12'/>",
        "/music.wav": lambda _: (Response(wav_bytes(2.5), mimetype="audio/x-wav"), 200),
    }
    leg, party = bench.call()
    first, second = (line.heard for line in party.transcript)
    assert (first.source, first.text, first.seconds) == (HeardFrom.PLAY, f"{SERVICE}/music.wav", 2.5)
    assert (second.source, second.text) == (HeardFrom.TONE, "12")
    assert leg.duration_seconds() == 3


@pytest.mark.parametrize("answer", [("gone", 404), ("no wave file", 200)])
def test_recording_that_cannot_be_had_is_passed_over(bench: Bench, answer: tuple[str, int]) -> None:
    bench.service.answers = {
        "/voice": "<Play>/music.wav</Play><Say>avanti</Say>",
        "/music.wav": lambda _: (Response(answer[0], answer[1]), answer[1]),
    }
    _, party = bench.call()
    assert party.heard == ["avanti"]
    assert bench.errors()


def test_star_ends_the_dialled_leg_and_the_time_limit_too(bench: Bench) -> None:
    agents = bench.register("client:anna", Silence(600))
    bench.service.answers = {"/voice": "<Dial hangupOnStar='true' action='/after'><Client>anna</Client></Dial>"}
    bench.call([Silence(5), Keys("*"), Silence(1)])
    assert agents[0].reason is not None
    bench.service.answers = {"/voice": "<Dial timeLimit='7' action='/after'><Client>anna</Client></Dial>"}
    bench.call([Silence(60)])
    assert [after["DialCallDuration"] for after in bench.service.of("/after")] == ["4", "7"]


def test_dialled_leg_reports_its_own_progress(bench: Bench) -> None:
    bench.register("client:anna", HangUp(after_seconds=2))
    events = "statusCallback='/leg' statusCallbackEvent='initiated ringing answered completed'"
    bench.service.answers = {"/voice": f"<Dial><Client {events}>anna</Client></Dial>"}
    leg, _ = bench.call([Silence(20)])
    progress = bench.service.of("/leg")
    assert [event["CallStatus"] for event in progress] == ["initiated", "ringing", "in-progress", "completed"]
    assert {event["ParentCallSid"] for event in progress} == {leg.sid}
    assert {event["Direction"] for event in progress} == {"outbound-dial"}


def test_script_plays_a_file_and_tells_what_it_waited_for_in_vain(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "ciao.wav"
    path.write_bytes(wav_bytes(1.0))
    bench.service.answers = {"/voice": '<Gather input="speech" action="/heard"><Say>Dica</Say></Gather>'}
    bench.call([WaitFor("dica"), PlayWav(path, words="ciao")])
    assert bench.service.of("/heard")[0]["SpeechResult"] == "ciao"
    bench.service.answers = {"/voice": "<Say>a</Say><Pause length='60'/>"}
    _, party = bench.call([WaitFor("mai", limit_seconds=5)])
    assert "mai" in party.failure
    bench.service.answers = {"/voice": "<Reject/>"}
    assert bench.call([HangUp()])[1].failure == "the call was never answered"
    with pytest.raises(AssertionError, match="in vain"):
        party.check()


def test_script_plays_in_the_telephone_band_whatever_the_file_holds(bench: Bench, tmp_path: Path) -> None:
    at = np.arange(32_000) / 16_000
    tones = sum(5000 * np.sin(2 * np.pi * hertz * at) for hertz in (100, 1000, 3900, 6000))
    path = tmp_path / "tones.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(tones.astype("<i2").tobytes())
    bench.service.answers = {"/voice": "<Record timeout='1' playBeep='false' action='/kept'/>"}
    bench.call([PlayWav(path, after_seconds=0), Silence(3)])
    heard = spectrum_db(ulaw_to_pcm(next(iter(bench.line.exchange.recordings.values()))))
    # 6000 Hz, had it been folded, would be at 2000 Hz.
    assert heard(1000) - max(heard(100), heard(2000), heard(3900)) > 30


def spectrum_db(pcm: bytes) -> Callable[[float], float]:
    """The level near a frequency, of what was recorded."""
    samples = np.frombuffer(pcm, dtype="<i2") * np.hanning(len(pcm) // 2)
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(samples.size, 1 / 8000)
    return lambda near: float(10 * np.log10(power[np.abs(hertz - near) < 20].sum() + 1e-9))
