"""What runs scenarios for the requests of this process."""

from ivr.trials.running_here import runs_here
from ivr.trials.scenario_runs import ScenarioRuns
from ivr.web.wiring import wiring


def scenario_runs() -> ScenarioRuns:
    """The runs of this installation."""
    here = wiring()
    return runs_here(
        here.doors.trials,
        here.doors.understandings,
        sessions=here.sessions,
        reading_sessions=here.reading_sessions,
        clock=here.clock,
    )
