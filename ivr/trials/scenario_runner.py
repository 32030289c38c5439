"""Runs scenarios: each is one call in a house of its own, in made time; what is heard is judged by `ivr.trials.judging`.

In text mode words go to the line as words. In audio mode the caller's words are spoken by the synthesiser, or the scenario's WAV
is played, through the telephone's band, and whoever listens in this installation must understand them.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, assert_never

from ivr.calls import store
from ivr.calls.company import FlowVersion
from ivr.line.party import HeardFrom
from ivr.trials import calling, judging
from ivr.trials.calling import TrialCall
from ivr.trials.house import TrialHouse, Trials
from ivr.trials.judging import Ended, HeardPrompt, Result, StepResult, Stood
from ivr.trials.scenario_settings import NoSuchTimeError, setting_of
from ivr.trials.scenarios import (
    Act,
    HangsUp,
    IsSilent,
    Listens,
    Plays,
    Presses,
    Says,
    Scenario,
    ScenarioStep,
)
from ivr.trials.situations import SituationError
from ivr.trials.story import TrialStory
from prompts.told import Told

_log = logging.getLogger(__name__)

# What a caller who only listens waits for at most, looking at every so many seconds.
LISTENS_SECONDS: Final = 90.0
_LOOK_SECONDS: Final = 2.0
# After the last step the call is given this long to come where it is going: an agent's whole trial talk is shorter.
LAST_SECONDS: Final = 90.0
# Who waits so long behind the last step is left waiting.
_WAITING_SECONDS: Final = 25.0
_FAILED_ENDS: Final = frozenset({"failed"})
# So much of a failure is shown: the rest is in the log.
_LONGEST_REASON: Final = 200


@dataclass(frozen=True, kw_only=True)
class Runner:
    """What scenarios are run with."""

    trials: Trials
    version: FlowVersion
    wavs: Path | None = None  # the folder of recordings that scenarios name
    deaf_to: Callable[[str], str] | None = None  # audio mode: why nobody hears a language here, "" where somebody does

    def run_all(
        self, scenarios: Iterable[Scenario], *, is_wanted: Callable[[], bool] = lambda: True
    ) -> Iterator[Result]:
        """Run one after the other, and give each result as it comes, until nobody wants more."""
        for scenario in scenarios:
            if not is_wanted():
                return
            yield self.run(scenario)

    def run(self, scenario: Scenario) -> Result:
        """Run one scenario; whatever breaks becomes its result."""
        reason = self.deaf_to(scenario.language) if self.deaf_to is not None else ""
        reason = reason or self._missing_wav(scenario)
        if reason:
            return Result(name=scenario.name, state="skipped", reason=reason, about=scenario.about)
        try:
            return self._run(scenario)
        except NoSuchTimeError as error:
            # A company that never closes has nothing to show for closed hours.
            return Result(name=scenario.name, state="skipped", reason=_why(error), about=scenario.about)
        except SituationError as error:
            return Result(name=scenario.name, state="broken", reason=_why(error), about=scenario.about)
        except Exception as error:  # noqa: BLE001 - a draft may break in any way, and the other scenarios run all the same
            _log.exception("the scenario %s broke off", scenario.name)
            reason = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
            return Result(name=scenario.name, state="broken", reason=reason, about=scenario.about)

    def _run(self, scenario: Scenario) -> Result:
        company = self.trials.company
        setting = setting_of(scenario, hours=company.hours, zone=company.zone)
        with self.trials.open_house(self.version, setting, sound=self.deaf_to is not None) as house:
            began = house.clock.now()
            with house.begin() as call:
                course = _Course(house, call, self.wavs)
                steps = course.follow(scenario.steps)
                if all(step.passed for step in steps):
                    course.come_to_rest(scenario)
                    steps.append(judging.judge_end(scenario.ends, course.ended(), course.everything()))
                story = call.story
            passed = all(step.passed for step in steps)
            return Result(
                name=scenario.name,
                about=scenario.about,
                state="passed" if passed else "failed",
                steps=_without_words(steps) if scenario.caller.customer_id else tuple(steps),
                made_seconds=round((house.clock.now() - began).total_seconds(), 1),
                nodes=story.path,
            )

    def _missing_wav(self, scenario: Scenario) -> str:
        named = [step.act.wav for step in scenario.steps if isinstance(step.act, Plays)]
        if self.deaf_to is None:
            return ""
        missing = [wav for wav in named if self.wavs is None or not (self.wavs / wav).is_file()]
        return Told("there is no file %(file)s", file=missing[0]) if missing else ""


def _why(error: Exception) -> str:
    """What was told when it was raised, for readers of any language."""
    return str(error) if not error.args or not isinstance(error.args[0], str) else error.args[0]


class _Course:
    """One call as it goes."""

    def __init__(self, house: TrialHouse, call: TrialCall, wavs: Path | None) -> None:
        self._house = house
        self._call = call
        self._wavs = wavs
        self._heard: list[HeardPrompt] = []
        self._read = 0
        self._hung_up = False

    def follow(self, steps: Sequence[ScenarioStep]) -> list[StepResult]:
        """Take the steps, until one fails."""
        results: list[StepResult] = []
        self._call.listen()
        for number, step in enumerate(steps, start=1):
            stood = self._stood_when(step)
            result = judging.judge_step(number, step.act, step.expected, stood)
            if result.passed and self._call.is_over and not isinstance(step.act, Listens):
                result = judging.judge_step(number, step.act, step.expected, None)
            results.append(result)
            if not result.passed:
                break
            self._read = len(self._everything())
            self._take(step.act)
        return results

    def come_to_rest(self, scenario: Scenario) -> None:
        """Let the call come where it is going behind the last step: its end, a question, a person, a place in a queue."""
        began = self._house.clock.now()
        while not self._call.is_over:
            self._call.listen()
            story = self._call.story
            passed = (self._house.clock.now() - began).total_seconds()
            is_waiting = story.status == store.WAITING and (
                scenario.ends.outcome == "waiting" or passed > _WAITING_SECONDS
            )
            if story.status == store.IN_LINE or is_waiting or passed > LAST_SECONDS:
                return
            self._call.take(calling.Wait(_LOOK_SECONDS))

    def ended(self) -> Ended:
        """How the call came out."""
        story = self._call.story
        stay = story.routed[-1] if story.routed else None
        return Ended(
            outcome=self._outcome(story),
            node=story.node,
            language=story.language,
            skill=stay.skill if stay else "",
            queue=stay.queue if stay else "",
            messages=tuple((self._house.noted.key_of(one.text), one.text) for one in story.messages),
            cases=tuple(one.kind for one in story.cases),
            trouble=story.ended,
        )

    def everything(self) -> tuple[HeardPrompt, ...]:
        """Everything that was heard."""
        return tuple(self._everything())

    def _outcome(self, story: TrialStory) -> str:
        if not story.turns or story.ended in _FAILED_ENDS:
            return "failed"
        if any(stay.agent for stay in story.routed):
            return "agent"
        if self._hung_up or not self._call.is_over:
            return "waiting" if story.status == store.WAITING else "hung_up"
        return "served"

    def _stood_when(self, step: ScenarioStep) -> Stood:
        """Where the call stands when a step is due; who only listens, or waits, does so until it is as expected."""
        stood = self._stood()
        if not isinstance(step.act, Listens) and self._call.story.status not in {store.WAITING, store.TALKING}:
            return stood
        began = self._house.clock.now()
        while not judging.is_met(step.expected, stood) and not self._call.is_over:
            if (self._house.clock.now() - began).total_seconds() > LISTENS_SECONDS:
                break
            self._call.take(calling.Wait(_LOOK_SECONDS))
            stood = self._stood()
        return stood

    def _stood(self) -> Stood:
        story = self._call.story
        return Stood(lines=tuple(self._everything(story)[self._read :]), node=story.node, language=story.language)

    def _everything(self, story: TrialStory | None = None) -> list[HeardPrompt]:
        story = story or self._call.story
        lines = [
            one for one in story.heard if one.text and one.source in {HeardFrom.SAY, HeardFrom.PARTY, HeardFrom.STREAM}
        ]
        for line in lines[len(self._heard) :]:
            self._heard.append(
                HeardPrompt(
                    key=line.prompt, text=line.text, language=story.language if line.prompt else "", node=story.node
                )
            )
        return self._heard

    def _take(self, act: Act) -> None:
        step = self._step(act)
        if step is not None:
            self._hung_up = self._hung_up or isinstance(act, HangsUp)
            self._call.take(step)

    def _step(self, act: Act) -> calling.Step | None:
        if isinstance(act, Plays) and self._house.sound and self._wavs is not None:
            return calling.Play(self._wavs / act.wav, act.words)
        return _step_in_words(act)


def _step_in_words(act: Act) -> calling.Step | None:
    """What the caller does where nothing sounds; None for nothing but listening."""
    match act:
        case Says(words=words) | Plays(words=words) if words:
            return calling.Say(words)
        case Says() | Plays():
            # A noise without words.
            return calling.Silent()
        case Presses(keys=keys):
            return calling.Press(keys)
        case IsSilent(seconds=seconds):
            return calling.Silent() if seconds is None else calling.Wait(seconds)
        case HangsUp():
            return calling.HangUp()
        case Listens():
            return None
        case _:
            assert_never(act)


def _without_words(steps: Sequence[StepResult]) -> tuple[StepResult, ...]:
    """The results of a call with a real customer's records: keys and nodes alone, since what was told is theirs."""
    return tuple(
        replace(
            step,
            heard=tuple(replace(line, text="") for line in step.heard),
            misses=tuple(replace(one, got="" if one.code in {"words", "message"} else one.got) for one in step.misses),
        )
        for step in steps
    )
