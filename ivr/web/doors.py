"""What the desks need of the rest of the service and cannot make themselves; `ivr.app` hands it to `register`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ivr.calls.company import Company
from ivr.calls.desk import Desk
from ivr.calls.effects import Effect
from ivr.calls.talks import Talks
from ivr.editing.checks import Checks
from ivr.intents.held_back_runs import HeldBackRuns
from ivr.intents.understandings import Understandings
from ivr.trials.house import Trials


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Everything behind the desks."""

    company: Company
    desk: Desk
    talks: Talks
    # What an agent's act leaves to be done with the carrier: called after the commit, outside any transaction.
    carry_out: Callable[[Iterable[Effect]], None]
    # Parts that must be loaded before calls are taken, by name: for readiness.
    loaded: Callable[[], Mapping[str, bool]]
    # What texts mean by any version's phrases, all with one encoder.
    understandings: Understandings
    # How phrasebooks fare on phrases that they have not seen, judged beside the calls.
    held_back: HeldBackRuns
    # Where calls are tried that touch nothing real.
    trials: Trials
    # What is asked of a version before it goes live.
    checks: Checks
