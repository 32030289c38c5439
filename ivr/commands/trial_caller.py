"""The demo's caller: follows its script, tells what it says and hears, and waits for a prompt that comes as sound alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ivr import audio
from ivr.line.party import Heard, HeardFrom
from ivr.line.script import HangUp, Keys, Say, ScriptedParty, Silence, Step, WaitFor
from ivr.line.tasks import sleep

# So long a quiet is the end of a prompt: between its sentences the synthesiser leaves half a second.
_QUIET_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.1
# A line's noise is far below, made speech at -20 dB far above.
_LOUD_DBFS: Final = -45.0


_PROMPT_SOURCES: Final = frozenset({HeardFrom.STREAM, HeardFrom.PLAY, HeardFrom.SAY})
# Who has spoken and is not answered for so long says it once more, as people do; the line gives a turn up after ten seconds.
_PATIENCE_SECONDS: Final = 12.0
_MOST_REPEATED: Final = 2


@dataclass(frozen=True)
class NextPrompt(Silence):
    """Hear out what the line says next: sound without words, until so long a quiet."""

    seconds: float = _QUIET_SECONDS


_WITH_ANNA: Final = (
    WaitFor("sono Anna", limit_seconds=90),
    Silence(1.0),
    Say("grazie signora, va bene così", after_seconds=1.5),
)
# The first call, in which a voice is learnt: what it says to open questions holds the thirty net seconds that an enrolment takes,
# and nothing of it comes again in the second call. Answers to the others are short, as people give them. In two ways, as below.
_ONE_MOMENT: Final = Say(
    "Sì, aspetti un momento, che prendo la penna e gli occhiali. Li lascio sempre in cucina vicino alla finestra,"
    " e senza non leggo niente. Mi scusi se la faccio aspettare. Ecco, adesso sono seduta comoda e posso scrivere."
)
_ANOTHER_MOMENT: Final = Say(
    "Sì, aspetti. La penna era sotto il giornale di ieri, vicino alla finestra della cucina, dove la luce della mattina"
    " è più bella. Il gatto la porta sempre via, e la lascia sul divano. Ecco, la penna scrive."
)
LEARNING_BY_SCRIPT: Final[tuple[Step, ...]] = (
    WaitFor("riconoscerla dalla voce"),
    Say("sì va bene"),
    WaitFor("in ritardo"),
    Say("sì, è per quello"),
    WaitFor("altro"),
    _ONE_MOMENT,
    WaitFor("bisogno"),
    Say("Vorrei sapere dov'è il mio ordine"),
    WaitFor("numero"),
    Say("uno zero quattro due"),
    WaitFor("altro"),
    _ANOTHER_MOMENT,
    WaitFor("fare per lei"),
    Say("No, va bene così, grazie"),
    WaitFor("ricordare"),
    Say("sì, certo"),
    WaitFor("moltissimo"),
    HangUp(),
)
LEARNING_BY_EAR: Final[tuple[Step, ...]] = (
    NextPrompt(),
    Say("sì, va bene"),
    NextPrompt(),
    Say("sì, è per quello"),
    NextPrompt(),
    _ONE_MOMENT,
    NextPrompt(),
    Say("Vorrei sapere dov'è il mio ordine"),
    NextPrompt(),
    Say("uno zero quattro due"),
    NextPrompt(),
    _ANOTHER_MOMENT,
    NextPrompt(),
    Say("No, va bene così, grazie"),
    NextPrompt(),
    Say("sì, certo"),
    NextPrompt(),
    HangUp(),
)
# The second call. Where the carrier says the prompts in words and takes the script's own words for what was said.
BY_SCRIPT: Final[tuple[Step, ...]] = (
    WaitFor("in ritardo"),
    Say("sì proprio quello"),
    WaitFor("altro"),
    Say("sì voglio fare un reclamo è la terza volta che mi arriva tutto in ritardo"),
    *_WITH_ANNA,
    WaitFor("moltissimo", limit_seconds=60),
    Keys("2"),
    WaitFor("A presto", limit_seconds=60),
)
# Where the line speaks and hears itself. Whisper base gave the words of each with three different stretches of quiet around it.
BY_EAR: Final[tuple[Step, ...]] = (
    NextPrompt(),
    Say("sì, proprio quello"),
    NextPrompt(),
    Say("voglio fare un reclamo, è la terza volta che mi arriva tutto in ritardo"),
    *_WITH_ANNA,
    NextPrompt(),
    Keys("2"),
)


@dataclass(kw_only=True)
class TrialCaller(ScriptedParty):
    """A scripted caller whose conversation is told as it happens."""

    say: Callable[[str, str], None]  # who says, and what
    _loud_at: int = 0
    _last_said: Say | None = None

    def hear_text(self, heard: Heard) -> None:
        """Tell what comes out of the receiver."""
        if heard.source in {HeardFrom.SAY, HeardFrom.PARTY}:
            self.say("line says" if heard.source is HeardFrom.SAY else "agent says", heard.text)
        super().hear_text(heard)

    def hear_frame(self, frame: bytes) -> None:
        """Take in when it was loud; the sound itself is for nobody."""
        if audio.loudness_dbfs(audio.ulaw_to_pcm(frame)) > _LOUD_DBFS:
            self._loud_at = self.clock.microseconds

    async def _take(self, step: Any) -> None:
        if isinstance(step, NextPrompt):
            await self._hear_out(step.seconds)
            return
        if isinstance(step, Say):
            self.say("caller says", f"«{step.text}»")
            self._last_said = step
        elif isinstance(step, Keys):
            self.say("caller presses", step.keys)
        await super()._take(step)

    async def _hear_out(self, quiet_seconds: float) -> None:
        asked_at, repeated = self.clock.microseconds, 0
        while not any(line.heard.source in _PROMPT_SOURCES for line in self.transcript[self._read :]):
            await sleep(self.clock, _LOOK_SECONDS)
            unanswered = (self.clock.microseconds - asked_at) / 1_000_000 > _PATIENCE_SECONDS
            if unanswered and self._last_said is not None and repeated < _MOST_REPEATED:
                await self._take(self._last_said)
                asked_at, repeated = self.clock.microseconds, repeated + 1
        self._loud_at = self.clock.microseconds
        while self.clock.microseconds - self._loud_at < quiet_seconds * 1_000_000:
            await sleep(self.clock, _LOOK_SECONDS)
        self._read = len(self.transcript)
