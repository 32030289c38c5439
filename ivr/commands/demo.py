"""The demo: a company is made, and a scripted caller phones it twice over the local line.

In the first call her voice is learnt, in the second she is known by it; an agent answers, and the effort score is asked. The
service is a real one, started as `centralino serve` starts it, and the agent works through the desk's own pages. Everything that
is printed is read from what the service recorded or sent; the last line says whether the call reached its agent with its context,
and what the voice was taken for.
"""

import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import Engine

from ivr import database, trial
from ivr.app import make_understanding
from ivr.calls import store, story
from ivr.calls.context import CallContext
from ivr.commands.trial_agent import TrialAgentAtDesk
from ivr.commands.trial_caller import BY_EAR, BY_SCRIPT, LEARNING_BY_EAR, LEARNING_BY_SCRIPT, TrialCaller
from ivr.commands.trial_line import TrialLine, open_line
from ivr.commands.trial_model import joined_whisper
from ivr.commands.trial_service import ServiceError, TrialService, trial_company, trial_settings
from ivr.line.legs import Leg
from ivr.line.party import Answer, Party
from ivr.line.script import Say, ScriptedParty, Silence, Step
from ivr.settings import Settings
from ivr.speech.recognizer import NoModel
from ivr.synthesis import Speaker, installed_voice
from routing import reports

DEFAULT_PORT, DEFAULT_LINE_PORT = 5000, 5050
# Each call lasts a minute and a half; more than twice that is a call that hangs.
CALL_SECONDS = 240.0
LOOK_SECONDS = 0.25
HERE_SECONDS = 25.0  # how often an open desk tells that it is open
# As the setting models_folder has it: what was made once serves the next demo too.
DEFAULT_MODELS = Path("var/models")
# What the agent must read before saying hello: a context is complete only with all of it.
WANTED = ("name", "words", "what the line did", "late order", "open case", "past contact")


ACCEPTED, NOT_ENROLLED = "accepted", "not_enrolled"


class DemoError(Exception):
    """The demo cannot run here; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of the demo's second call."""

    reached_agent: bool
    missing: tuple[str, ...]  # of WANTED, on the agent's screen at the moment of the offer
    effort: int | None
    voice: str  # accepted, rejected, inconclusive, or not_enrolled
    seconds: float

    @property
    def line(self) -> str:
        """The one line for machines."""
        context = (
            "complete" if not self.missing else "lacks:" + ",".join(name.replace(" ", "_") for name in self.missing)
        )
        reached = "yes" if self.reached_agent else "no"
        return (
            f"RESULT reached_agent={reached} context={context} effort={self.effort or 'none'} "
            f"voice={self.voice} seconds={self.seconds:.0f}"
        )

    @property
    def exit_code(self) -> int:
        """0 only if the call reached its agent with its whole context; a busy machine may have heard too little of the voice."""
        return 0 if self.reached_agent and not self.missing else 1


