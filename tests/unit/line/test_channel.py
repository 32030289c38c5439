"""The line's quality: noise and losses of a caller's channel, late messages, and that none of it is there unasked."""

from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pytest

from ivr.audio import FRAME_BYTES, frames_of_ulaw, loudness_dbfs, ulaw_to_pcm
from ivr.line.channel import (
    BAD_MOBILE,
    GOOD,
    NOISY,
    QUALITIES,
    Channel,
    LineQuality,
    Loss,
    LostFrame,
    Network,
    Noise,
    NoiseKind,
)
from ivr.line.clock import VirtualClock
from ivr.line.noises import DBM0_TO_DBFS, noise_pcm
from ivr.line.script import Keys, Say, Silence
from ivr.line.transit import SILENCE, Delivery, Losses, Passage
from tests.unit.line.line_bench import Bench, make_bench
from tests.unit.line.test_streams import CONNECT, Server, tone

VOICE = frames_of_ulaw(tone("una frase intera", "it-IT"))
EVERY_NOISE = [Noise(kind=kind, level_dbm0=-30.0) for kind in NoiseKind]


def runs_of_losses(losses: Losses, frames: int) -> list[int]:
    fates = [losses.next_is_lost() for _ in range(frames)]
    return [len(list(run)) for lost, run in groupby(fates) if lost]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("burst_frames", [1.0, 3.0, 10.0])
def test_as_many_frames_are_lost_as_was_asked_in_bursts_as_long(share: float, burst_frames: float) -> None:
    runs = runs_of_losses(Losses(Loss(share=share, burst_frames=burst_frames), "seed"), 200_000)
    assert sum(runs) / 200_000 == pytest.approx(share, rel=0.15)
    # Independent losses have runs too: 1 / (1 - share) on the mean.
    assert sum(runs) / len(runs) == pytest.approx(max(burst_frames, 1 / (1 - share)), rel=0.1)


def test_same_seed_loses_the_same_frames_and_another_one_others() -> None:
    loss = Loss(share=0.1, burst_frames=2.0)
    first, again, other = (runs_of_losses(Losses(loss, seed), 2000) for seed in ("a", "a", "b"))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Loss(share=0.7),
        lambda: Loss(share=-0.1),
        lambda: Loss(share=0.1, burst_frames=0.5),
        lambda: Noise(kind=NoiseKind.HUM, level_dbm0=0.0),
        lambda: Noise(kind=NoiseKind.HUM, level_dbm0=float("nan")),
        lambda: Network(jitter_seconds=-0.1),
        lambda: Network(stall_seconds=2.0),
        lambda: Network(stalls_per_minute=100),
    ],
)
def test_quality_that_no_line_has_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"must be|share of the frames"):
        wrong()


def test_frames_of_a_clear_channel_are_the_very_same() -> None:
    passage = Passage(GOOD.channel, "seed")
    assert [passage.take(frame) for frame in VOICE] == VOICE


@pytest.mark.parametrize("noise", EVERY_NOISE, ids=lambda noise: noise.kind)
def test_noise_has_its_level_and_nothing_outside_the_telephone_band(noise: Noise) -> None:
    passage = Passage(Channel(noises=(noise,)), "seed")
    pcm = ulaw_to_pcm(b"".join(passage.take(SILENCE) for _ in range(500)))
    assert loudness_dbfs(pcm) - DBM0_TO_DBFS == pytest.approx(-30.0, abs=0.5)
    # Before mu-law, whose own noise, some 38 dB under the sound, lies everywhere.
    samples = np.frombuffer(noise_pcm(noise, 1), dtype="<i2").astype(float)
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(samples.size, 1 / 8000)
    outside = power[(hertz < 180) | (hertz > 3550)].sum()
    assert 10 * np.log10(outside / power.sum()) < -40


def test_zero_dbm0_is_a_sine_that_is_3_17_db_under_the_loudest() -> None:
    loudest = 32124 * np.sin(2 * np.pi * 1020 * np.arange(80_000) / 8000)
    assert loudness_dbfs(loudest.astype("<i2").tobytes()) - DBM0_TO_DBFS == pytest.approx(3.17, abs=0.02)


