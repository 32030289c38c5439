"""Runs of scenarios and replays that people and gates ask for: in a thread or at once, with progress and result in the database.

Whichever process answers the page finds the run there; one whose process has died is told dead after a while.
"""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from sqlalchemy.orm import Session, sessionmaker

from ivr.audit.store import Actor
from ivr.calls.company import FlowVersion
from ivr.calls.consented import PastCall, consented_calls
from ivr.editing import drafts, publications, versions
from ivr.editing import scenarios as kept
from ivr.editing.documents import Documents
from ivr.editing.findings import Finding
from ivr.editing.reading import Faulty, read
from ivr.editing.scenarios import AUDIO, DONE, FAILED, REPLAY, RUNNING, SCENARIOS, TEXT, Run
from ivr.intents.understandings import Understandings
from ivr.trials.house import Trials
from ivr.trials.judging import Result
from ivr.trials.replay_runner import Replayer
from ivr.trials.scenario_runner import Runner
from ivr.trials.scenarios import Scenario, scenario_of
from ivr.trials.shipped_scenarios import FOLDER, files_in, found_in
from prompts.problems import Problem
from prompts.told import Told

_log = logging.getLogger(__name__)

# A run keeps a core busy: calls come first.
MOST_AT_ONCE: Final = 2
# Then a run is broken off: a call that never ends would hold its thread for ever.
LONGEST_SECONDS: Final = 900.0
# The newest calls of a replay.
MOST_CALLS: Final = 200
# How long the thread waits for the request that began it to commit.
_PATIENCE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05


