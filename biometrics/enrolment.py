"""Rules for making a voiceprint and for letting it follow its voice: which samples count, when it is complete, how far it moves.

Pure. Whose consent stands, and which call proved who was speaking, is left to the callers; where samples are kept, to `vault`.

Ageing: a voice drifts away from its voiceprint over the years, so an old one proves less (`decision` weighs its age) and
`needs_renewal` after a while: what it accepts is still accepted, and the next accepted calls collect a new one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from biometrics.decision import Accepted, Decision
from biometrics.likeness import Limits, likeness_of
from biometrics.voiceprint import Evidence, Quality, Sample, Voiceprint, similarity, together

# DESIGN.md 6: enrolment needs 30 s of net speech.
NEEDED_SECONDS: Final = 30.0
# A voiceprint of at least three utterances: of two that differ nobody can say which is the odd one.
LEAST_SAMPLES: Final = 3
# An utterance that is still missing: most are that long.
_SECONDS_OF_AN_UTTERANCE: Final = 3.0
# Several embeddings show how a voice varies; more than a dozen tell nothing more, and cost at every comparison (judgement).
MOST_SAMPLES: Final = 12
# Weighs nothing, and can be divided by.
_NO_TIME: Final = 1e-6
# One call adds at most a third of what an enrolment has: gentle.
MOST_SECONDS_OF_A_CALL: Final = 10.0
# Within two years equal errors nearly doubled, over 122 speakers of six languages (Khoury, Pindrop, RSA conference 2017); voices
# age at very different speeds.
RENEW_AFTER: Final = timedelta(days=2 * 365)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an enrolment has come."""

    samples: tuple[Sample, ...]  # that count; where there were more than a dozen, the most alike have become one
    seconds_missing: float  # of net speech
    is_complete: bool
    odd: tuple[int, ...] = ()  # places, in what was given, of the utterances that sound like somebody else's

    @property
    def net_seconds(self) -> float:
        """Net speech of the samples that count."""
        return math.fsum(sample.net_speech_seconds for sample in self.samples)


def add(samples_so_far: Sequence[Sample], new: Sequence[Sample], *, encoder: str) -> Progress:
    """Put samples of one encoder to those that were collected before; nothing is complete that does not agree with itself."""
    given = (*samples_so_far, *new)
    belonging = _belonging(given, encoder)
    samples = _condensed([given[place] for place in belonging])
    seconds = math.fsum(sample.net_speech_seconds for sample in samples)
    missing = max(0.0, NEEDED_SECONDS - seconds, (LEAST_SAMPLES - len(samples)) * _SECONDS_OF_AN_UTTERANCE)
    odd = tuple(place for place in range(len(given)) if place not in belonging)
    return Progress(samples=samples, seconds_missing=missing, is_complete=missing == 0, odd=odd)


def adapt(
    voiceprint: Voiceprint, evidence: Evidence, decision: Decision, *, enrolled: int, at: datetime
) -> Voiceprint | None:
    """Let a voiceprint follow its voice by what a call has shown, or None where the call may not teach it anything.

    The first `enrolled` samples are those of the enrolment: they stay and weigh half at the least, and only what is like them
    is learnt, so no number of calls leads away from them.
    """
    if not _may_teach(voiceprint, evidence, decision, at=at):
        return None
    fixed, learnt = voiceprint.samples[:enrolled], voiceprint.samples[enrolled:]
    centre, limits = together(fixed), likeness_of(voiceprint.encoder).adapts
    fitting = [
        one for one in evidence.samples if similarity(one.embedding, centre) >= limits.at(one.net_speech_seconds)
    ]
    if not fitting:
        return None
    heard = _joined(fitting)
    heard = replace(heard, net_speech_seconds=min(heard.net_speech_seconds, MOST_SECONDS_OF_A_CALL))
    most_seconds = math.fsum(sample.net_speech_seconds for sample in fixed)
    return replace(voiceprint, samples=(*fixed, *_newest((*learnt, heard), most_seconds)), heard_at=at)


