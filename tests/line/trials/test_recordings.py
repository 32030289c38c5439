"""The draft is called with its recordings: a new one is heard as it sounds, not as the synthesiser reads its text."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import correlate

from ivr.audio import RATE_HZ, ulaw_to_pcm
from ivr.audit.store import Actor
from ivr.calls.company import FlowVersion
from ivr.database import reading_session_factory, session_factory
from ivr.editing import drafts, recording_sound, recordings
from ivr.editing.places import Change
from ivr.trials import tried
from ivr.trials.caller import CallerParty
from ivr.trials.calling import HangUp
from ivr.trials.running_here import runs_here
from ivr.trials.situations import Setting
from ivr.trials.story import TrialStory
from tests.line.trials.trying import trials_of
from tests.telephone import MONDAY_TEN, House
from tests.unit.test_recording_sound import file

PAOLO = Actor(account_id=None, name="Paolo")
KEY = "how_can_we_help"
Samples = npt.NDArray[np.float64]


@pytest.fixture
def house(new_house: Callable[..., House], tmp_path: Path) -> House:
    return new_house(models_folder=tmp_path)


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """All the sound that the caller of a trial hears, frame by frame."""
    heard: list[bytes] = []
    hear = CallerParty.hear_frame

    def listen(party: CallerParty, frame: bytes) -> None:
        heard.append(frame)
        hear(party, frame)

    monkeypatch.setattr(CallerParty, "hear_frame", listen)
    return heard


def rising() -> Samples:
    """Two seconds of a rising whistle, which is like nothing that anybody says."""
    at = np.arange(2 * RATE_HZ) / RATE_HZ
    return 0.2 * np.sin(2 * np.pi * (300 * at + 500 * at**2))


def put_in(house: House, sound: Samples) -> None:
    """Record a prompt in the draft, as its page does."""
    read = recording_sound.read(file(sound, rate_hz=RATE_HZ))
    assert isinstance(read, recording_sound.Sound), read
    with session_factory(house.engine).begin() as session:
        kept = recordings.keep(session, read, name="fischio.wav", by=PAOLO, now=MONDAY_TEN)
        change = Change(place=("prompts", "prompts", KEY, "it", "recording"), before=None, after=kept.address)
        edited = drafts.edit(session, [change], by=PAOLO, now=MONDAY_TEN, label="la voce di Paolo")
    assert isinstance(edited, drafts.Edited), edited


def draft_of(house: House) -> FlowVersion:
    trials, doors = trials_of(house), house.app.extensions["centralino"].doors
    with house.reading() as session:
        version = tried.version_of(
            session,
            trials.company,
            tried.DRAFT,
            understandings=doors.understandings,
            recordings=trials.recordings,
            now=MONDAY_TEN,
        )
    assert isinstance(version, FlowVersion), version
    return version


def called(house: House, *, sound: bool) -> TrialStory:
    with trials_of(house).open_house(draft_of(house), Setting(at=MONDAY_TEN), sound=sound) as opened:
        return opened.call((HangUp(),))


def likeness(heard: list[bytes], sound: Samples) -> float:
    """The correlation with the sound where it is most alike; 1 for the sound itself."""
    line = np.frombuffer(ulaw_to_pcm(b"".join(heard)), dtype="<i2").astype(np.float64)
    alike = np.abs(correlate(line, sound, mode="valid"))
    energy = np.convolve(line**2, np.ones(len(sound)), mode="valid")
    return float(np.max(alike / np.sqrt(np.maximum(energy, 1.0) * np.sum(sound**2))))


def test_new_recording_is_what_is_heard_when_the_draft_is_called(house: House, ear: list[bytes]) -> None:
    called(house, sound=True)
    assert likeness(ear, rising()) < 0.3
    ear.clear()
    put_in(house, rising())
    story = called(house, sound=True)
    assert likeness(ear, rising()) > 0.9
    # The story still has the words that the recording stands for.
    assert (story.heard[-1].source, story.heard[-1].prompt) == ("play", KEY), story.heard


def test_recordings_of_a_draft_are_played_where_words_go_as_words_too(house: House) -> None:
    put_in(house, rising())
    story = called(house, sound=False)
    assert KEY in [line.prompt for line in story.heard]


def test_scenarios_run_on_the_draft_with_its_recordings(house: House) -> None:
    put_in(house, rising())
    doors = house.app.extensions["centralino"].doors
    runs = runs_here(
        trials_of(house),
        doors.understandings,
        sessions=session_factory(house.engine),
        reading_sessions=reading_session_factory(house.engine),
        clock=house.clock.now,
    )
    with house.reading() as session:
        version = runs.version_of(runs.draft(session).documents)
    assert (KEY, "it") in version.recordings