@dataclass(kw_only=True)
class Demo:
    """One run of the demo."""

    settings: Settings
    engine: Engine
    password: str
    folder: Path
    line_port: int
    deaf: str  # why the line does not hear the caller's voice itself, "" where it does
    _printed: set[tuple[str, str, str]] = field(default_factory=set)

    @classmethod
    def prepared(cls, *, folder: Path, port: int, line_port: int, progress: Callable[[int, int], None]) -> "Demo":
        """Make settings, database, company and understanding; the folder of an earlier demo is replaced."""
        if (folder / "database.db").exists() or not folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        ears, deaf = _ears()
        settings = trial_settings(folder=folder, port=port, line_port=line_port, **ears)
        password = f"prova-{secrets.token_hex(4)}"
        engine = trial_company(settings, password=password)
        make_understanding(settings, progress)
        return cls(settings=settings, engine=engine, password=password, folder=folder, line_port=line_port, deaf=deaf)

    def run(self, console: Console, *, stay: bool) -> int:
        """Place the call, print every step, and stay up where wanted; the exit code."""
        try:
            line = open_line(self.settings, port=self.line_port)
        except (OSError, SystemExit):
            raise DemoError(
                f"port {self.line_port} is in use: end what uses it, or choose another with --line-port"
            ) from None
        try:
            with TrialService(self.settings, folder=self.folder):
                began = time.monotonic()
                self._learning_call(console, line)
                result = self._call(console, line, began=began)
                console.print(f"\n[bold]{result.line}[/]", soft_wrap=True)
                if stay:
                    self._stay(console, line)
        except ServiceError as error:
            raise DemoError(str(error)) from None
        else:
            return result.exit_code
        finally:
            line.close()
            self.engine.dispose()

    # --- The two calls

    def _learning_call(self, console: Console, line: TrialLine) -> None:
        """Let the caller talk of her parcel while the line learns her voice."""
        console.rule("[bold]A first call: the line learns a voice[/]")
        console.print(f"Giulia Conti phones [bold]{self.settings.line_number}[/]. {self._how_heard(line)}")
        console.print(
            "She agrees to be recognised by her voice. Nothing more is asked of her for it: thirty seconds of her own speech"
            " about something else are enough. What she says here she does not say again, for a recording that comes twice is"
            " not believed.\n"
        )
        party = self._caller(console, line, LEARNING_BY_SCRIPT if self.deaf else LEARNING_BY_EAR)
        leg = line.line.call(trial.GIULIA, self.settings.line_number, party)
        began = time.monotonic()
        while party.reason is None and time.monotonic() - began < CALL_SECONDS:
            time.sleep(LOOK_SECONDS)
            self._print_news(console, leg)
        self._print_news(console, leg)
        if party.failure:
            console.print(f"[red]the caller could not go on:[/] {party.failure}")

    def _caller(self, console: Console, line: TrialLine, steps: Sequence[Step]) -> TrialCaller:
        return TrialCaller(
            say=lambda label, text: console.print(f"[bold]{label:<15}[/] {text}"),
            clock=line.clock,
            steps=steps,
            voice=_caller_voice(line),
            language="it-IT",
            wants_audio=True,
        )

    def _call(self, console: Console, line: TrialLine, *, began: float) -> Result:
        console.rule("[bold]A second call: known by the voice[/]")
        console.print(
            "She phones again, and says what she wants: her voice is compared meanwhile, without a question.\n"
        )
        agent = TrialAgentAtDesk.signed_in(self.settings.public_url, "anna@bottega.example", self.password)
        agent.become("available")
        line.line.register("client:anna", lambda: self._agent_party(line))
        party = self._caller(console, line, BY_SCRIPT if self.deaf else BY_EAR)
        leg = line.line.call(trial.GIULIA, self.settings.line_number, party)
        missing: tuple[str, ...] = WANTED
        accepted = hung_up = False
        here_at = called_at = time.monotonic()
        while party.reason is None and time.monotonic() - called_at < CALL_SECONDS:
            time.sleep(LOOK_SECONDS)
            if time.monotonic() - here_at > HERE_SECONDS:
                agent.is_here()
                here_at = time.monotonic()
            context = self._print_news(console, leg)
            if context is None:
                continue
            if not accepted and context.status == "waiting" and (offer := agent.offer()) is not None:
                missing = offer.missing(context)
                console.print(f"[bold magenta]{'agent reads':<15}[/] " + " · ".join(offer.headlines), soft_wrap=True)
                agent.accept(offer)
                accepted = True
            if accepted and not hung_up and context.status == "with an agent" and _talked(line, leg):
                agent.hang_up(leg.sid)
                hung_up = True
        context = self._print_news(console, leg)
        if hung_up:
            agent.finish(leg.sid, outcome="solved", note="Rimborsate le spese di spedizione.")
        agent.become("offline")
        with database.reading_session_factory(self.engine)() as session:
            effort = store.effort(session, leg.sid)
        reached = context is not None and any(line.kind == "brought_to_agent" for line in context.done)
        if party.failure:
            console.print(f"[red]the caller could not go on:[/] {party.failure}")
        return Result(
            reached_agent=reached,
            missing=missing,
            effort=effort,
            voice=voice_of(context),
            seconds=time.monotonic() - began,
        )

    def _how_heard(self, line: TrialLine) -> str:
        voice = line.voice.name or "nobody: no synthesiser is installed"
        if self.deaf:
            return (
                f"Her voice was made here by {voice}; the words that the carrier recognises are her script's own,"
                f" since the line cannot hear her itself: {self.deaf}."
            )
        return (
            f"Her voice was made here by {voice}. It comes over the telephone, and what the line hears is what Whisper"
            " understands of it on this machine: nobody tells it the words."
        )

    def _print_news(self, console: Console, leg: Leg) -> CallContext | None:
        with database.reading_session_factory(self.engine)() as session:
            names = {agent.agent_id: agent.name for agent in reports.agents(session)}
            now = datetime.now(UTC)  # noqa: TID251 - the demo is an edge
            context = story.context_of(session, leg.sid, language="it", now=now, agent_names=names)
            offer = reports.open_offer_of(session, "anna")
        if context is None:
            return None
        self._print_heard(console, context)
        for line in context.done:
            key = (str(line.at), line.kind, line.text)
            if key not in self._printed:
                self._printed.add(key)
                console.print(
                    f"[bold {_COLOURS.get(line.kind, 'cyan')}]{_LABELS.get(line.kind, 'decided'):<15}[/] {line.text}"
                )
        if offer is not None and ("receipt", "", str(offer.offer_id)) not in self._printed:
            self._printed.add(("receipt", "", str(offer.offer_id)))
            for sentence in offer.receipt.in_words("it"):
                console.print(f"[bold yellow]{'why':<15}[/] {sentence}")
        return context

    def _print_heard(self, console: Console, context: CallContext) -> None:
        """What our own voice has asked and our own ears have heard: the carrier's the caller has been told already."""
        if self.deaf:
            return
        for turn in context.said:
            for label, text in (("line says", turn.prompt), ("line hears", f"«{turn.heard}»" if turn.heard else "")):
                if text and (label, context.call_id, str(turn.turn)) not in self._printed:
                    self._printed.add((label, context.call_id, str(turn.turn)))
                    by = f" ({turn.hearing.by})" if label == "line hears" and turn.hearing is not None else ""
                    console.print(f"[bold]{label:<15}[/] {text}{by}")

    def _agent_party(self, line: TrialLine) -> Party:
        return ScriptedParty(
            clock=line.clock,
            voice=line.voice,
            on_ring=Answer(after_seconds=1.5),
            steps=(
                Silence(1.5),
                Say(
                    "Buongiorno signora Conti, sono Anna. Vedo il ritardo dell'ordine: mi scuso, le rimborso la spedizione."
                ),
                Silence(1.0),
            ),
        )

    # --- Afterwards

    def _stay(self, console: Console, line: TrialLine) -> None:
        line.line.unregister("client:anna")
        console.rule("[bold]It stays up: now it is your turn[/]")
        service, phone = self.settings.public_url, f"http://127.0.0.1:{self.line_port}/phone"
        console.print(f"The desks      [bold]{service}[/]")
        console.print(f"The telephone  [bold]{phone}[/]  (microphone, or typing)")
        console.print(
            f"Accounts       {', '.join(one.email for one in (*trial.AGENTS, trial.SUPERVISOR))}, {trial.ADMIN_EMAIL}"
        )
        console.print(f"Password       [bold]{self.password}[/]  (the same for all, made for this run)\n")
        console.print(
            "1. Sign in as anna@bottega.example, press «Disponibile», and call from the telephone in another tab as Mario:"
        )
        console.print("   say or type «vorrei restituire il tappeto».")
        console.print(
            "2. Call again, press 0 at any moment, and take the call on Anna's desk: the story is there before the voice."
        )
        console.print("3. Sign in as the admin and watch a call go through the flow, step by step.\n")
        console.print("Ctrl-C ends it.")
        line.wait()