class UnusableError(Exception):
    """What something was to run against answers no call; `problems` has every error."""

    def __init__(self, problems: Sequence[Finding]) -> None:
        super().__init__(f"{len(problems)} errors, the first one: {problems[0].message}")
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class Against:
    """What something is run against."""

    name: str  # draft:REVISION or version:NUMBER
    documents: Documents


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """Audio mode: houses whose callers are heard, and why nobody hears a language."""

    trials: Trials
    deaf_to: Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class ScenarioRuns:
    """What runs are made with; one for the process."""

    trials: Trials
    understandings: Understandings
    sessions: sessionmaker[Session]
    reading_sessions: sessionmaker[Session]
    clock: Callable[[], datetime]
    folder: Path  # of the installation's prompts
    hearing: Callable[[], Hearing] | None = None  # None: no audio mode here

    # --- What there is

    def version_of(self, documents: Documents) -> FlowVersion:
        """What answers calls by these documents. Raises `UnusableError` with every error."""
        made = read(documents, understandings=self.understandings, recordings=self.trials.recordings)
        if isinstance(made, Faulty):
            raise UnusableError(made.problems)
        return made

    def shipped(self) -> Mapping[str, Mapping[str, Any]]:
        """The scenarios beside the installation's prompts; what is wrong in other files there tells `faults`."""
        return found_in(files_in(self.folder)).documents

    def faults(self) -> Sequence[Problem]:
        """What is wrong in the installation's files of scenarios, each file by its name in their folder."""
        problems = found_in(files_in(self.folder)).problems
        return tuple(replace(one, file=f"{FOLDER}/{Path(one.file).name}") for one in problems)

    def draft(self, session: Session) -> Against:
        """The draft as it stands."""
        found = drafts.draft(session, now=self.clock())
        return Against(name=f"draft:{found.revision}", documents=found.documents)

    def version(self, session: Session, number: int) -> Against | None:
        """A version, None for one that there is not."""
        if versions.version(session, number) is None:
            return None
        return Against(name=f"version:{number}", documents=versions.documents(session, number))

    def live(self, session: Session) -> Against:
        """The version that answers calls now."""
        number = publications.live_number(session, self.clock())
        return Against(name=f"version:{number}", documents=versions.documents(session, number))

    # --- Scenarios

    def begin(
        self, session: Session, against: Against, scenarios: Sequence[Scenario], *, by: Actor, mode: str = TEXT
    ) -> str:
        """Keep in the request's transaction that a run begins; `go_on` does it behind the commit."""
        run = self._new(SCENARIOS, mode, against, digest_of(against.documents, scenarios, mode), len(scenarios))
        kept.begin_run(session, run, by=by)
        return run.run_id

    def go_on(
        self, run_id: str, against: Against, scenarios: Sequence[Scenario], *, mode: str = TEXT
    ) -> threading.Thread:
        """Run in a thread of its own."""
        return self._thread(run_id, lambda: self.run_now(run_id, against, scenarios, mode=mode))

    def run_now(
        self,
        run_id: str,
        against: Against,
        scenarios: Sequence[Scenario],
        *,
        mode: str = TEXT,
        told: Callable[[Result], None] = lambda _result: None,
    ) -> tuple[Result, ...]:
        """Run here, and keep progress and results; `told` hears of each as it comes."""
        runner = self.runner(self.version_of(against.documents), mode=mode)
        results: list[Result] = []
        is_wanted = self._until(run_id, len(scenarios), lambda: (len(results), failures_of(results)))
        for result in runner.run_all(scenarios, is_wanted=is_wanted):
            results.append(result)
            told(result)
        is_whole = len(results) == len(scenarios)
        self._end(run_id, DONE if is_whole else FAILED, [one.as_json() for one in results], failures_of(results))
        return tuple(results)

    def runner(self, version: FlowVersion, *, mode: str = TEXT) -> Runner:
        """What runs scenarios against a version."""
        wavs = self.folder / FOLDER
        if mode != AUDIO:
            return Runner(trials=self.trials, version=version, wavs=wavs)
        if self.hearing is None:
            return Runner(
                trials=self.trials, version=version, wavs=wavs, deaf_to=lambda _language: Told("nobody listens here")
            )
        hearing = self.hearing()
        return Runner(trials=hearing.trials, version=version, wavs=wavs, deaf_to=hearing.deaf_to)

    # --- Replay

    def begin_replay(
        self, session: Session, draft: Against, *, days: int, by: Actor
    ) -> tuple[str, tuple[PastCall, ...]]:
        """Read the consented calls of the last days, note that their words were opened, and keep that a replay begins."""
        now = self.clock()
        calls = consented_calls(session, since=now - timedelta(days=days), until=now, most=MOST_CALLS)
        run = self._new(REPLAY, TEXT, draft, "", len(calls))
        kept.begin_run(session, run, by=by, opened=[call.call_id for call in calls])
        return run.run_id, calls

    def go_on_replaying(self, run_id: str, now: Against, draft: Against, calls: Sequence[PastCall]) -> threading.Thread:
        """Replay in a thread of its own."""
        return self._thread(run_id, lambda: self.replay_now(run_id, now, draft, calls))

    def replay_now(self, run_id: str, now: Against, draft: Against, calls: Sequence[PastCall]) -> list[dict[str, Any]]:
        """Replay here, and keep progress and differences."""
        replayer = Replayer(
            trials=self.trials, now=self.version_of(now.documents), draft=self.version_of(draft.documents)
        )
        told: list[dict[str, Any]] = []
        is_wanted = self._until(run_id, len(calls), lambda: (len(told), sum(one["kind"] != "same" for one in told)))
        for one in replayer.replay_all(calls, is_wanted=is_wanted):
            told.append(asdict(one))  # noqa: PERF401 - progress is counted while it grows
        differ = sum(one["kind"] not in {"same", "broken"} for one in told)
        self._end(run_id, DONE if len(told) == len(calls) else FAILED, told, differ)
        return told

    # --- Inside

    def _new(self, kind: str, mode: str, against: Against, digest: str, total: int) -> Run:
        return Run(
            run_id=uuid4().hex, kind=kind, mode=mode, against=against.name, digest=digest, by="", at=self.clock(),
            state=RUNNING, done=0, total=total, failures=0,
        )  # fmt: skip

    def _until(self, run_id: str, total: int, come: Callable[[], tuple[int, int]]) -> Callable[[], bool]:
        """Keep how far a run has come before each piece of it; False where nobody wants it any more."""
        until = time.monotonic() + LONGEST_SECONDS

        def is_wanted() -> bool:
            done, failures = come()
            with self.sessions.begin() as session:
                is_there = kept.beat(session, run_id, done=done, total=total, failures=failures, now=self.clock())
            return is_there and time.monotonic() < until

        return is_wanted

    def _end(self, run_id: str, state: str, result: Any, failures: int) -> None:
        with self.sessions.begin() as session:
            kept.end_run(session, run_id, state=state, result=result, failures=failures, now=self.clock())

    def _thread(self, run_id: str, work: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=self._work, args=(run_id, work), name=f"scenarios-{run_id[:8]}", daemon=True)
        thread.start()
        return thread

    def _work(self, run_id: str, work: Callable[[], object]) -> None:
        try:
            if self._is_there(run_id):
                work()
        except UnusableError as error:
            # What the checker refuses answers no call: the page of versions tells what is wrong.
            _log.warning("run %s: what it was to run against has %d errors", run_id, len(error.problems))
            self._tell_failed(run_id)
        except Exception:  # noqa: BLE001 - a run that fails is told so on its page; the service goes on
            _log.exception("run %s failed", run_id)
            self._tell_failed(run_id)

    def _tell_failed(self, run_id: str) -> None:
        try:
            self._end(run_id, FAILED, [], 0)
        except Exception:  # noqa: BLE001 - the database is away too: the page tells it dead when nothing is heard of it
            _log.exception("run %s cannot even be told failed", run_id)

    def _is_there(self, run_id: str) -> bool:
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            with self.reading_sessions() as session:
                if kept.run(session, run_id, self.clock()) is not None:
                    return True
            time.sleep(_LOOK_SECONDS)
        return False


def chosen(found: Mapping[str, kept.Stored], names: Sequence[str] = ()) -> tuple[Scenario, ...]:
    """Those of the scenarios with these names, all without any. Raises KeyError for a name that there is not."""
    wanted = names or tuple(found)
    return tuple(scenario_of(found[name].document) for name in wanted)


def digest_of(documents: Documents, scenarios: Sequence[Scenario], mode: str) -> str:
    """What is the same for a run of the same scenarios against the same documents."""
    told = json.dumps([documents.digest, mode, [one.document for one in scenarios]], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def failures_of(results: Sequence[Result]) -> int:
    """How many did not pass."""
    return sum(one.state in {"failed", "broken"} for one in results)
