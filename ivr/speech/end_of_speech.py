"""Decides when a caller has finished: fed with stretches of sound that hold a voice or none, it says `Going` or `Ended`.

Pure and without a clock: seconds come in as data, so a recording gives the same answer as the live call. How a voice is told
from noise is left to others, and how long is waited to `waits`: the waits may change from one stretch to the next.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

# Sums of 0.02 are not exact in floating point; a wait of one second must end with the fiftieth frame and not with the next.
_SLACK_SECONDS: Final = 1e-6


class AnswerKind(StrEnum):
    """What kind of answer is waited for: the members are those of the flow's `Expect`, by value."""

    REQUEST = "request"
    YES_NO = "yes_no"
    DIGITS = "digits"
    LETTERS = "letters"
    CHOICE = "choice"


@dataclass(frozen=True, kw_only=True)
class Waits:
    """How long each kind of quiet may last, in seconds."""

    nothing_yet_seconds: float  # before the first word
    after_words_seconds: float
    longest_seconds: float  # the whole turn
    # "sì" and "no" hold 0.15 s of voice and more; a click on the line is shorter.
    begin_seconds: float = 0.1
    # Inside an answer a voice must last this long to break the quiet: three frames, so that a crackle does not.
    resume_seconds: float = 0.06


class Reason(StrEnum):
    """Why the caller is taken to have finished."""

    SILENCE = "silence"  # not a word in all the time
    SPEECH = "speech"  # words, then quiet
    LONGEST = "longest"  # still talking at the end of the time


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """What has been heard so far: hand it back with the next stretch of sound."""

    total_seconds: float = 0.0
    voiced_run_seconds: float = 0.0  # voice without a gap, up to now
    quiet_seconds: float = 0.0  # since the last word
    speech_seconds: float = 0.0  # voice since the first word, without the gaps
    has_begun: bool = False


@dataclass(frozen=True, kw_only=True)
class Going:
    """The caller may still be talking, or about to."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The caller has finished."""

    reason: Reason


Verdict: TypeAlias = Going | Ended


def hear(hearing: Hearing, waits: Waits, *, seconds: float, voiced: bool) -> tuple[Hearing, Verdict]:
    """Take in a stretch of sound, usually one frame. Raises `ValueError` for a stretch of negative length."""
    if seconds < 0:
        raise ValueError(f"a stretch of sound lasts zero seconds or more, not {seconds}")
    heard = _heard(hearing, waits, seconds=seconds, voiced=voiced)
    return heard, _verdict(heard, waits)


def _heard(hearing: Hearing, waits: Waits, *, seconds: float, voiced: bool) -> Hearing:
    total = hearing.total_seconds + seconds
    if not voiced:
        return replace(
            hearing, total_seconds=total, voiced_run_seconds=0.0, quiet_seconds=hearing.quiet_seconds + seconds
        )
    run = hearing.voiced_run_seconds + seconds
    if not hearing.has_begun:
        begins = _reached(run, waits.begin_seconds)
        return replace(
            hearing,
            total_seconds=total,
            voiced_run_seconds=run,
            quiet_seconds=0.0,
            speech_seconds=run if begins else 0.0,
            has_begun=begins,
        )
    resumes = _reached(run, waits.resume_seconds)
    return replace(
        hearing,
        total_seconds=total,
        voiced_run_seconds=run,
        quiet_seconds=0.0 if resumes else hearing.quiet_seconds + seconds,
        speech_seconds=hearing.speech_seconds + seconds,
    )


def _verdict(hearing: Hearing, waits: Waits) -> Verdict:
    if _reached(hearing.total_seconds, waits.longest_seconds):
        return Ended(reason=Reason.LONGEST if hearing.has_begun else Reason.SILENCE)
    # Who draws breath in the last moment is heard out.
    if hearing.voiced_run_seconds > 0:
        return Going()
    if hearing.has_begun:
        return Ended(reason=Reason.SPEECH) if _reached(hearing.quiet_seconds, waits.after_words_seconds) else Going()
    return Ended(reason=Reason.SILENCE) if _reached(hearing.total_seconds, waits.nothing_yet_seconds) else Going()


def _reached(seconds: float, limit_seconds: float) -> bool:
    return seconds + _SLACK_SECONDS >= limit_seconds