def is_same_voice(enrolled: Sequence[Sample], collected: Sequence[Sample], *, encoder: str) -> bool:
    """Whether samples may take the place of enrolled ones of the same encoder: a renewal is no way to become somebody else."""
    seconds = math.fsum(sample.net_speech_seconds for sample in collected)
    return similarity(together(enrolled), together(collected)) >= likeness_of(encoder).adapts.at(seconds)


def needs_renewal(voiceprint: Voiceprint, at: datetime) -> bool:
    """Whether the next accepted calls shall collect a new voiceprint; this one serves meanwhile."""
    return at - voiceprint.enrolled_at >= RENEW_AFTER


def _may_teach(voiceprint: Voiceprint, evidence: Evidence, decision: Decision, *, at: datetime) -> bool:
    # What is due to be renewed is not mended: its calls are wanted for the new one.
    if not isinstance(decision, Accepted) or at < voiceprint.heard_at or needs_renewal(voiceprint, at):
        return False
    is_sure = decision.measured.log_likelihood_ratio >= decision.measured.surely_from
    return is_sure and (evidence.encoder, evidence.channel) == (voiceprint.encoder, voiceprint.channel)


def _belonging(samples: Sequence[Sample], encoder: str) -> tuple[int, ...]:
    """Give the places of the samples that agree: the one least like the others is left out until all of the rest do."""
    limits, places = likeness_of(encoder).belongs, list(range(len(samples)))
    while len(places) > 1:
        margins = _margins([samples[place] for place in places], limits)
        # Of two alike in this, the shorter one goes.
        worst = min(range(len(places)), key=lambda at: (margins[at], samples[places[at]].net_speech_seconds))
        if margins[worst] >= 0:
            break
        del places[worst]
    return tuple(places)


def _margins(samples: Sequence[Sample], limits: Limits) -> Sequence[float]:
    """Say by how much each sample is more like all others together than it has to be."""
    embeddings = np.array([sample.embedding for sample in samples])
    weighted = embeddings * np.array([[max(sample.net_speech_seconds, _NO_TIME)] for sample in samples])
    others = weighted.sum(axis=0) - weighted
    # Others that cancel out are no voice that a sample could be like.
    lengths = np.maximum(np.linalg.norm(others, axis=1), _NO_TIME)
    alike = (embeddings * others).sum(axis=1) / lengths
    return [float(one) - limits.at(sample.net_speech_seconds) for one, sample in zip(alike, samples, strict=True)]


def _condensed(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Join the two most alike samples into one until there are no more than a dozen: those that are left differ."""
    kept = list(samples)
    while len(kept) > MOST_SAMPLES:
        embeddings = np.array([sample.embedding for sample in kept])
        alike = embeddings @ embeddings.T
        np.fill_diagonal(alike, -np.inf)
        one, other = sorted(int(place) for place in np.unravel_index(np.argmax(alike), alike.shape))
        joined = _joined((kept[one], kept[other]))
        del kept[other], kept[one]
        kept.append(joined)
    return tuple(kept)


def _joined(samples: Sequence[Sample]) -> Sample:
    """Make one sample of several of a voice; it was heard as badly as the worst of them."""
    qualities = [sample.quality for sample in samples]
    quality = Quality(
        snr_db=min(quality.snr_db for quality in qualities),
        level_dbfs=min(quality.level_dbfs for quality in qualities),
        clipped_share=max(quality.clipped_share for quality in qualities),
        halves_alike=None,
    )
    seconds = math.fsum(sample.net_speech_seconds for sample in samples)
    return Sample(embedding=together(samples), net_speech_seconds=seconds, quality=quality)


def _newest(samples: Sequence[Sample], most_seconds: float) -> tuple[Sample, ...]:
    """Leave out the oldest samples, which come first, until the rest weighs no more than so many seconds."""
    kept: list[Sample] = []
    for sample in reversed(samples):
        if math.fsum(one.net_speech_seconds for one in (*kept, sample)) > most_seconds:
            break
        kept.insert(0, sample)
    return tuple(kept)