def test_noise_is_added_to_the_voice_and_does_not_repeat_its_first_second() -> None:
    passage = Passage(Channel(noises=(Noise(kind=NoiseKind.HISS, level_dbm0=-35.0),)), "seed")
    pcm = np.frombuffer(ulaw_to_pcm(b"".join(passage.take(frame) for frame in VOICE)), dtype="<i2").astype(float)
    clean = np.frombuffer(ulaw_to_pcm(b"".join(VOICE)), dtype="<i2").astype(float)
    assert np.corrcoef(pcm, clean)[0, 1] > 0.95
    quiet = [passage.take(SILENCE) for _ in range(100)]
    assert quiet[:50] != quiet[50:]


def test_babble_comes_and_goes_like_speech_and_hiss_does_not() -> None:
    def spread_db(kind: NoiseKind) -> float:
        pcm = noise_pcm(Noise(kind=kind, level_dbm0=-30.0), 7)
        levels = [loudness_dbfs(pcm[at : at + 320]) for at in range(0, len(pcm), 320)]
        return float(np.std(levels))

    assert spread_db(NoiseKind.BABBLE) > 2 * spread_db(NoiseKind.HISS)


def test_lost_frame_is_the_one_before_ever_quieter_or_silence() -> None:
    # Half of all frames in long bursts: the first burst comes soon and lasts.
    loss = Loss(share=0.5, burst_frames=20.0)
    for lost_frame in LostFrame:
        passage, fates = Passage(Channel(loss=loss, lost_frame=lost_frame), "seed"), Losses(loss, "seed")
        lost = [fates.next_is_lost() for _ in range(len(VOICE))]
        came = [passage.take(frame) for frame in VOICE]
        begin = next(
            at for at in range(1, len(lost)) if all(lost[at : at + 5]) and not lost[at - 1] and VOICE[at] != SILENCE
        )
        assert [frame for frame, gone in zip(came, lost, strict=True) if not gone] == [
            frame for frame, gone in zip(VOICE, lost, strict=True) if not gone
        ]
        if lost_frame is LostFrame.SILENT:
            assert came[begin] == SILENCE
            continue
        levels = [loudness_dbfs(ulaw_to_pcm(frame)) for frame in came[begin - 1 : begin + 3]]
        assert levels[0] == levels[1] > levels[2] > levels[3]
        assert came[begin + 3] == SILENCE


def arrivals(network: Network, *, seed: str = "seed", messages: int = 3000) -> list[tuple[float, int]]:
    """When each of the messages, sent 20 ms apart, arrives."""
    clock, came = VirtualClock(), []
    delivery = Delivery(clock, network, seed, lambda text: came.append((clock.microseconds / 1e6, int(text))))
    for number in range(messages):
        clock.advance(0.02 * number - clock.microseconds / 1e6)
        delivery.send(str(number))
    clock.advance(5)
    return came


def interarrival_jitter_seconds(came: list[tuple[float, int]]) -> float:
    """RFC 3550, 6.4.1: J += (|D| - J) / 16."""
    jitter = 0.0
    for (before, _), (at, _) in pairwise(came):
        jitter += (abs((at - before) - 0.02) - jitter) / 16
    return jitter


def test_late_messages_keep_their_order_and_come_in_bunches() -> None:
    came = arrivals(BAD_MOBILE.network)
    assert [number for _, number in came] == list(range(3000))
    late = [at - 0.02 * number for at, number in came]
    assert min(late) >= 0
    assert max(late) > 0.25
    bunches = [len(list(bunch)) for _, bunch in groupby(round(at, 3) for at, _ in came)]
    assert max(bunches) > 5


def test_jitter_is_what_was_asked_as_rfc_3550_measures_it() -> None:
    assert interarrival_jitter_seconds(arrivals(Network())) == pytest.approx(0.0, abs=1e-9)
    measured = [
        np.mean([interarrival_jitter_seconds(arrivals(Network(jitter_seconds=jitter), seed=s)) for s in "abcdef"])
        for jitter in (0.01, 0.03)
    ]
    # What comes later is held up by what came before, so that a socket's jitter is less than a datagram's.
    assert 0.003 < measured[0] < 0.015
    assert measured[0] < measured[1] < 0.03


def test_same_seed_is_late_alike() -> None:
    assert arrivals(BAD_MOBILE.network) == arrivals(BAD_MOBILE.network)
    assert arrivals(BAD_MOBILE.network) != arrivals(BAD_MOBILE.network, seed="other")