_LABELS = {"proof": "proved", "understood": "understood", "keyed": "understood", "consent": "consent"}
_COLOURS = {"proof": "green", "understood": "blue", "keyed": "blue", "consent": "green"}


def voice_of(context: CallContext | None) -> str:
    """What the voice of a call was taken for, at last and at best; `not_enrolled` where it was never compared."""
    outcomes = [proof.outcome for proof in context.who.proofs if proof.kind == "voice"] if context else []
    return ACCEPTED if ACCEPTED in outcomes else (outcomes or [NOT_ENROLLED])[-1]


def _ears() -> tuple[dict[str, Any], str]:
    """Settings with which the line hears the caller's voice itself; none and the reason where it cannot."""
    if not installed_voice().speaks("it-IT"):
        return {}, "no synthesiser for Italian is installed"
    joined = joined_whisper(DEFAULT_MODELS)
    if isinstance(joined, NoModel):
        return {}, joined.reason
    return {"listening": {"it": "stream", "en": "carrier"}, "whisper_model": str(joined.folder.resolve())}, ""


def _caller_voice(line: TrialLine) -> Callable[[str, str], bytes]:
    return lambda text, language: line.voice.speak(text, language=language, speaker=Speaker.CALLER)


def _talked(line: TrialLine, leg: Leg) -> bool:
    """Whether caller and agent have said what they had to say: the agent's script is done and the caller has answered."""
    return any(
        entry.who == leg.sid and entry.what == "words" and "va bene così" in entry.detail for entry in line.line.log
    )
