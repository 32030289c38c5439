"""Replays: how many are caught over which line, and whether living callers who say the same again are ever taken for one.

Speakers of `test` in voice_splits.json (AN4, ASC) alone; FSDD and Asterisk's Italian prompts had no part in choosing but that the
limit lies above what FSDD's digits reached. Every utterance goes through the telephone's band and mu-law, and its net speech is
cut as the media socket cuts it.
"""

import json
from collections.abc import Iterator, Sequence

import numpy as np
import soundfile

from biometrics.fingerprint import Fingerprint, TooShort, alike, fingerprint
from ivr.audio import FRAME_BYTES, RATE_HZ
from ivr.speech.net_speech import NetSpeech
from ivr.speech.voice_activity import VoiceActivity
from tests.bench.hearing.real_speech import DATA
from tests.bench.results import Figure
from tests.replays import CHANGES, Change, Sound, from_pcm, over_telephone, part, pcm, replayed

# Words of a round that are said one after the other: some seven seconds with their pauses, three of net speech.
ASC_WORDS = 7
FSDD_DIGITS, FSDD_TAKES, FSDD_SEQUENCES = 8, 6, 8
PROMPTS = 120


def figures() -> list[Figure]:
    """`replay_caught`, the mean over all that can happen to a recording and each alone, and `replay_false_alarms`."""
    heard = [(sound, net_speech(sound)) for sound in _originals()]
    prints = [fingerprint(net, RATE_HZ) for _, net in heard]
    whole = [sound for sound, _ in heard]
    caught = {name: _caught(whole, prints, change) for name, change in CHANGES.items()}
    caught["a part of 2.2 s net"] = _caught([net for _, net in heard], prints, part)
    alarms, pairs, largest = _false_alarms(_same_words())
    other_alarms, other_pairs, other_largest = _false_alarms(_other_words())
    how = f"{len(heard)} utterances of test speakers, {len(caught)} changes"
    told = [_figure("replay_caught", float(np.mean(list(caught.values()))), how)]
    told += [_figure(f"replay_caught: {name}", share, how) for name, share in caught.items()]
    told.append(
        Figure(
            name="replay_false_alarms",
            value=float(alarms),
            unit="pairs",
            goal="0",
            holds=alarms == 0,
            how=f"{pairs} pairs of the same words by the same speaker, living; largest score {largest:.1f}",
        )
    )
    told.append(
        Figure(
            name="replay_false_alarms_other_words",
            value=float(other_alarms),
            unit="pairs",
            goal="",
            holds=None,
            how=f"{other_pairs} pairs of other words by the same speaker; largest score {other_largest:.1f}",
        )
    )
    return told


def _figure(name: str, share: float, how: str) -> Figure:
    return Figure(name=name, value=share, unit="share", goal="", holds=None, how=how)


def _caught(sounds: Sequence[Sound], prints: Sequence[Fingerprint | TooShort], change: Change) -> float:
    """The share of replays that are known; one whose net speech is too short is not."""
    chance = np.random.default_rng(7)
    found = []
    for sound, before in zip(sounds, prints, strict=True):
        again = fingerprint(net_speech(replayed(sound, change, chance)), RATE_HZ)
        is_heard = isinstance(before, Fingerprint) and isinstance(again, Fingerprint)
        found.append(is_heard and alike(again, before).is_same)
    return float(np.mean(found))


def _false_alarms(groups: Iterator[Sequence[Sound]]) -> tuple[int, int, float]:
    alarms, pairs, largest = 0, 0, 0.0
    for group in groups:
        made = [fingerprint(net_speech(sound), RATE_HZ) for sound in group]
        prints = [one for one in made if isinstance(one, Fingerprint)]
        for place, one in enumerate(prints):
            for other in prints[:place]:
                match = alike(one, other)
                alarms, pairs, largest = alarms + match.is_same, pairs + 1, max(largest, match.score)
    return alarms, pairs, largest


def _originals() -> Iterator[Sound]:
    """Utterances with at least two seconds of net speech: two each of ASC's speakers and of 16 of AN4's."""
    speakers = _splits()
    for speaker in speakers["asc"]["test"]:
        yield from (group[0] for group in _asc(speaker)[:2] if group)
    for speaker in (*speakers["an4"]["test"]["m"][:10], *speakers["an4"]["test"]["f"][:6]):
        yield from [one for one in _an4(speaker) if net_speech(one).size >= 2.2 * RATE_HZ][:2]


def _same_words() -> Iterator[Sequence[Sound]]:
    for speaker in _splits()["asc"]["test"]:
        yield from _asc(speaker)
    chance = np.random.default_rng(11)
    for folder in sorted((DATA / "fsdd").iterdir()):
        for _ in range(FSDD_SEQUENCES if folder.is_dir() else 0):
            digits, first = chance.integers(0, 10, FSDD_DIGITS), int(chance.integers(0, 40))
            yield [
                np.concatenate([_read(folder / f"{digit}_{first + take}.flac") for digit in digits])
                for take in range(FSDD_TAKES)
            ]


def _other_words() -> Iterator[Sequence[Sound]]:
    speakers = _splits()["an4"]["test"]
    for speaker in (*speakers["m"], *speakers["f"]):
        yield list(_an4(speaker))
    prompts = sorted((DATA / "asterisk-it" / "carlo").glob("*.flac"))
    yield [sound for sound in map(_read, prompts) if sound.size > 2.5 * RATE_HZ][:PROMPTS]


def _splits() -> dict[str, dict[str, list[str]]]:
    return json.loads((DATA / "voice_splits.json").read_text())


def _asc(speaker: str) -> list[list[Sound]]:
    """For each few words, the rounds in which the speaker said them all."""
    files = sorted((DATA / "asc" / speaker).glob("*.flac"))
    rounds, words = sorted({file.stem[:7] for file in files}), sorted({file.stem[8:] for file in files})
    few = [words[begin : begin + ASC_WORDS] for begin in range(0, len(words) - ASC_WORDS + 1, ASC_WORDS)]
    folder = DATA / "asc" / speaker
    return [
        [
            np.concatenate([_read(folder / f"{one}-{word}.flac") for word in some])
            for one in rounds
            if all((folder / f"{one}-{word}.flac").exists() for word in some)
        ]
        for some in few
    ]


def _an4(speaker: str) -> Iterator[Sound]:
    return map(_read, sorted((DATA / "an4" / speaker).glob("*.flac")))


def _read(file: object) -> Sound:
    sound, rate_hz = soundfile.read(file, dtype="float64")
    return over_telephone(sound, rate_hz)


def net_speech(sound: Sound) -> Sound:
    """What is left of a turn: as `ivr.speech.listening` cuts it, after a fifth of a second of a quiet line."""
    quiet = np.random.default_rng(1).integers(-20, 20, RATE_HZ // 5).astype("<i2").tobytes()
    heard = quiet + pcm(sound)
    activity, net = VoiceActivity(), NetSpeech()
    step = 2 * FRAME_BYTES
    for begin in range(0, len(heard) - step + 1, step):
        frame = heard[begin : begin + step]
        net.hear(frame, voiced=activity.is_voiced(frame))
    net.end()
    return from_pcm(net.speech_pcm)