def streamed(quality: LineQuality | None, *, seconds: float = 8.0) -> tuple[Bench, list[dict[str, Any]]]:
    """What a server is sent in a call over a line of that quality."""
    bench = make_bench()
    bench.service.answers = {"/voice": CONNECT}
    server = Server(bench)
    steps = [Say("una frase", after_seconds=1), Keys("1"), Silence(seconds)]
    party = bench.party(*steps, voice=tone)
    leg = bench.line.call("+393331234567", "+390200000000", party, quality=quality)
    bench.clock.run_until(lambda: party.done, 60)
    leg.hang_up()
    bench.clock.advance(1)
    return bench, server.messages


def test_call_over_a_good_line_is_message_by_message_the_call_without_any_quality() -> None:
    assert streamed(GOOD)[1] == streamed(None)[1]
    assert any(message["event"] == "media" for message in streamed(None)[1])


@pytest.mark.parametrize("name", QUALITIES)
def test_call_over_any_line_is_the_same_call_each_time(name: str) -> None:
    assert streamed(QUALITIES[name])[1] == streamed(QUALITIES[name])[1]


def test_noise_reaches_the_service_while_the_caller_is_silent() -> None:
    payloads = {message["media"]["payload"] for message in streamed(NOISY)[1] if message["event"] == "media"}
    assert len(payloads) > 400


@pytest.mark.parametrize("name", QUALITIES)
def test_messages_of_any_line_are_numbered_without_a_gap_and_stop_comes_last(name: str) -> None:
    _, messages = streamed(QUALITIES[name])
    numbers = [int(message["sequenceNumber"]) for message in messages[1:]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert messages[-1]["event"] == "stop"
    assert [message["dtmf"]["digit"] for message in messages if message["event"] == "dtmf"] == ["1"]


def test_congested_network_leaves_gaps_in_the_time_stamps_and_says_so_in_the_log() -> None:
    congested = LineQuality(network=Network(congestion=Loss(share=0.2, burst_frames=4.0)))
    bench, messages = streamed(congested)
    media = [message["media"] for message in messages if message["event"] == "media"]
    stamps = [int(one["timestamp"]) for one in media]
    assert [int(one["chunk"]) for one in media] == list(range(1, len(media) + 1))
    steps = {later - earlier for earlier, later in pairwise(stamps)}
    assert min(steps) == 20
    assert max(steps) > 60
    assert len(media) == pytest.approx(0.8 * (stamps[-1] / 20), rel=0.2)
    assert any("31930" in entry.detail for entry in bench.line.log if entry.what == "warning")


def test_lost_frames_of_the_caller_are_no_gap_in_the_stream() -> None:
    _, messages = streamed(LineQuality(channel=Channel(loss=Loss(share=0.2), lost_frame=LostFrame.SILENT)))
    stamps = [int(message["media"]["timestamp"]) for message in messages if message["event"] == "media"]
    assert {later - earlier for earlier, later in pairwise(stamps)} == {20}


def test_caller_hears_gaps_and_no_noise_of_its_own_room() -> None:
    def heard(quality: LineQuality) -> bytes:
        bench = make_bench(voice=tone)
        bench.service.answers = {"/voice": "<Say>buongiorno a tutti</Say><Pause length='3'/>"}
        party = bench.party(Silence(3), wants_audio=True)
        bench.line.call("+393331234567", "+390200000000", party, quality=quality)
        bench.clock.advance(6)
        return bytes(party.audio_heard)

    good = heard(GOOD)
    assert heard(NOISY) == good
    gaps = heard(LineQuality(channel=Channel(loss=Loss(share=0.2), lost_frame=LostFrame.SILENT)))
    assert gaps != good
    pairs = zip(frames_of_ulaw(gaps), frames_of_ulaw(good), strict=True)
    assert all(gap in (frame, SILENCE) for gap, frame in pairs)


def test_quality_of_the_line_is_every_callers_and_no_desks(bench: Bench) -> None:
    bench.line.exchange.quality = NOISY
    bench.service.answers = {"/voice": "<Dial><Client>anna</Client></Dial>"}
    bench.register("client:anna", Silence(5))
    leg, _ = bench.call([Silence(3)])
    called = next(one for one in bench.line.legs.values() if one.to == "client:anna")
    assert leg.quality is NOISY
    assert called.quality is GOOD


def test_frame_of_a_bad_line_is_a_frame() -> None:
    passage = Passage(BAD_MOBILE.channel, "seed")
    assert {len(passage.take(frame)) for frame in VOICE} == {FRAME_BYTES}
