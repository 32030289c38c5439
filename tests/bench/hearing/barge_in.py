"""Barge-in: how often a prompt stops for what is no speech, and how soon it stops for speech, per kind of sound and sensitivity.

Real prompts play; the caller's side carries a sound of `tests.bench.hearing.barge_in_sounds` over line noise, as the service
decodes it (mu-law, frames of 20 ms, our detector of voices). The former rule, 0.3 s of unbroken WebRTC voice, hears the same
frames in the same run. Constants were tuned on the half `tuning`; every figure here is of the half `report`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, product
from typing import Final

import numpy as np
import webrtcvad  # type: ignore[import-untyped]  # it publishes no types
from rich.console import Console
from rich.table import Table

from ivr.audio import FRAME_SECONDS, RATE_HZ
from ivr.speech.barge_in import BargeIn, Sensitivity
from ivr.speech.voice_activity import VoiceActivity
from tests.bench.hearing import barge_in_sounds as sounds
from tests.bench.hearing.barge_in_sounds import Sound
from tests.bench.results import Figure

# A caller's own loudness on a line that puts speech at -26 dBFS (ITU-T P.56), eight louder and eight softer.
SPEECH_DBFS: Final = (-18.0, -26.0, -34.0)
NOISE_DBFS: Final = (-28.0, -38.0)
LINE_NOISE_DBFS: Final = (-62.0, -50.0)
ECHO_DB: Final = (10.0, 20.0, 30.0, 40.0)
DELAYS_SECONDS: Final = (0.05, 0.12, 0.25, 0.4)
WAYS: Final = ("straight", "room", "gsm")
# Between two coughs or murmurs of a trial.
EVENT_EVERY_SECONDS: Final = 2.5
# After a false stop the same sound does not count again for so long: a prompt stops once.
AGAIN_AFTER_SECONDS: Final = 1.0
FORMER_SECONDS: Final = 0.3
FORMER_MODE: Final = 2


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A prompt being played and what the caller's side carries meanwhile."""

    kind: str
    prompt_pcm: bytes = field(repr=False)
    frames: tuple[bytes, ...] = field(repr=False)
    voiced: tuple[bool, ...] = field(repr=False)
    begins_frame: int = -1  # where speech begins; -1 for none
    dbfs: float = 0.0


def trials(half: str) -> Iterator[Trial]:
    """Every trial of a half, in an order that is always the same."""
    prompts = sounds.prompts()
    yield from _speech_trials(half, prompts, "speech", sounds.requests(half), times=3)
    yield from _speech_trials(half, prompts, "short answer", sounds.short_answers(half), times=1)
    yield from _nothing(half, prompts)
    for kind, made in (("cough", sounds.coughs), ("murmur", sounds.murmurs), ("click", sounds.clicks)):
        yield from _events(kind, made(half), prompts)
        yield from _events(f"{kind} over echo", made(half), prompts, echo_db=20.0)
    for kind, found in (("street (recorded)", sounds.streets), ("music (recorded)", sounds.music_on_hold)):
        yield from _continuous(kind, found(half), prompts)
    for kind in ("street", "babble", "music", "hum"):
        yield from _continuous(
            f"{kind} ({'people' if kind == 'babble' else 'made'})", sounds.made_noises(half, kind), prompts
        )
    yield from _echoes(half, prompts)


def _speech_trials(
    half: str, prompts: Sequence[Sound], kind: str, said: Sequence[Sound], *, times: int
) -> Iterator[Trial]:
    chance = np.random.default_rng(sounds.HALVES.index(half))
    streets = sounds.streets(half) or sounds.made_noises(half, "street")
    behind = cycle(("quiet", "quiet", "street", "echo -10", "echo -20", "echo -30", "echo -40"))
    levels = cycle(SPEECH_DBFS)
    for number, sound in enumerate(said * times):
        prompt = prompts[number % len(prompts)]
        begins = int(chance.integers(15, 200))
        size = min(prompt.size, begins * 160 + sound.size + 4000)
        caller, dbfs, background = np.zeros(size), next(levels), next(behind)
        spoken = sounds.voice_at(sound, dbfs)[: size - begins * 160]
        caller[begins * 160 : begins * 160 + spoken.size] = spoken
        if background == "street":
            caller += sounds.voice_at(np.resize(streets[number % len(streets)], caller.size), dbfs - 14)
        elif background != "quiet":
            below, way = float(background.split("-")[1]), WAYS[number % 3]
            delay = DELAYS_SECONDS[number % 4]
            caller += sounds.echo_of(prompt, dbfs_below=below, delay_seconds=delay, way=way, seed=number)[:size]
        yield _trial(f"{kind}, {background}", prompt, caller, seed=number, begins_frame=begins, dbfs=dbfs)


