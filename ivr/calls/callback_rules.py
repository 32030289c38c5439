"""When a callback is rung, and how often: pure; the time and the hours come in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from routing.hours import Hours


@dataclass(frozen=True, kw_only=True)
class CallbackRules:
    """Figures of callbacks; each is a judgement that the company may set otherwise."""

    # After how long the line rings again whom it did not reach; one try more than these. A short pause for who could not get to
    # the telephone, a longer one for who was in a talk.
    pauses_seconds: tuple[int, ...] = (300, 900)
    # Mobile networks hand a call to the answering machine after 20 to 30 s: before that it is better to hang up.
    ring_seconds: int = 25
    # Until when a ring must have been heard of, beyond its own length: three REST requests of 5 s, and some air.
    patience_seconds: int = 30
    # So long a caller's next call goes on where the dropped one stood.
    resume_seconds: int = 600
    # So long whom the customer knows is waited for, while they are signed in.
    preferred_seconds: int = 120

    @property
    def tries(self) -> int:
        """How often the line rings somebody before it leaves the callback to a person."""
        return len(self.pauses_seconds) + 1

    @property
    def lease(self) -> timedelta:
        """How long a ring belongs to the process that made it."""
        return timedelta(seconds=self.ring_seconds + self.patience_seconds)


DEFAULT_RULES = CallbackRules()


def next_ring(now: datetime, tries: int, rules: CallbackRules, hours: Hours) -> datetime | None:
    """When to ring again after so many tries that reached nobody, within the hours; None after the last."""
    if tries >= rules.tries:
        return None
    return within(hours, now + timedelta(seconds=rules.pauses_seconds[max(tries, 1) - 1]))


def within(hours: Hours, at: datetime) -> datetime:
    """The first moment from `at` on within the hours, in the time zone of `at`; itself where they never open."""
    opens_at = hours.opens_next(at)
    return at if opens_at is None else opens_at.astimezone(at.tzinfo)
