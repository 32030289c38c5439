"""A trial call in made time, step by step: each step waits until the line has said its part, as a patient caller does."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeAlias, assert_never

from ivr.calls import store
from ivr.line.legs import Leg
from ivr.synthesis import recording
from ivr.trials.caller import CallerParty
from ivr.trials.story import TrialStory

if TYPE_CHECKING:
    from ivr.trials.house import TrialHouse

# Silence of the line after which a caller speaks.
QUIET_SECONDS: Final = 0.6
# The longest prompts last half a minute; a caller who waits longer for a word hears none.
PATIENCE_SECONDS: Final = 60.0
# With a person, or waiting for one, nobody says whose turn it is.
BETWEEN_PEOPLE_SECONDS: Final = 6.0
# How long a call that is over may take to be told everywhere.
LAST_WORDS_SECONDS: Final = 3.0
# After this much silence of the caller the line has gone on at the latest.
_KEY_GAP_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Say:
    """Say words."""

    text: str


@dataclass(frozen=True)
class Press:
    """Press keys."""

    keys: str


@dataclass(frozen=True)
class Silent:
    """Say nothing until the line speaks again."""


@dataclass(frozen=True)
class Wait:
    """Stay on the line for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Play:
    """Play a recording; `words` is what a carrier's recogniser makes of it, where that one listens."""

    wav: Path
    words: str = ""


@dataclass(frozen=True)
class HangUp:
    """Put the receiver down."""


@dataclass(frozen=True)
class CallState:
    """Where a call stands."""

    status: str
    is_asked: bool = field(kw_only=True)  # whether the line waits for an answer
    turn: int = field(kw_only=True)


Step: TypeAlias = Say | Press | Silent | Wait | Play | HangUp


class TrialCall:
    """One call of a house; as a context the caller hangs up behind."""

    def __init__(self, house: "TrialHouse", party: CallerParty, leg: Leg) -> None:
        self._house = house
        self._party = party
        self._leg = leg

    def take(self, step: Step) -> TrialStory:
        """Wait for the caller's turn, take a step, and wait until the line has answered; after the call's end nothing happens."""
        self.listen()
        if not self.is_over:
            self._do(step)
            self.listen()
        return self.story

    def listen(self) -> None:
        """Let time pass until the line waits for the caller, or the call is over."""
        began = self._party.seconds
        self._house.run_until(lambda: self._is_callers_turn(began), PATIENCE_SECONDS)

    def hang_up(self) -> None:
        """Put the receiver down, if the call is still up, and let the last words out."""
        if not self.is_over:
            self._party.has_hung_up = True
            self._house.line.run(self._leg.hang_up)
        self._house.run_until(lambda: False, LAST_WORDS_SECONDS)

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self._party.reason is not None

    @property
    def call_id(self) -> str:
        """The call's identifier in the trial's own database."""
        return self._leg.sid

    @property
    def story(self) -> TrialStory:
        """What has become of it so far."""
        return self._house.story(self._leg.sid, self._party)

    def _do(self, step: Step) -> None:
        match step:
            case Say(text=text):
                self._speak(text, b"")
            case Play(wav=wav, words=words):
                self._speak(words, recording(wav))
            case Press(keys=keys):
                for key in keys:
                    self._house.line.run(partial(self._leg.press, key))
                    self._pass(_KEY_GAP_SECONDS)
            case Silent():
                said = len(self._party.transcript)
                turn = self._turn()
                self._house.run_until(
                    lambda: self.is_over or len(self._party.transcript) > said or self._turn() != turn, PATIENCE_SECONDS
                )
            case Wait(seconds=seconds):
                self._house.run_until(lambda: self.is_over, seconds)
            case HangUp():
                self.hang_up()
            case _:
                assert_never(step)

    def _speak(self, text: str, sound: bytes) -> None:
        turn = self._turn()
        self._pass(self._house.line.run(lambda: self._party.begin_to_say(text, sound)))
        if self.is_over:
            return
        self._house.line.run(lambda: self._party.end_saying(text))
        # Whoever listens needs a moment to know that nothing follows.
        self._house.run_until(lambda: self.is_over or self._turn() != turn, BETWEEN_PEOPLE_SECONDS)

    def _pass(self, seconds: float) -> None:
        began = self._party.seconds
        self._house.run_until(lambda: self.is_over or self._party.seconds >= began + seconds, max(1.0, seconds + 1))

    def _is_callers_turn(self, began: float) -> bool:
        if self.is_over:
            return True
        now = self._party.seconds
        call = self._house.state_of(self._leg.sid)
        if call is None:
            return False
        if call.status in {store.WAITING, store.TALKING}:
            # Music plays on for as long as nobody comes.
            return now >= began + BETWEEN_PEOPLE_SECONDS
        return call.is_asked and now >= max(began, self._party.quiet_from_seconds) + QUIET_SECONDS

    def _turn(self) -> int:
        call = self._house.state_of(self._leg.sid)
        return -1 if call is None else call.turn

    def __enter__(self) -> Self:
        """Be in the call."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Hang up."""
        self.hang_up()
