"""Gather: keys and words at once, the first kind wins, with Twilio's timing.

The time-out starts when the nested verbs end; input stops them. Words come from the party's recogniser (see
`ivr.line.party`). Nothing heard goes on to the next verb unless `actionOnEmptyResult` asks for the action all the same.
"""

from dataclasses import dataclass, field
from enum import Enum

from ivr.line.clock import Timer
from ivr.line.interpreter import Outcome, Run
from ivr.line.legs import Deaf, Leg
from ivr.line.party import Words
from ivr.line.tasks import Later, Task
from ivr.line.twiml import Verb

DEFAULT_TIMEOUT_SECONDS = 5.0
LONGEST_SPEECH_SECONDS = 60.0
# Twilio's <Gather> page


class Kind(Enum):
    """What the party began with."""

    KEYS = "dtmf"
    SPEECH = "speech"


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What came of a gather."""

    digits: str = ""
    words: Words | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """Give the action's parameters."""
        if self.words is None:
            return {"Digits": self.digits}
        parameters = {"SpeechResult": self.words.text}
        if self.words.confidence is not None:
            parameters["Confidence"] = str(round(self.words.confidence, 8))
        return parameters


@dataclass(kw_only=True)
class Gathering(Deaf):
    """The gather that is under way on a leg."""

    leg: Leg
    verb: Verb
    outcome: Later[Gathered | None] = field(default_factory=Later)
    # None is nothing heard
    prompt: Task | None = None
    _kind: Kind | None = None
    _digits: str = ""
    _words: list[Words] = field(default_factory=list)
    _timer: Timer | None = None

    @property
    def _kinds(self) -> set[Kind]:
        return {Kind(kind) for kind in self.verb.get("input", "dtmf").split()}

    @property
    def _timeout_seconds(self) -> float:
        return self.verb.number("timeout", DEFAULT_TIMEOUT_SECONDS)

    @property
    def _speech_timeout_seconds(self) -> float:
        given = self.verb.get("speechTimeout")
        if given == "auto":
            return self.leg.exchange.habits.carrier_end_of_speech_seconds
        return float(given) if given else self._timeout_seconds

    def prompt_is_over(self) -> None:
        """Begin to count the time-out."""
        if self._kind is None:
            self._wait(self._timeout_seconds)

    def key(self, key: str) -> None:
        """Take a key."""
        if Kind.KEYS not in self._kinds or self._kind is Kind.SPEECH:
            return
        self._begin(Kind.KEYS)
        if key in self.verb.get("finishOnKey", "#"):
            self._finish()
            return
        self._digits += key
        if len(self._digits) >= self.verb.number("numDigits", float("inf")):
            self._finish()
        else:
            self._wait(self._timeout_seconds)

    def speech_starts(self) -> None:
        """Stop the prompt: the party speaks."""
        if Kind.SPEECH not in self._kinds or self._kind is Kind.KEYS:
            return
        self._begin(Kind.SPEECH)
        self._wait(LONGEST_SPEECH_SECONDS)

    def speech_ends(self, words: Words | None) -> None:
        """Take what was said, and wait whether more follows."""
        if Kind.SPEECH not in self._kinds or self._kind is Kind.KEYS:
            return
        self._begin(Kind.SPEECH)
        if words is not None and words.text:
            self._words.append(words)
            self._tell_partial()
            self._wait(self._speech_timeout_seconds)
        elif self._words:
            self._wait(self._speech_timeout_seconds)
        else:
            # Noise is no input: either kind may still come before the time is up.
            self._kind = None
            self._wait(self._timeout_seconds)

    def stop(self) -> None:
        """Let go of timers and prompt."""
        if self._timer is not None:
            self._timer.cancel()
        if self.prompt is not None:
            self.prompt.stop()

    def _begin(self, kind: Kind) -> None:
        if self.prompt is not None and not self.prompt.done:
            self.prompt.stop()
        self._kind = kind

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.leg.exchange.clock.call_later(seconds, self._finish)

    def _finish(self) -> None:
        if self._digits:
            self.outcome.resolve(Gathered(digits=self._digits))
        elif self._words:
            self.outcome.resolve(Gathered(words=self._joined()))
        else:
            self.outcome.resolve(None)

    def _joined(self) -> Words:
        sure = [words.confidence for words in self._words if words.confidence is not None]
        return Words(text=" ".join(words.text for words in self._words), confidence=min(sure) if sure else None)

    def _tell_partial(self) -> None:
        url = self.verb.url("partialResultCallback")
        if url:
            method = self.verb.get("partialResultCallbackMethod", "POST")
            extra = {"UnstableSpeechResult": self._joined().text}
            self.leg.exchange.wire.request(self.leg.webhook(url, method, "partial", extra))


async def gather(run: Run, verb: Verb) -> Outcome:
    """Collect keys or words."""
    gathering = Gathering(leg=run.leg, verb=verb)
    run.leg.listeners.append(gathering)
    run.leg.speech_language = verb.get("language", "en-US")
    gathering.prompt = Task(run.exchange.clock, _prompt(run, verb, gathering))
    try:
        gathered = await gathering.outcome
    finally:
        gathering.stop()
        if gathering in run.leg.listeners:
            run.leg.listeners.remove(gathering)
    if gathered is not None:
        return run.action(verb, gathered.parameters, default_here=True)
    if not verb.flag("actionOnEmptyResult", default=False):
        return None
    # Twilio's page does not say with which parameters; one empty value of the kind that was asked for.
    empty = {"Digits": ""} if "dtmf" in verb.get("input", "dtmf") else {"SpeechResult": ""}
    return run.action(verb, empty, default_here=True)


async def _prompt(run: Run, verb: Verb, gathering: Gathering) -> None:
    for nested in verb.children:
        outcome = await run.verbs[nested.name](run, nested)
        if outcome is not None:
            break
    gathering.prompt_is_over()