def _nothing(half: str, prompts: Sequence[Sound]) -> Iterator[Trial]:
    for number, prompt in enumerate(prompts):
        yield _trial("line noise", prompt, np.zeros(prompt.size), seed=number + 100 * sounds.HALVES.index(half))


def _events(kind: str, made: Sequence[Sound], prompts: Sequence[Sound], *, echo_db: float = 0.0) -> Iterator[Trial]:
    left = list(made) * 2
    chance = np.random.default_rng(len(left))
    for number, prompt in enumerate(prompts * 4):
        if not left:
            return
        caller = np.zeros(prompt.size)
        if echo_db:
            delay = DELAYS_SECONDS[number % 4]
            caller += sounds.echo_of(prompt, dbfs_below=echo_db, delay_seconds=delay, way=WAYS[number % 3], seed=number)
        at = int(chance.integers(4000, 16000))
        while left and at + left[0].size < prompt.size:
            one = sounds.voice_at(left.pop(0), SPEECH_DBFS[len(left) % 3])
            caller[at : at + one.size] += one
            at += one.size + round(EVENT_EVERY_SECONDS * RATE_HZ)
        yield _trial(kind, prompt, caller, seed=number)


def _continuous(kind: str, found: Sequence[Sound], prompts: Sequence[Sound]) -> Iterator[Trial]:
    for number, sound in enumerate(found):
        prompt = prompts[number % len(prompts)][: sound.size]
        caller = sounds.voice_at(sound, NOISE_DBFS[number % 2])[: prompt.size]
        yield _trial(kind, prompt, caller, seed=number)


