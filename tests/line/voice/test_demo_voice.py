"""The demo's caller, whose voice is made here, is learnt in her first call and known in her second; the carrier listens."""

from collections.abc import Callable, Sequence

from ivr import trial
from ivr.audio import pcm_to_ulaw
from ivr.commands.demo import voice_of
from ivr.commands.trial_caller import BY_SCRIPT, LEARNING_BY_SCRIPT, TrialCaller
from ivr.line.script import Say, Step, WaitFor
from ivr.synthesis import Speaker
from tests.line.voice.callers import encoder
from tests.telephone import House
from tests.whisper import italian

# The talk with the agent is the demo's own story.
UP_TO_THE_AGENT = BY_SCRIPT[: BY_SCRIPT.index(WaitFor("sono Anna", limit_seconds=90))]


def test_the_demos_caller_is_learnt_in_her_first_call_and_known_in_her_second(
    new_house: Callable[..., House],
) -> None:
    house = new_house(voice="line", encoder=encoder())
    house.sign_in("anna")

    def calls(steps: Sequence[Step]) -> TrialCaller:
        caller = TrialCaller(
            say=lambda _who, _what: None,
            clock=house.clock,
            steps=steps,
            voice=lambda text, _language: pcm_to_ulaw(italian(text, Speaker.CALLER)),
            wants_audio=True,
        )
        leg = house.line.call(trial.GIULIA, house.settings.line_number, caller)
        assert house.run_until(lambda: caller.done or caller.reason is not None, 240), caller.heard
        house.wait(2)
        caller.check()
        voices.append(voice_of(house.context(leg.sid)))
        return caller

    voices: list[str] = []
    first = calls(LEARNING_BY_SCRIPT)
    assert any("riconosco dalla voce" in text for text in first.heard), first.heard
    calls(UP_TO_THE_AGENT)
    assert voices[1] == "accepted"


def test_she_says_nothing_twice() -> None:
    said = [step.text for step in (*LEARNING_BY_SCRIPT, *BY_SCRIPT) if isinstance(step, Say)]
    assert len(said) == len(set(said)), "the same sound in two calls would be taken for a recording"
