"""A person at a browser page as a party of the line: microphone or typed words in, sound and texts out.

A `Phone` is one open page. It lives on the line's loop: the socket's thread hands commands in with `line.post`, and takes
what the page should learn from the phone's `Outbox`. How the page is served and who may open it is `ivr.line.pages`.
"""

import logging
from collections import deque
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final, assert_never

from ivr.audio import frames_of_ulaw
from ivr.line import party as people
from ivr.line import phone_protocol as page
from ivr.line.channel import QUALITIES
from ivr.line.exchange import Recognise
from ivr.line.line import Line
from ivr.line.speech_edges import Edge, SpeechEdges
from ivr.synthesis import Speaker, Voice, base_language

# A typed text was not misheard; Twilio's own results rarely go above this.
TYPED_CONFIDENCE: Final = 0.98
# 0.4 s of the microphone wait at most; what is older is dropped, so that the voices never drift apart.
MOST_WAITING_FRAMES: Final = 20
# One second of sound that a page has not taken: it sleeps or its network stands still, and old sound serves nobody.
MOST_UNSENT_FRAMES: Final = 50

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Ears:
    """What turns a page's speech into words: a recogniser, and the languages ("it", "en") that it knows."""

    recognise: Recognise
    languages: frozenset[str]


class Outbox:
    """What a page should learn, in order; filled on the line's loop, emptied by the socket's thread."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[str | bytes | None] = SimpleQueue()

    def tell(self, news: page.News) -> None:
        """Add a text message."""
        self._waiting.put(page.encode(news))

    def write(self, message: str) -> None:
        """Add a text message of somebody else's: a page may belong to more than the line."""
        self._waiting.put(message)

    def play(self, frame: bytes) -> None:
        """Add sound; dropped where the page does not keep up."""
        if self._waiting.qsize() < MOST_UNSENT_FRAMES:
            self._waiting.put(frame)

    def close(self) -> None:
        """Let `take` end."""
        self._waiting.put(None)

    def take(self) -> str | bytes | None:
        """Wait for the next message; None when there will be no more."""
        return self._waiting.get()


class Phone:
    """One open page and its person. All methods are called on the line's loop, `take` with what the page sent."""

    def __init__(
        self,
        line: Line,
        *,
        outbox: Outbox,
        voice: Voice,
        ears: Ears | None,
        desks: dict[str, "Phone"],
        agent: str = "",
    ) -> None:
        self.line = line
        self.outbox = outbox
        self.voice = voice
        self.ears = ears
        self.language = "it-IT"
        self.microphone_on = False
        # The open agents' phones by address, shared by all pages: an agent has one telephone, the one opened last.
        self._desks = desks
        self._address = f"client:{agent}" if agent else ""
        self._party: PhoneParty | None = None

    def open(self) -> None:
        """The page is there: it can be called, if it is an agent's."""
        if self._address:
            earlier = self._desks.get(self._address)
            if earlier is not None:
                earlier.outbox.tell(page.Refused(reason="taken_over"))
            self._desks[self._address] = self
            self.line.register(self._address, self.new_party)
        languages = tuple(sorted(self.ears.languages)) if self.ears else ()
        self.outbox.tell(page.Ready(address=self._address, recognises=languages))
        self.outbox.tell(page.State(state="idle"))

    def close(self) -> None:
        """The page is gone: its person has hung up."""
        if self._desks.get(self._address) is self:
            del self._desks[self._address]
            self.line.unregister(self._address)
        if self._party is not None:
            self._party.handset.hang_up()

    def new_party(self) -> "PhoneParty":
        """Give the party for a call that comes or goes."""
        return PhoneParty(self)

    def take(self, command: page.Command) -> None:
        """Do what the page asks."""
        match command:
            case page.Call():
                self._call(command)
            case page.Microphone():
                self.microphone_on, self.language = command.on, command.language
            case page.Frames():
                if self._party is not None:
                    self._party.mouth.take_microphone(command.frames)
            case page.Answer() | page.Decline() | page.HangUp() | page.Press() | page.Say():
                if self._party is None:
                    self.outbox.tell(page.Refused(reason="no_call"))
                else:
                    self._party.take(command)
            case _:
                assert_never(command)

    def claim(self, party: "PhoneParty") -> bool:
        """Let a call have the phone; False while there is another one."""
        if self._party is not None:
            return False
        self._party = party
        return True

    def release(self, party: "PhoneParty") -> bool:
        """Free the phone of a call that is over; False where that call never had it."""
        had_it = self._party is party
        if had_it:
            self._party = None
        return had_it

    def _call(self, command: page.Call) -> None:
        if self._party is not None:
            self.outbox.tell(page.Refused(reason="busy"))
            return
        self.language = command.language
        if command.to not in self.line.exchange.numbers:
            self.outbox.tell(page.Refused(reason="unknown_number", detail=command.to))
            return
        party = self.new_party()
        self.claim(party)
        self.outbox.tell(page.State(state="dialling", from_=command.from_, to=command.to))
        self.line.call(command.from_, command.to, party, quality=QUALITIES.get(command.quality))


