"""What stands behind a sound that a caller of a trial hears: the words of a played file or of a streamed prompt."""

from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.orm import Session, sessionmaker

from ivr.calls import speaking, store
from ivr.calls.company import Company, FlowVersion
from ivr.line.party import Heard, HeardFrom
from prompts.catalogue import WordingError

_SPOKEN: Final = "/voice/spoken/"
_RECORDING: Final = "/voice/recording/"
_WAV: Final = ".wav"


class Sounding:
    """Gives sounds their words; one for a call."""

    def __init__(self, company: Company, version: FlowVersion, sessions: sessionmaker[Session]) -> None:
        self._company = company
        self._version = version
        self._sessions = sessions
        self._told_turn = 0

    def words_of(self, heard: Heard, call_id: str) -> Heard:
        """The same with its words; without any for music, tones, and what nobody knows."""
        match heard.source:
            case HeardFrom.PLAY:
                return replace(heard, text=self._played(urlsplit(heard.text).path))
            case HeardFrom.STREAM:
                return replace(heard, text=self._streamed(call_id))
            case _:
                return heard

    def _played(self, path: str) -> str:
        name = path.removesuffix(_WAV)
        if name.startswith(_SPOKEN):
            said = speaking.read_signed(self._company, name.removeprefix(_SPOKEN))
            return "" if said is None else said.text
        if name.startswith(_RECORDING):
            _, language, key = name.removeprefix(_RECORDING).split("/", 2)
            try:
                return self._version.catalogue.said(key, language=language).text
            except WordingError:
                # A recording is played without the values of its text.
                return key
        return ""

    def _streamed(self, call_id: str) -> str:
        """The words of the turn that is being said, once: its sound may begin again after a pause."""
        with self._sessions() as session:
            turns = store.turns(session, call_id)
        if not turns or turns[-1].turn == self._told_turn:
            return ""
        self._told_turn = turns[-1].turn
        return turns[-1].prompt
