"""Makes trials of labelled calls: enrols each speaker with their first calls, tests with the others, and pairs everybody.

Also pairs the voiceprints of a deployment's own customers, of whom nothing is known but that they are different people. Scores
are given by others.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from biometrics.encoders import SpeakerEncoder
from biometrics.evidence import NotASample, sample_of
from biometrics.net_speech import split
from biometrics.recordings import Heard, Labelled, LabelledCall, LeftOut, Sound, Unusable, hear
from biometrics.voiceprint import Evidence, Sample, Voiceprint

# Fewer speakers give fewer than a hundred pairs of different voices, and intervals over speakers that say nothing.
FEWEST_SPEAKERS: Final = 10
CHANNEL: Final = "telephone"
# A sample is an utterance: longer speech is cut into equal ones of at most this many seconds, no shorter than that.
_LONGEST_SAMPLE_SECONDS: Final = 5.0
_SHORTEST_SAMPLE_SECONDS: Final = 2.0
# How much of an enrolment may be missing: less than the shortest sample.
_NEARLY_SECONDS: Final = 0.5

# The others of a voiceprint's stretches tell little more of how alike two people are, and cost as much.
_STRETCHES_A_CUSTOMER: Final = 2

Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Design:
    """How speakers are enrolled and tested."""

    enrolment_seconds: float = 20.0  # net
    test_seconds: tuple[float, ...] = (3.0, 5.0, 8.0)  # net
    same_gender: bool = False  # whether impostors are of the speaker's gender only
    windows_a_call: int = 3  # tests of one length out of one call, at most; they do not overlap


@dataclass(frozen=True, kw_only=True)
class Test:
    """What a speaker said in another call than those of the enrolment."""

    __test__ = False  # not for pytest

    call: str
    seconds: float  # the length that was wanted, net
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One speaker, enrolled, and their tests."""

    speaker: str
    gender: str
    voiceprint: Voiceprint
    tests: tuple[Test, ...]


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """All speakers that can be enrolled and tested, and what could not be used."""

    voices: tuple[Voice, ...]
    left_out: tuple[LeftOut, ...]
    windows: Mapping[float, int]  # tests that were cut, by length
    refused: Mapping[float, int]  # of them, not good enough to be decided on
    calls: int  # that were used
    rates_hz: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One voiceprint and the evidence of one call; whose they are is known."""

    voiceprint: Voiceprint
    evidence: Evidence
    enrolled_speaker: str
    test_speaker: str
    seconds: float

    @property
    def is_target(self) -> bool:
        """Whether it is the same speaker."""
        return self.enrolled_speaker == self.test_speaker


def gather(
    labelled: Labelled,
    *,
    encoder: SpeakerEncoder,
    design: Design,
    at: datetime,
    progress: Progress,
    prepared: Callable[[Heard], Heard] = lambda heard: heard,
    cut: Callable[[Sound, int], tuple[Sound, Sound]] = split,
) -> Gathered:
    """Hear every call, enrol and test each speaker; `progress` gets the calls done and all of them.

    `prepared` may change the sound first; `cut` parts it, at its rate, into speech and pauses. Raises
    `biometrics.net_speech.NoDetectorError`.
    """
    hearing = _Hearing(encoder=encoder, design=design, at=at, prepared=prepared, cut=cut)
    voices: list[Voice] = []
    done = 0
    for speaker, calls in labelled.by_speaker().items():
        voice = hearing.voice(speaker, calls)
        if voice is not None:
            voices.append(voice)
        done += len(calls)
        progress(done, len(labelled.calls))
    return Gathered(
        voices=tuple(voices),
        left_out=(*labelled.left_out, *hearing.left_out),
        windows=dict(hearing.windows),
        refused=dict(hearing.refused),
        calls=hearing.calls,
        rates_hz=tuple(sorted(hearing.rates_hz)),
    )


def lacking(gathered: Gathered, design: Design) -> tuple[str, ...]:
    """Say, in sentences, what is missing to learn or to measure anything; nothing where there is enough."""
    voices = gathered.voices
    if len(voices) < FEWEST_SPEAKERS:
        first, other = f"{design.enrolment_seconds:g} s", f"{min(design.test_seconds):g} s"
        each = f"{first} of net speech in the first calls and another call of {other} or more"
        return (f"{len(voices)} speakers can be enrolled and tested, it takes {FEWEST_SPEAKERS}, each with {each}",)
    found = []
    for is_target, whose in ((True, "of the same speaker"), (False, "of different speakers")):
        if not any(comparison.is_target is is_target for comparison in comparisons(voices, design)):
            found.append(f"there is not one pair of a voiceprint and a call {whose}")
    return tuple(found)


def comparisons(voices: Sequence[Voice], design: Design) -> Iterator[Comparison]:
    """Pair every voiceprint with every test; of different genders only where the design says so."""
    for enrolled in voices:
        for tested in voices:
            if design.same_gender and enrolled.gender != tested.gender:
                continue
            for test in tested.tests:
                yield Comparison(
                    voiceprint=enrolled.voiceprint,
                    evidence=test.evidence,
                    enrolled_speaker=enrolled.speaker,
                    test_speaker=tested.speaker,
                    seconds=test.seconds,
                )


def impostor_comparisons(voiceprints: Sequence[Voiceprint], *, least_seconds: float) -> Iterator[Comparison]:
    """Pair the voiceprint of each customer with what the others of its encoder said when they enrolled: two people, surely.

    What somebody said is taken in stretches of as few samples as make `least_seconds`, two of each customer.
    """
    said = [(one, list(_stretches(one, least_seconds))) for one in voiceprints]
    for enrolled in voiceprints:
        for other, stretches in said:
            if other.customer_id != enrolled.customer_id and other.encoder == enrolled.encoder:
                for evidence in stretches:
                    yield Comparison(
                        voiceprint=enrolled,
                        evidence=evidence,
                        enrolled_speaker=enrolled.customer_id,
                        test_speaker=other.customer_id,
                        seconds=evidence.net_speech_seconds,
                    )


def _stretches(voiceprint: Voiceprint, least_seconds: float) -> Iterator[Evidence]:
    given, gathered = 0, list[Sample]()
    for sample in voiceprint.samples:
        gathered.append(sample)
        if math.fsum(one.net_speech_seconds for one in gathered) >= least_seconds:
            yield Evidence(encoder=voiceprint.encoder, samples=tuple(gathered), channel=voiceprint.channel)
            given, gathered = given + 1, []
        if given == _STRETCHES_A_CUSTOMER:
            return


@dataclass(frozen=True, kw_only=True)
class _Spoken:
    """The net speech of a call, and what lies between its words."""

    call: LabelledCall
    speech: Sound
    pauses: Sound
    rate_hz: int

    @property
    def seconds(self) -> float:
        return self.speech.size / self.rate_hz

    def cut(self, start_seconds: float, seconds: float) -> Sound:
        start = round(start_seconds * self.rate_hz)
        return self.speech[start : start + round(seconds * self.rate_hz)]


class _Hearing:
    """Goes through the calls and remembers what could not be used."""

    def __init__(
        self,
        *,
        encoder: SpeakerEncoder,
        design: Design,
        at: datetime,
        prepared: Callable[[Heard], Heard],
        cut: Callable[[Sound, int], tuple[Sound, Sound]],
    ) -> None:
        self._encoder = encoder
        self._design = design
        self._at = at
        self._prepared = prepared
        self._cut = cut
        self.left_out: list[LeftOut] = []
        self.windows: dict[float, int] = dict.fromkeys(design.test_seconds, 0)
        self.refused: dict[float, int] = dict.fromkeys(design.test_seconds, 0)
        self.rates_hz: set[int] = set()
        self.calls = 0

    def voice(self, speaker: str, calls: Sequence[LabelledCall]) -> Voice | None:
        """Enrol and test one speaker, or say why not."""
        gender = calls[0].gender
        if self._design.same_gender and not gender:
            self._without(speaker, Unusable.NO_GENDER)
            return None
        spoken = [one for one in map(self._spoken, calls) if one is not None]
        samples, enrolled_with = self._enrolment(spoken)
        missing = self._design.enrolment_seconds - math.fsum(sample.net_speech_seconds for sample in samples)
        if missing > _NEARLY_SECONDS:
            self._without(speaker, Unusable.SHORT_ENROLMENT, f"{missing:.1f} s")
            return None
        tests = [test for one in spoken[enrolled_with:] for test in self._tests(one)]
        if not tests:
            self._without(speaker, Unusable.NO_TEST)
            return None
        self.calls += len(spoken)
        self.rates_hz.update(one.rate_hz for one in spoken)
        voiceprint = Voiceprint(
            customer_id=speaker,
            encoder=self._encoder.name,
            samples=tuple(samples),
            channel=CHANNEL,
            enrolled_at=self._at,
            heard_at=self._at,
        )
        return Voice(speaker=speaker, gender=gender, voiceprint=voiceprint, tests=tuple(tests))

    def _without(self, what: str, why: Unusable, detail: str = "") -> None:
        self.left_out.append(LeftOut(what=what, why=why, detail=detail))

    def _spoken(self, call: LabelledCall) -> _Spoken | None:
        heard = hear(call)
        if isinstance(heard, LeftOut):
            self.left_out.append(heard)
            return None
        heard = self._prepared(heard)
        speech, pauses = self._cut(heard.sound, heard.rate_hz)
        return _Spoken(call=call, speech=speech, pauses=pauses, rate_hz=heard.rate_hz)

    def _enrolment(self, spoken: Sequence[_Spoken]) -> tuple[list[Sample], int]:
        """Take samples from the first call on until there is enough; say also how many calls that took."""
        samples: list[Sample] = []
        missing = self._design.enrolment_seconds
        for number, one in enumerate(spoken, start=1):
            at_seconds = 0.0
            while missing > _NEARLY_SECONDS:
                wanted = max(min(_LONGEST_SAMPLE_SECONDS, missing), _SHORTEST_SAMPLE_SECONDS)
                seconds = min(wanted, one.seconds - at_seconds)
                if seconds < _SHORTEST_SAMPLE_SECONDS:
                    break
                sample = self._sample(one, at_seconds, seconds)
                if isinstance(sample, Sample):
                    samples.append(sample)
                    missing -= sample.net_speech_seconds
                at_seconds += seconds
            if missing <= _NEARLY_SECONDS:
                return samples, number
        return samples, len(spoken)

    def _tests(self, one: _Spoken) -> Iterator[Test]:
        """Cut windows of each length that the call is long enough for."""
        if one.seconds < min(self._design.test_seconds):
            detail = f"{one.seconds:.1f} s"
            self._without(f"{one.call.speaker}/{one.call.name}", Unusable.LITTLE_SPEECH, detail)
        for seconds in self._design.test_seconds:
            for window in range(min(self._design.windows_a_call, int(one.seconds // seconds))):
                self.windows[seconds] += 1
                samples = self._window(one, window * seconds, seconds)
                if not samples:
                    self.refused[seconds] += 1
                    continue
                evidence = Evidence(encoder=self._encoder.name, samples=samples, channel=CHANNEL)
                yield Test(call=one.call.name, seconds=seconds, evidence=evidence)

    def _window(self, one: _Spoken, start_seconds: float, seconds: float) -> tuple[Sample, ...]:
        """Give the samples of a window; none where one of them is not good enough: it would be shorter than it says."""
        parts = math.ceil(seconds / _LONGEST_SAMPLE_SECONDS)
        length = seconds / parts
        samples = [self._sample(one, start_seconds + part * length, length) for part in range(parts)]
        good = tuple(sample for sample in samples if isinstance(sample, Sample))
        return good if len(good) == parts else ()

    def _sample(self, one: _Spoken, start_seconds: float, seconds: float) -> Sample | NotASample:
        speech = one.cut(start_seconds, seconds)
        return sample_of(speech, rate_hz=one.rate_hz, encoder=self._encoder, pauses=one.pauses)
