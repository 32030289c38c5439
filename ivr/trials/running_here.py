"""What runs scenarios in this process, from what the service has already made: no second model, no second training."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from ivr.intents.understandings import Understandings
from ivr.trials.house import Trials
from ivr.trials.scenario_runs import ScenarioRuns
from ivr.trials.sounding_here import hearing_of
from prompts.documents import HERE


def runs_here(
    trials: Trials,
    understandings: Understandings,
    *,
    sessions: sessionmaker[Session],
    reading_sessions: sessionmaker[Session],
    clock: Callable[[], datetime],
    folder: Path | None = None,
) -> ScenarioRuns:
    """The runs of an installation whose prompts lie in `folder`, by default where the settings say."""
    return ScenarioRuns(
        trials=trials,
        understandings=understandings,
        sessions=sessions,
        reading_sessions=reading_sessions,
        clock=clock,
        folder=folder or trials.settings.prompts_folder or HERE,
        hearing=lambda: hearing_of(trials),
    )
