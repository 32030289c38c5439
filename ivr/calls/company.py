"""What the conductor works with, chosen once at start by `ivr.app`: versions, understanding, hours, addresses, queue rules."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ivr.calls.callback_rules import DEFAULT_RULES as DEFAULT_CALLBACK_RULES
from ivr.calls.callback_rules import CallbackRules
from ivr.calls.drawing import random_digits
from ivr.calls.voice_parts import VoiceParts
from ivr.calls.words_wanted import WordsWanted
from ivr.company.live import LiveSettings
from ivr.connectors.lookups import Lookups
from ivr.flow.definition import Flow
from ivr.intents.understanding import Understanding
from prompts.catalogue import Catalogue
from prompts.desk_book import DeskBook
from routing.hours import Hours
from routing.waiting import DEFAULT_RULES, Rules

CARRIER = "carrier"
STREAM = "stream"
# How a call is listened to whose recognition here has failed: by the carrier, to its end.
GIVEN_UP = "given_up"

# The queue that every call waits in; who takes which call is routing's work, not the carrier's.
QUEUE = "centralino"


@dataclass(frozen=True, kw_only=True)
class FlowVersion:
    """A flow and its wording, which a call keeps from its first prompt to its end."""

    number: int
    flow: Flow
    catalogue: Catalogue
    author: str = ""
    note: str = ""
    # The files that are played in place of a prompt, by key and language; only those that are there.
    recordings: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    understanding: Understanding | None = None  # of its own phrases; None: the company's

    @cached_property
    def words_wanted(self) -> WordsWanted | None:
        """The words that fit each question, drawn from the version's own phrases."""
        return None if self.understanding is None else WordsWanted(self.understanding.book)


class Published(Mapping[int, FlowVersion]):
    """Versions of which one is live at a moment, as `ivr.editing` keeps them."""

    @abstractmethod
    def live(self, session: Session, now: datetime) -> int:
        """The version that a call which begins now gets."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The service's own addresses, as the carrier reaches them."""

    public_url: str

    def voice(self, path: str) -> str:
        """The address of a webhook."""
        return f"{self.public_url}/voice/{path}"

    @property
    def socket(self) -> str:
        """The address of the media socket."""
        return self._socket("media")

    @property
    def voice_socket(self) -> str:
        """The address of the socket that takes a call's sound for the voice alone."""
        return self._socket("evidence")

    def _socket(self, path: str) -> str:
        return "ws" + self.voice(path).removeprefix("http")


@dataclass(frozen=True, kw_only=True)
class Company:
    """Everything about the company that a call needs; what changes while it runs is asked at each use."""

    versions: Mapping[int, FlowVersion]
    live_version: int  # that calls begin with where nobody publishes: in a trial, and before the first publication
    understanding: Understanding
    own: LiveSettings  # what admins set while it runs: read at each use, and never kept
    addresses: Addresses
    listening: Mapping[str, str]  # language -> carrier or stream
    agent_ring_seconds: int = 20
    routing_rules: Rules = field(default=DEFAULT_RULES)
    callback_rules: CallbackRules = field(default=DEFAULT_CALLBACK_RULES)
    token_key: bytes = b""  # binds a media socket to its call and turn, and signs the addresses of spoken prompts
    spoken_here: frozenset[str] = frozenset()  # languages whose prompts are said in our own voice
    voice: VoiceParts | None = None  # None: no voice is looked at, and none proves anything
    desk_book: DeskBook = field(default_factory=DeskBook)  # what agents choose from and read aloud
    lookups: Lookups = field(default_factory=Lookups)  # where orders and customers are kept, if elsewhere
    draw_digits: Callable[[int], str] = field(default=random_digits)  # for proofs that are good once

    @property
    def hours(self) -> Hours:
        """When the line is open, as it stands now."""
        return self.own.now().hours

    @property
    def line_number(self) -> str:
        """The number that the line calls from, E.164, shown to agents and in messages."""
        return self.own.now().line_number

    @property
    def default_language(self) -> str:
        """The language of a call until the caller shows another."""
        return self.own.now().default_language

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return self.own.last.hours.zone

    @cached_property
    def words_wanted(self) -> WordsWanted:
        """The words that fit each question, drawn from the phrases of the company's intents."""
        return WordsWanted(self.understanding.book)

    def words_wanted_of(self, version: FlowVersion) -> WordsWanted:
        """The words that fit each question, drawn from the phrases of a version's intents."""
        return version.words_wanted or self.words_wanted

    def understanding_of(self, version: FlowVersion) -> Understanding:
        """What understands the callers of a version."""
        return version.understanding or self.understanding

    def live(self, session: Session, now: datetime) -> int:
        """The version that a call which begins now gets: one short read where versions are published."""
        return self.versions.live(session, now) if isinstance(self.versions, Published) else self.live_version

    def version(self, number: int) -> FlowVersion:
        """A version that a call began with; raises KeyError where it is gone."""
        return self.versions[number]

    def day_part(self, now: datetime) -> str:
        """Which greeting fits: morning, afternoon or evening, in the company's time zone."""
        hour = now.astimezone(self.zone).hour
        if hour < 13:  # noqa: PLR2004 - Italian usage: buongiorno until after lunch
            return "morning"
        return "afternoon" if hour < 18 else "evening"  # noqa: PLR2004 - buonasera from six on at the latest