class Mouth:
    """What a page's person gives the line: microphone, or typed words spoken by the synthesiser, one frame at a time."""

    def __init__(self) -> None:
        self._microphone: deque[bytes] = deque(maxlen=MOST_WAITING_FRAMES)
        self._typed: deque[tuple[str, deque[bytes]]] = deque()

    def take_microphone(self, frames: tuple[bytes, ...]) -> None:
        """Take sound from the microphone."""
        self._microphone.extend(frames)

    def take_typed(self, text: str, ulaw: bytes) -> None:
        """Take typed words and their sound."""
        self._typed.append((text, deque(frames_of_ulaw(ulaw))))

    @property
    def next_typed(self) -> str:
        """The typed words that are being said; "" for none."""
        return self._typed[0][0] if self._typed else ""

    def next_frame(self) -> tuple[bytes | None, str]:
        """Give the next 20 ms, or None for silence, and the typed words that end with it ("" for none).

        While typed words are said the microphone is not heard: two voices at once are none.
        """
        if not self._typed:
            return (self._microphone.popleft() if self._microphone else None), ""
        self._microphone.clear()
        text, frames = self._typed[0]
        frame = frames.popleft() if frames else None
        if frames:
            return frame, ""
        self._typed.popleft()
        return frame, text


class PhoneParty:
    """One call of a page's person."""

    wants_audio = True
    # The page listens itself: what was recognised belongs into its transcript.
    recognise_audio = False
    handset: people.Handset

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._edges = SpeechEdges()
        self._saying = ""
        self.mouth = Mouth()

    def attach(self, handset: people.Handset) -> None:
        """Keep the handset."""
        self.handset = handset

    def ring(self) -> people.RingReply:
        """Ring at the page, unless its person is in another call."""
        if not self._phone.claim(self):
            return people.Busy()
        self._tell_state("ringing")
        return people.Undecided()

    def connected(self) -> None:
        """Tell the page that the leg is up."""
        self._tell_state("connected")

    def hear_text(self, heard: people.Heard) -> None:
        """Show what is played."""
        self._phone.outbox.tell(
            page.HeardText(text=heard.text, source=heard.source.value, language=heard.language, seconds=heard.seconds)
        )

    def hear_cut(self) -> None:
        """Show that it was cut off."""
        self._phone.outbox.tell(page.Cut())

    def hear_frame(self, frame: bytes) -> None:
        """Let the page sound."""
        self._phone.outbox.play(frame)

    def next_frame(self) -> bytes | None:
        """Give what the person says."""
        typed = self.mouth.next_typed
        if typed and typed != self._saying:
            self._saying = typed
            self.handset.start_speaking()
        frame, ended = self.mouth.next_frame()
        if ended:
            self._saying = ""
            self.handset.finish_speaking(
                people.Words(text=ended, confidence=TYPED_CONFIDENCE), language=self._phone.language
            )
        elif not typed:
            self._listen(frame)
        return frame

    def ended(self, reason: people.Ended) -> None:
        """Tell the page that the call is over."""
        # A call that found the page's person in another one ends without the page.
        if self._phone.release(self):
            self._tell_state("ended", reason.value)

    def take(self, command: page.Answer | page.Decline | page.HangUp | page.Press | page.Say) -> None:
        """Do what the page's person does with the handset."""
        match command:
            case page.Answer():
                self.handset.answer()
            case page.Decline():
                self.handset.decline()
            case page.HangUp():
                self.handset.hang_up()
            case page.Press():
                self.handset.press(command.keys)
                self._phone.outbox.tell(page.Said(text=command.keys, how="keys"))
            case page.Say():
                self._say(command.text)
            case _:
                assert_never(command)

    def _say(self, text: str) -> None:
        language = self._phone.language
        self._phone.outbox.tell(page.Said(text=text, how="typed"))
        self._phone.line.clock.run_aside(
            lambda: self._phone.voice.speak(text, language=language, speaker=Speaker.CALLER),
            lambda ulaw: self.mouth.take_typed(text, ulaw),
        )

    def _listen(self, frame: bytes | None) -> None:
        ears = self._phone.ears
        language = self._phone.language
        if ears is None or base_language(language) not in ears.languages or not self._phone.microphone_on:
            return
        match self._edges.take_nothing() if frame is None else self._edges.take(frame):
            case Edge.BEGINS:
                self.handset.start_speaking()
            case Edge.ENDS:
                sound = self._edges.piece
                self._edges.forget()
                self._phone.line.clock.run_aside(lambda: _recognised(ears, sound, language), self._understood)
            case Edge.NOTHING:
                pass

    def _understood(self, result: tuple[str, float] | None) -> None:
        if result is None or not result[0]:
            self._phone.outbox.tell(page.Said(text="", how="unheard"))
            self.handset.finish_speaking(None, language=self._phone.language)
            return
        text, confidence = result
        self._phone.outbox.tell(page.Said(text=text, how="recognised"))
        self.handset.finish_speaking(people.Words(text=text, confidence=confidence), language=self._phone.language)

    def _tell_state(self, state: str, reason: str = "") -> None:
        self._phone.outbox.tell(page.State(state=state, from_=self.handset.from_, to=self.handset.to, reason=reason))


def _recognised(ears: Ears, sound: bytes, language: str) -> tuple[str, float] | None:
    try:
        return ears.recognise(sound, language)
    except Exception:
        # A recogniser that fails is heard as noise: the call goes on, and the person can type.
        logger.exception("the recogniser of the local line failed")
        return None
