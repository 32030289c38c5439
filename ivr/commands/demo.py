"""The demo: a company is made, a scripted caller phones it over the local line, an agent answers, the effort score is asked.

The service is a real one, started as `centralino serve` starts it, and the agent works through the desk's own pages. Everything
that is printed is read from what the service recorded or sent; the last line says whether the call reached its agent with its
context.
"""

import secrets
import shutil
import time
from collections.abc import Callable
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
from ivr.commands.trial_line import TrialLine, open_line
from ivr.commands.trial_service import ServiceError, TrialService, trial_company, trial_settings
from ivr.line.legs import Leg
from ivr.line.party import Answer, Heard, HeardFrom, Party
from ivr.line.script import Keys, Say, ScriptedParty, Silence, WaitFor
from ivr.settings import Settings
from ivr.synthesis import Speaker
from routing import reports

DEFAULT_PORT, DEFAULT_LINE_PORT = 5000, 5050
# The story lasts a minute and a half; three times that is a story that hangs.
CALL_SECONDS = 240.0
LOOK_SECONDS = 0.25
HERE_SECONDS = 25.0  # how often an open desk tells that it is open
# What the agent must read before saying hello: a context is complete only with all of it.
WANTED = ("name", "words", "what the line did", "late order", "open case", "past contact")


class DemoError(Exception):
    """The demo cannot run here; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of the demo's call."""

    reached_agent: bool
    missing: tuple[str, ...]  # of WANTED, on the agent's screen at the moment of the offer
    effort: int | None
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
            f"voice=not_enrolled seconds={self.seconds:.0f}"
        )

    @property
    def exit_code(self) -> int:
        """0 only if the call reached its agent with its whole context."""
        return 0 if self.reached_agent and not self.missing else 1


@dataclass(kw_only=True)
class Demo:
    """One run of the demo."""

    settings: Settings
    engine: Engine
    password: str
    folder: Path
    line_port: int
    _printed: set[tuple[str, str, str]] = field(default_factory=set)

    @classmethod
    def prepared(cls, *, folder: Path, port: int, line_port: int, progress: Callable[[int, int], None]) -> "Demo":
        """Make settings, database, company and understanding; the folder of an earlier demo is replaced."""
        if (folder / "database.db").exists() or not folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        settings = trial_settings(folder=folder, port=port, line_port=line_port)
        password = f"prova-{secrets.token_hex(4)}"
        engine = trial_company(settings, password=password)
        make_understanding(settings, progress)
        return cls(settings=settings, engine=engine, password=password, folder=folder, line_port=line_port)

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
                result = self._call(console, line)
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

    # --- The call

    def _call(self, console: Console, line: TrialLine) -> Result:
        began = time.monotonic()
        console.rule("[bold]A call to Bottega Aurora[/]")
        console.print(
            f"Giulia Conti phones [bold]{self.settings.line_number}[/]. Her voice was made here by {line.voice.name}; the words"
            " that the carrier recognises are her script's own, since no Italian recogniser is installed.\n"
        )
        agent = TrialAgentAtDesk.signed_in(self.settings.public_url, "anna@bottega.example", self.password)
        agent.become("available")
        line.line.register("client:anna", lambda: self._agent_party(line))
        party = _Caller(console=console, clock=line.clock, steps=_STORY, voice=_caller_voice(line), language="it-IT")
        leg = line.line.call(trial.GIULIA, self.settings.line_number, party)
        missing: tuple[str, ...] = WANTED
        accepted = hung_up = False
        here_at = began
        while party.reason is None and time.monotonic() - began < CALL_SECONDS:
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
        return Result(reached_agent=reached, missing=missing, effort=effort, seconds=time.monotonic() - began)

    def _print_news(self, console: Console, leg: Leg) -> CallContext | None:
        with database.reading_session_factory(self.engine)() as session:
            names = {agent.agent_id: agent.name for agent in reports.agents(session)}
            now = datetime.now(UTC)  # noqa: TID251 - the demo is an edge
            context = story.context_of(session, leg.sid, language="it", now=now, agent_names=names)
            offer = reports.open_offer_of(session, "anna")
        if context is None:
            return None
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
        console.print(f"Accounts       {', '.join(one.email for one in trial.AGENTS)}, {trial.ADMIN_EMAIL}")
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


_STORY = (
    WaitFor("riconoscerla dalla voce"),
    Say("sì va bene"),
    WaitFor("in ritardo"),
    Say("sì proprio quello"),
    WaitFor("altro"),
    Say("sì voglio fare un reclamo è la terza volta che mi arriva tutto in ritardo"),
    WaitFor("sono Anna", limit_seconds=90),
    Silence(1.0),
    Say("grazie signora, va bene così", after_seconds=1.5),
    WaitFor("moltissimo", limit_seconds=60),
    Keys("2"),
    WaitFor("A presto", limit_seconds=60),
)

_LABELS = {"proof": "proved", "understood": "understood", "keyed": "understood", "consent": "consent"}
_COLOURS = {"proof": "green", "understood": "blue", "keyed": "blue", "consent": "green"}


@dataclass(kw_only=True)
class _Caller(ScriptedParty):
    """A scripted caller whose conversation is printed as it happens."""

    console: Console

    def hear_text(self, heard: Heard) -> None:
        """Print what comes out of the receiver."""
        if heard.source in {HeardFrom.SAY, HeardFrom.PARTY}:
            self.console.print(
                f"[bold]{'line says' if heard.source is HeardFrom.SAY else 'agent says':<15}[/] {heard.text}"
            )
        super().hear_text(heard)

    async def _take(self, step: Any) -> None:
        if isinstance(step, Say):
            self.console.print(f"[bold]{'caller says':<15}[/] «{step.text}»")
        elif isinstance(step, Keys):
            self.console.print(f"[bold]{'caller presses':<15}[/] {step.keys}")
        await super()._take(step)


def _caller_voice(line: TrialLine) -> Callable[[str, str], bytes]:
    return lambda text, language: line.voice.speak(text, language=language, speaker=Speaker.CALLER)


def _talked(line: TrialLine, leg: Leg) -> bool:
    """Whether caller and agent have said what they had to say: the agent's script is done and the caller has answered."""
    return any(
        entry.who == leg.sid and entry.what == "words" and "va bene così" in entry.detail for entry in line.line.log
    )
