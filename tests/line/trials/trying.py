"""A company whose version can be tried, and the stories that come of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ivr.calls.company import FlowVersion
from ivr.trials.calling import Step
from ivr.trials.house import Trials
from ivr.trials.situations import Caller, Fault, Setting, Situation, Stranger, Trouble
from ivr.trials.story import TrialStory
from prompts.catalogue import Catalogue
from tests.telephone import MONDAY_TEN, House


def trials_of(house: House) -> Trials:
    trials: Trials = house.app.extensions["centralino"].doors.trials
    return trials


def live_version(house: House) -> FlowVersion:
    company = trials_of(house).company
    return company.version(company.live_version)


def tried(
    house: House,
    *steps: Step,
    caller: Caller | None = None,
    agents: Situation = Situation.ANSWER,
    faults: Sequence[Trouble] = (),
    change: Callable[[FlowVersion], FlowVersion] = lambda version: version,
    **given: Any,
) -> TrialStory:
    """One call, on a Monday at ten."""
    setting = Setting(
        caller=caller or Stranger(),
        at=given.pop("at", MONDAY_TEN),
        agents=agents,
        faults=tuple(Fault(trouble=one) for one in faults),
        **given,
    )
    with trials_of(house).open_house(change(live_version(house)), setting) as opened:
        return opened.call(steps)


def with_greeting(text: str) -> Callable[[FlowVersion], FlowVersion]:
    """A version whose Italian greeting is another one."""

    def change(version: FlowVersion) -> FlowVersion:
        prompt = version.catalogue.prompts["greeting"]
        wordings = {**prompt.wordings, "it": replace(prompt.wordings["it"], text=text)}
        prompts = {**version.catalogue.prompts, "greeting": replace(prompt, wordings=wordings)}
        return replace(version, catalogue=Catalogue(company=version.catalogue.company, prompts=prompts))

    return change


def said_to(story: TrialStory) -> str:
    """Everything that the caller heard as words."""
    return " ".join(line.text for line in story.heard)
