"""A caller at a terminal: what the line says is printed, typed lines are said, `/` before keys presses them.

A line of words is said by the synthesiser and recognised as typed; `/12#` presses keys; an empty line is silence; `/?` tells
this; the end of the input (Ctrl-D) hangs up. Input that nobody types (a file, a pipe) waits for its turn: a line of it is taken
when the line has finished what it says. Which number is called and from which one is the command's.
"""

import queue
import threading
from collections.abc import Sequence
from functools import partial
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from ivr.audio import FRAME_SECONDS, frames_of_ulaw
from ivr.line.exchange import Voice
from ivr.line.line import Line
from ivr.line.party import Ended, Heard, HeardFrom, SilentParty, Words
from ivr.line.wording import WORDINGS
from ivr.synthesis import base_language, seconds_to_say

KEYS_PREFIX: Final = "/"
KEYS: Final = frozenset("0123456789*#")
TYPED_CONFIDENCE: Final = 0.98
# A prompt follows another one within this time, or the line waits for its caller: most webhooks take less.
PROMPTS_GAP_SECONDS: Final = 1.5
# How long a file's line waits for the next prompt; a silent line is spoken to then.
PATIENCE_SECONDS: Final = 60.0


class TerminalParty(SilentParty):
    """A leg's party whose eyes and hands are a terminal; its methods are called on the line's loop."""

    def __init__(self, line: Line, *, language: str, voice: Voice | None, show: "Screen") -> None:
        self._line = line
        self._language = language
        self._voice = voice
        self._show = show
        self._frames: Sequence[bytes] = ()
        self._speech_began = 0
        self.over = threading.Event()
        self.reason: Ended | None = None
        # How many prompts were heard, and when the last one is over, on the line's clock.
        self.prompts = 0
        self.quiet_from_seconds = 0.0

    def connected(self) -> None:
        """Say that the line is open."""
        self._show.note(self._show.words["state_connected"])

    def hear_text(self, heard: Heard) -> None:
        """Print what is played."""
        self.quiet_from_seconds = self._line.clock.microseconds / 1_000_000 + heard.seconds
        self.prompts += 1
        self._show.heard(heard)

    def hear_cut(self) -> None:
        """Say that it was cut off."""
        self.quiet_from_seconds = self._line.clock.microseconds / 1_000_000
        self._show.note(f"({self._show.words['cut']})")

    def next_frame(self) -> bytes | None:
        """Give the sound of the typed words, where somebody listens."""
        index = round((self._line.clock.microseconds - self._speech_began) / 1_000_000 / FRAME_SECONDS)
        return self._frames[index] if index < len(self._frames) else None

    def ended(self, reason: Ended) -> None:
        """Say that the call is over."""
        self.reason = reason
        why = self._show.words[f"reason_{reason.value}"]
        ended = self._show.words["state_ended"]
        self._show.note(f"{ended}: {why}" if why else ended)
        self.over.set()

    def say(self, text: str) -> None:
        """Say typed words, for as long as saying them takes."""
        speak = self._voice
        self._line.clock.run_aside(
            lambda: b"" if speak is None else speak(text, self._language), partial(self._speak, text)
        )

    def _speak(self, text: str, ulaw: bytes) -> None:
        self._frames, self._speech_began = frames_of_ulaw(ulaw), self._line.clock.microseconds
        self.handset.start_speaking()
        seconds = len(self._frames) * FRAME_SECONDS or seconds_to_say(text, language=self._language)
        self._line.clock.call_later(seconds, partial(self._said, text))

    def _said(self, text: str) -> None:
        self._frames = ()
        self.handset.finish_speaking(Words(text=text, confidence=TYPED_CONFIDENCE), language=self._language)


class Screen:
    """What the person at the terminal reads."""

    def __init__(self, stdout: TextIO, *, language: str) -> None:
        self._console = Console(file=stdout, highlight=False)
        self.words = WORDINGS.get(base_language(language), WORDINGS["en"])

    def heard(self, heard: Heard) -> None:
        """Print what plays."""
        if heard.source is HeardFrom.SAY:
            self._line(self.words["who_line"], heard.text, "cyan")
        elif heard.source is HeardFrom.PARTY:
            self._line(self.words["who_party"], heard.text, "yellow")
        else:
            self.note(f"♪ {self.words[f'heard_{heard.source.value}']}")

    def said(self, text: str, how: str) -> None:
        """Print what the person gave."""
        self._line(f"{self.words['who_you']} · {self.words[how]}", text, "green")

    def note(self, text: str) -> None:
        """Print something about the call."""
        self._console.print(Text(text, style="dim"))

    def _line(self, who: str, text: str, style: str) -> None:
        self._console.print(Text.assemble((f"{who}: ", f"bold {style}"), (text, style)))


def call_from_terminal(
    line: Line, from_: str, to: str, *, language: str, stdin: TextIO, stdout: TextIO, voice: Voice | None = None
) -> Ended:
    """Call a number of the line and talk by keyboard until either side hangs up; tells how the call ended.

    The line must run on the real clock. `voice` speaks the typed words for those who listen to sound (streams, agents).
    """
    show = Screen(stdout, language=language)
    party = TerminalParty(line, language=language, voice=voice, show=show)
    waits_for_its_turn = not stdin.isatty()
    show.note(show.words["terminal_help"])
    leg = line.call(from_, to, party)
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(stdin, lines), name="line-terminal", daemon=True).start()
    answered = 0
    while not party.over.is_set():
        if waits_for_its_turn:
            answered = _await_turn(line, party, answered)
        given = _next_line(lines, party)
        if party.over.is_set():
            break
        if given is None:
            line.post(leg.hang_up)
            party.over.wait()
        else:
            _give(line, party, show, given.strip())
    return party.reason or Ended.COMPLETED


def _read(stdin: TextIO, lines: "queue.SimpleQueue[str | None]") -> None:
    """Read on a thread of its own: a call that the other side ends must not wait for the Enter key."""
    for given in stdin:
        lines.put(given)
    lines.put(None)


def _next_line(lines: "queue.SimpleQueue[str | None]", party: TerminalParty) -> str | None:
    while not party.over.is_set():
        try:
            return lines.get(timeout=0.1)
        except queue.Empty:
            continue
    return None


def _give(line: Line, party: TerminalParty, show: Screen, given: str) -> None:
    """Say, press or keep silent, as the typed line asks."""
    keys = given.removeprefix(KEYS_PREFIX).replace(" ", "")
    if not given:
        show.note(show.words["terminal_silence"])
    elif not given.startswith(KEYS_PREFIX):
        show.said(given, "how_typed")
        if set(given) <= KEYS:
            show.note(show.words["terminal_keys_hint"].format(keys=given))
        line.post(partial(party.say, given))
    elif keys and set(keys) <= KEYS:
        show.said(keys, "how_keys")
        line.post(partial(party.handset.press, keys))
    else:
        show.note(show.words["terminal_help"])


def _await_turn(line: Line, party: TerminalParty, answered: int) -> int:
    """Wait until the line has said something new and finished, or for as long as patience lasts; tells how much it has said."""
    began = line.clock.microseconds / 1_000_000
    while not party.over.wait(0.1):
        now = line.clock.microseconds / 1_000_000
        said, quiet_from = party.prompts, party.quiet_from_seconds
        if (said > answered and now > quiet_from + PROMPTS_GAP_SECONDS) or now > began + PATIENCE_SECONDS:
            return said
    return answered
