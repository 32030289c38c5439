"""A person at a browser page as the caller of a trial, in real time: the line's own phone, whose calls begin in one house alone.

What is heard, recognised and shown is `ivr.line.browser`'s; how the page is reached, and who may, is the web's.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from ivr.line import party as people
from ivr.line import phone_protocol as page
from ivr.line.browser import Ears, Outbox, Phone, PhoneParty
from ivr.line.channel import QUALITIES
from ivr.line.script import HeardAt
from ivr.synthesis import installed_voice
from ivr.trials import faulty
from ivr.trials.house import TrialHouse
from ivr.trials.situations import Trouble
from ivr.trials.story import NOTHING, TrialStory

# The one message of the socket that the line's phone does not know: what has become of the call so far.
STORY: Final = "story"


class TrialPhone(Phone):
    """One open page in one house. All methods but `story` are called on the line's loop."""

    def __init__(self, house: TrialHouse, *, outbox: Outbox, ears: Ears | None) -> None:
        super().__init__(house.line, outbox=outbox, voice=installed_voice(), ears=ears, desks={})
        self.house = house
        self.language = house.locale
        self.party: TrialParty | None = None

    def dial(self) -> None:
        """Call the line as the trial's caller; a second call of the house can begin once the first is over."""
        quality = faulty.quality_of(self.house.setting)
        named = next((name for name, one in QUALITIES.items() if one == quality), "")
        self.take(
            page.Call(
                to=self.house.company.line_number, from_=self.house.number, language=self.house.locale, quality=named
            )
        )

    def new_party(self) -> "TrialParty":
        """Give the party for a call."""
        self.party = TrialParty(self)
        return self.party

    def take(self, command: page.Command) -> None:
        """Do what the page asks."""
        if isinstance(command, page.HangUp) and self.party is not None and self.party.reason is None:
            self.party.has_hung_up = True
        super().take(command)

    def story(self, language: str) -> TrialStory:
        """What has become of the call; from any thread."""
        party = self.party
        if party is None or not party.call_id:
            return NOTHING
        return self.house.story(party.call_id, party, language=language)


class TrialParty(PhoneParty):
    """One call of a trial's page; it keeps what is heard."""

    def __init__(self, phone: TrialPhone) -> None:
        super().__init__(phone)
        self._house = phone.house
        self._sounding = phone.house.sounding()
        self.transcript: list[HeardAt] = []
        self.reason: people.Ended | None = None
        self.has_hung_up = False
        self.call_id = ""

    def attach(self, handset: people.Handset) -> None:
        """Keep the handset, whose words reach nobody where the recogniser is down."""
        is_deaf = self._house.setting.has(Trouble.RECOGNISER_DOWN)
        super().attach(_Unheard(handset) if is_deaf else handset)
        self.call_id = handset.sid

    def hear_text(self, heard: people.Heard) -> None:
        """Write it down and show it, with the words of what sounds."""
        worded = self._sounding.words_of(heard, self.call_id)
        self.transcript.append(HeardAt(heard=worded, at_seconds=self._house.clock.microseconds / 1_000_000))
        super().hear_text(worded)

    def ended(self, reason: people.Ended) -> None:
        """Keep why."""
        self.reason = reason
        super().ended(reason)


class _Unheard:
    """A handset whose words nobody recognises."""

    def __init__(self, handset: people.Handset) -> None:
        self._handset = handset

    def finish_speaking(self, _words: people.Words | None, *, language: str = "") -> None:
        """End to speak: it was noise."""
        self._handset.finish_speaking(None, language=language)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handset, name)


def told(story: TrialStory, scenario: Mapping[str, Any]) -> str:
    """The message that tells a page of a story, and of the scenario that it makes so far."""
    return json.dumps({"type": STORY, "story": story.as_json(), "scenario": scenario}, ensure_ascii=False)
