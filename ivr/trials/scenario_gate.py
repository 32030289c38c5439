"""The gate of the scenarios: before a version goes live all of them run against it; each that does not pass is an error.

An admin may publish over it with a reason. What the checker refuses is the checker's to tell: against that nothing is run.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from ivr.audit.store import Actor
from ivr.editing import scenarios as kept
from ivr.editing.documents import Documents
from ivr.editing.findings import ERROR
from ivr.editing.gates import GateFinding
from ivr.trials import judging_words
from ivr.trials.judging import Result
from ivr.trials.scenario_runs import Against, ScenarioRuns, UnusableError, chosen
from ivr.trials.scenarios import about_in
from prompts.problems import Problem
from prompts.told import Told, Worded

NAME: Final = "scenarios"
ADVICE: Final = "advice"
_GATE: Final = Actor(name="Centralino", through="line")


class ScenarioGate:
    """Runs all scenarios against what is to go live."""

    def __init__(self, runs: ScenarioRuns, *, language: str) -> None:
        self._runs = runs
        self._language = language

    def __call__(self, session: Session, documents: Documents, _base: Documents | None) -> Sequence[GateFinding]:
        """What did not pass, each with its first failing step."""
        scenarios = chosen(kept.scenarios(session, self._runs.shipped()))
        against = Against(name=f"documents:{documents.digest[:8]}", documents=documents)
        try:
            self._runs.version_of(documents)
        except UnusableError:
            return ()
        with self._runs.sessions.begin() as writing:
            run_id = self._runs.begin(writing, against, scenarios, by=_GATE)
        results = self._runs.run_now(run_id, against, scenarios)
        faults = (self._fault(one) for one in self._runs.faults())
        return (*faults, *(self._finding(one) for one in results if one.state != "passed"))

    def _fault(self, problem: Problem) -> GateFinding:
        # Who wrote the file meant it to be run: without it nobody knows whether that call still goes as it must.
        place = f"{problem.file}:{problem.line} {problem.place}".strip()
        return GateFinding(gate=NAME, severity=ERROR, message=problem.message, remedy=problem.remedy, place=place)

    def _finding(self, result: Result) -> GateFinding:
        failed = result.state in {"failed", "broken"}
        if result.first_failure is None:
            message: str = Told("%(scenario)s: %(why)s", scenario=result.name, why=result.reason)
        else:
            by_language = {
                one: f"{about_in(result.about, one) or result.name} {judging_words.why(result, one)}"
                for one in judging_words.LANGUAGES
            }
            message = Worded(by_language[self._language], by_language)
        return GateFinding(
            gate=NAME,
            severity=ERROR if failed else ADVICE,
            message=message,
            remedy=Worded(judging_words.REMEDY[self._language], judging_words.REMEDY) if failed else "",
            place=result.name,
        )
