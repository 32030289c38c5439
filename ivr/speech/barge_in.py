"""Decides when a caller talks over a prompt: pure, fed with stretches of sound while the prompt is being played."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# Longer than what begins an answer (0.1 s): the prompt's own echo and a "mh" should not silence it. To be measured on
# real lines in a later issue.
INTERRUPTING_SECONDS: Final = 0.3
_SLACK_SECONDS: Final = 1e-6


class Sensitivity(StrEnum):
    """How easily a voice over the prompt silences it."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, kw_only=True)
class OverPrompt:
    """Voice over the prompt, without a gap, up to now: hand it back with the next stretch of sound."""

    voiced_run_seconds: float = 0.0


def over_prompt(state: OverPrompt, *, seconds: float, voiced: bool) -> tuple[OverPrompt, bool]:
    """Take in a stretch of sound and say whether the caller has interrupted the prompt by now."""
    run = state.voiced_run_seconds + seconds if voiced else 0.0
    return OverPrompt(voiced_run_seconds=run), run + _SLACK_SECONDS >= INTERRUPTING_SECONDS