def _echoes(half: str, prompts: Sequence[Sound]) -> Iterator[Trial]:
    first = sounds.HALVES.index(half)
    for number, (way, below, turn) in enumerate(product(WAYS, ECHO_DB, range(2))):
        prompt = prompts[(number + turn + first) % len(prompts)]
        delay = DELAYS_SECONDS[(number + number // 4 + turn) % 4]
        seed = number + 1000 * first
        caller = sounds.echo_of(prompt, dbfs_below=below, delay_seconds=delay, way=way, seed=seed)
        yield _trial(f"echo {-below:.0f} dB", prompt, caller, seed=number)


def _trial(kind: str, prompt: Sound, caller: Sound, *, seed: int, begins_frame: int = -1, dbfs: float = 0.0) -> Trial:
    noise_dbfs = LINE_NOISE_DBFS[seed % 2]
    noise = np.random.default_rng(seed).normal(size=caller.size) * 10 ** (noise_dbfs / 20)
    frames = tuple(sounds.to_frames(caller + noise))
    detector = VoiceActivity()
    return Trial(
        kind=kind,
        prompt_pcm=b"".join(sounds.to_frames(prompt)),
        frames=frames,
        voiced=tuple(detector.is_voiced(frame) for frame in frames),
        begins_frame=begins_frame,
        dbfs=dbfs,
    )


@dataclass(kw_only=True)
class Count:
    """What a rule did with one kind of sound."""

    seconds_without_speech: float = 0.0
    false_stops: int = 0
    stopped_ms: list[float] = field(default_factory=list)
    missed: int = 0

    @property
    def per_minute(self) -> float:
        """False stops in a minute without speech."""
        return 60 * self.false_stops / self.seconds_without_speech if self.seconds_without_speech else 0.0

    def add(self, other: "Count") -> None:
        """Take in another count."""
        self.seconds_without_speech += other.seconds_without_speech
        self.false_stops += other.false_stops
        self.stopped_ms += other.stopped_ms
        self.missed += other.missed


Rule = Callable[[Trial, int], Callable[[int], bool]]
RULES: Final[tuple[str, ...]] = (*Sensitivity, "former")


def figures() -> list[Figure]:
    """Hear every trial of the half that nothing was tuned on, with every rule, and print the tables."""
    counted: dict[str, dict[str, Count]] = {rule: {} for rule in RULES}
    spent_seconds, frames = 0.0, 0
    for trial in trials("report"):
        for rule in RULES:
            begun = time.process_time()
            count = _heard(trial, _listener(rule))
            if rule == Sensitivity.NORMAL:
                spent_seconds += time.process_time() - begun
                frames += len(trial.frames)
            for kind in (trial.kind, _group(trial)):
                counted[rule].setdefault(kind, Count()).add(count)
    _print(counted)
    normal, former = counted[Sensitivity.NORMAL], counted["former"]
    how = (
        "NORMAL, half `report`: per minute of sound without speech, all kinds by their minutes; coughs and hums "
        f"are made here, babble is mixed of six people; left out: {'; '.join(sounds.missing()) or 'nothing'}"
    )
    requests = _times(normal).size + _missed(normal)
    stops = f"NORMAL, half `report`: {requests} requests at -18 to -34 dBFS, of which {_missed(normal)} did not stop the prompt"
    of_former = "the former rule in the same run, 0.3 s of unbroken WebRTC voice"
    return [
        _figure("false_stops_per_minute", _false(normal), "1/min", how),
        _figure("false_stops_per_minute_former", _false(former), "1/min", of_former),
        _figure("stop_ms_p50", _late(normal, 50), "ms", stops),
        _figure("stop_ms_p95", _late(normal, 95), "ms", stops),
        _figure("stop_ms_p95_former", _late(former, 95), "ms", f"{of_former}; missed {_missed(former)}"),
        _figure("missed_share", _missed(normal) / requests, "", stops),
        _figure("barge_in_us_per_frame", 1e6 * spent_seconds / frames, "us", "CPU time, NORMAL, its making included"),
    ]


def _figure(name: str, value: float, unit: str, how: str) -> Figure:
    return Figure(name=name, value=round(value, 3), unit=unit, goal="", holds=None, how=how)


def _listener(rule: str) -> Rule:
    if rule != "former":
        return lambda trial, begin: _ours(Sensitivity(rule), trial, begin)
    return _former


def _ours(sensitivity: Sensitivity, trial: Trial, begin: int) -> Callable[[int], bool]:
    barge_in = BargeIn(sensitivity=sensitivity, prompt_pcm=trial.prompt_pcm[begin * 320 :])
    return lambda number: barge_in.hear(trial.frames[number], voiced=trial.voiced[number])


def _former(trial: Trial, _begin: int) -> Callable[[int], bool]:
    detector, run_seconds = webrtcvad.Vad(FORMER_MODE), 0.0

    def hear(number: int) -> bool:
        nonlocal run_seconds
        run_seconds = run_seconds + FRAME_SECONDS if detector.is_speech(trial.frames[number], RATE_HZ) else 0.0
        return run_seconds > FORMER_SECONDS - FRAME_SECONDS / 2

    return hear


def _heard(trial: Trial, rule: Rule) -> Count:
    """Play a trial through; after a false stop the prompt begins again where it was a second later."""
    count, number, speech = Count(), 0, trial.begins_frame if trial.begins_frame >= 0 else len(trial.frames)
    hear = rule(trial, 0)
    while number < len(trial.frames):
        if hear(number):
            if number >= speech:
                count.stopped_ms.append(1000 * FRAME_SECONDS * (number - speech + 1))
                break
            count.false_stops += 1
            number = min(number + round(AGAIN_AFTER_SECONDS / FRAME_SECONDS), max(speech - 1, number))
            hear = rule(trial, number + 1)
        number += 1
    count.missed = int(trial.begins_frame >= 0 and not count.stopped_ms)
    count.seconds_without_speech = speech * FRAME_SECONDS
    return count


def _group(trial: Trial) -> str:
    return (
        f"all of {trial.kind.split(',')[0]} at {trial.dbfs:.0f} dBFS"
        if trial.begins_frame >= 0
        else "all without speech"
    )


def _speech(counts: dict[str, Count]) -> list[Count]:
    return [one for kind, one in counts.items() if kind.startswith("speech,")]


def _times(counts: dict[str, Count]) -> Sound:
    return np.array([time_ms for one in _speech(counts) for time_ms in one.stopped_ms])


def _late(counts: dict[str, Count], percent: float) -> float:
    return float(np.percentile(_times(counts), percent))


def _missed(counts: dict[str, Count]) -> int:
    return sum(one.missed for one in _speech(counts))


def _false(counts: dict[str, Count]) -> float:
    total = Count()
    for kind, one in counts.items():
        # Before speech begins there is none either.
        if not kind.startswith("all"):
            total.add(one)
    return total.per_minute


def _print(counted: dict[str, dict[str, Count]]) -> None:
    stops = Table("false stops per minute", "minutes", *RULES, title="sounds that are no speech")
    times = Table(
        "ms to stop: median / p95 (missed of all)", *RULES, title="speech; a short answer may or may not stop a prompt"
    )
    for kind, one in counted["former"].items():
        if one.stopped_ms or one.missed:
            times.add_row(kind, *(_told(counted[rule][kind]) for rule in RULES))
        else:
            rates = (f"{counted[rule][kind].per_minute:.1f}" for rule in RULES)
            stops.add_row(kind, f"{one.seconds_without_speech / 60:.1f}", *rates)
    console = Console(width=150)
    console.print(stops)
    console.print(times)
    for absent in sounds.missing():
        console.print(f"left out: {absent}")


def _told(count: Count) -> str:
    all_of_them = len(count.stopped_ms) + count.missed
    if not count.stopped_ms:
        return f"- ({count.missed} of {all_of_them})"
    middle, late = np.percentile(count.stopped_ms, [50, 95])
    return f"{middle:.0f} / {late:.0f} ({count.missed} of {all_of_them})"
