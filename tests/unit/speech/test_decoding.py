"""Decoding on threads of its own: whoever feeds never waits, turns go in fair order, and a machine at its limit says so."""

import gc
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, get_ident
from time import monotonic, sleep

import pytest

from ivr.speech.decoding import Decoding, Loading
from ivr.speech.load import Admitted, Limits
from ivr.speech.recognizer import (
    Busy,
    Heard,
    Hearsay,
    Loaded,
    NoModel,
    NotHeard,
    Progress,
    Recognition,
    Recognizer,
)
from ivr.speech.scripted import Fails, Hears, IsBusy, Lacks, ScriptedRecognition
from ivr.speech.turns_waiting import Patience
from tests.listeners import KOREAN, fresh_text, korean_recognition, quiet, spoken

SECOND = quiet(1.0)


class Slow:
    """A recognition that takes a while for each piece, holds back when told to, and keeps what was done by which thread."""

    def __init__(self, *, piece_seconds: float = 0.0) -> None:
        self.piece_seconds = piece_seconds
        self.may_decode = Event()
        self.may_decode.set()
        self.pieces: list[tuple[int, int]] = []  # number of the turn, bytes
        self.threads: set[int] = set()
        self.opened = 0
        self.finished: list[int] = []
        self.lock = Lock()

    def open(
        self, language: str, *, rate_hz: int, phrases: tuple[str, ...] = (), only_phrases: bool = False
    ) -> Recognizer | NoModel | Busy:
        assert (language, rate_hz, phrases, only_phrases) == ("it", 8000, (), False)
        with self.lock:
            self.opened += 1
            return SlowTurn(self, self.opened)

    def load(self, language: str, progress: Progress) -> Loaded | NoModel:
        progress(language)
        return Loaded()


class SlowTurn:
    def __init__(self, slow: Slow, number: int) -> None:
        self.slow = slow
        self.number = number
        self.is_used = Lock()
        self.length = 0

    def accept(self, pcm: bytes) -> str:
        assert self.is_used.acquire(blocking=False), "two threads decode one turn"
        assert self.slow.may_decode.wait(30)
        sleep(self.slow.piece_seconds)
        with self.slow.lock:
            self.slow.pieces.append((self.number, len(pcm)))
            self.slow.threads.add(get_ident())
        self.length += len(pcm)
        self.is_used.release()
        return f"{self.length / 16000:.1f}"

    def finish(self) -> Hearsay:
        with self.slow.lock:
            self.slow.finished.append(self.number)
        return Heard(text=f"{self.length / 16000:.1f}", confidence=1.0)


Decodings = Callable[..., Decoding]


@pytest.fixture
def decodings() -> Iterator[Decodings]:
    """Make decodings whose threads end with the test."""
    made: list[Decoding] = []

    def make(recognition: Recognition, **more: object) -> Decoding:
        decoding = Decoding(recognition, **({"languages": ["it"], "threads": 2} | more))  # type: ignore[arg-type] # a test's own
        made.append(decoding)
        assert decoding.wait_until_loaded(60)
        return decoding

    yield make
    for decoding in made:
        decoding.close()


def opened(decoding: Decoding, language: str = "it") -> Recognizer:
    session = decoding.open(language, rate_hz=8000)
    assert not isinstance(session, NoModel | Busy), session
    return session


def until(happened: Callable[[], bool]) -> None:
    ends = monotonic() + 30
    while not happened():
        assert monotonic() < ends, "it never happened"
        sleep(0.01)


def test_whoever_feeds_sound_does_not_wait_for_it_to_be_decoded(decodings: Decodings) -> None:
    slow = Slow()
    slow.may_decode.clear()
    session = opened(decodings(slow))
    assert [session.accept(SECOND) for _ in range(3)] == ["", "", ""]
    slow.may_decode.set()
    assert session.finish() == Heard(text="3.0", confidence=1.0)
    assert get_ident() not in slow.threads


def test_words_so_far_are_those_of_the_last_piece_decoded(decodings: Decodings) -> None:
    session = opened(decodings(Slow()))
    session.accept(SECOND)
    until(lambda: session.accept(b"") == "1.0")


def test_sound_is_decoded_in_order_and_each_turn_by_one_thread_at_a_time(decodings: Decodings) -> None:
    slow = Slow(piece_seconds=0.002)
    decoding = decodings(slow, threads=3)
    with ThreadPoolExecutor(8) as callers:
        heard = list(callers.map(lambda _: _spoken_in_frames(opened(decoding)), range(8)))
    assert heard == [Heard(text="2.0", confidence=1.0)] * 8
    assert len(slow.threads) == 3


def _spoken_in_frames(session: Recognizer) -> Hearsay:
    for _ in range(100):
        session.accept(bytes(320))
    return session.finish()


def test_turns_take_their_turns_piece_by_piece(decodings: Decodings) -> None:
    slow = Slow()
    slow.may_decode.clear()
    decoding = decodings(slow, threads=1)
    turns = [opened(decoding) for _ in range(3)]
    turns[0].accept(SECOND)
    until(lambda: slow.opened == 1)
    for turn in turns[1:]:
        turn.accept(SECOND)
    slow.may_decode.set()
    # A second has two pieces and a half, and what is shorter than a step waits for more.
    until(lambda: len(slow.pieces) == 9)
    assert [number for number, _ in slow.pieces] == [1, 2, 3] * 3


def test_who_has_finished_speaking_goes_first(decodings: Decodings) -> None:
    slow = Slow()
    slow.may_decode.clear()
    decoding = decodings(slow, threads=1)
    turns = [opened(decoding) for _ in range(3)]
    turns[0].accept(SECOND)
    until(lambda: slow.opened == 1)
    turns[1].accept(SECOND)
    turns[2].accept(SECOND[:6400])
    with ThreadPoolExecutor(1) as callers:
        ending = callers.submit(turns[2].finish)
        until(lambda: bool(decoding._workers._ending))
        slow.may_decode.set()
        assert ending.result(30) == Heard(text="0.4", confidence=1.0)
    until(lambda: len(slow.pieces) == 7)
    # The second is the third to be opened: a recogniser is opened when its turn's first sound is decoded.
    assert [number for number, _ in slow.pieces][:2] == [1, 2]
    assert slow.pieces[1] == (2, 6400)


def test_a_turn_in_which_nobody_spoke_opens_no_recogniser(decodings: Decodings) -> None:
    slow = Slow()
    assert opened(decodings(slow)).finish() == Heard(text="", confidence=None)
    assert slow.opened == 0


@pytest.mark.parametrize(
    ("line", "heard"),
    [
        (Fails(reason="broke down"), NotHeard(reason="broke down")),
        (Lacks(reason="no model"), NotHeard(reason="no model")),
        (IsBusy(reason="full"), NotHeard(reason="full")),
        (Hears(text=""), Heard(text="", confidence=None)),
    ],
)
def test_what_the_recogniser_says_comes_back(decodings: Decodings, line: Fails | Lacks | Hears, heard: Hearsay) -> None:
    session = opened(decodings(ScriptedRecognition([line])))
    session.accept(SECOND)
    assert session.finish() == heard


class Raising(Slow):
    """Breaks the port's promise."""

    def open(self, *_args: object, **_more: object) -> Recognizer | NoModel | Busy:
        raise RuntimeError("a bug")


def test_a_recogniser_that_raises_costs_its_turn_and_no_thread(
    decodings: Decodings, caplog: pytest.LogCaptureFixture
) -> None:
    raising = Raising()
    decoding = decodings(raising, threads=1)
    for _ in range(3):
        session = opened(decoding)
        session.accept(SECOND)
        assert session.finish() == NotHeard(reason="the recogniser raised RuntimeError")
    assert "a recogniser raised" in caplog.messages
    assert decoding.figures().open_turns == 0


# Late


def test_a_turn_whose_sound_waits_too_long_is_given_up_and_counted(decodings: Decodings) -> None:
    slow = Slow()
    slow.may_decode.clear()
    decoding = decodings(slow, threads=1, patience=Patience(longest_wait_seconds=0.2))
    session = opened(decoding)
    session.accept(SECOND)
    sleep(0.25)
    session.accept(SECOND)
    found = session.finish()
    assert isinstance(found, NotHeard)
    assert found.reason.startswith("decoding is late: its sound has waited for 0.")
    assert decoding.figures().late_turns == 1
    slow.may_decode.set()
    until(lambda: slow.finished == [1])  # what it held is let go all the same


def test_the_end_of_a_turn_is_waited_for_but_not_for_ever(decodings: Decodings) -> None:
    slow = Slow()
    slow.may_decode.clear()
    decoding = decodings(slow, patience=Patience(finish_seconds=0.2))
    session = opened(decoding)
    session.accept(SECOND)
    began = monotonic()
    assert session.finish() == NotHeard(reason="decoding is late: its end was not decoded in 0 s")
    assert monotonic() - began < 5
    assert (decoding.figures().late_turns, decoding.figures().open_turns) == (1, 0)
    slow.may_decode.set()
    until(lambda: slow.finished == [1])


def test_sound_does_not_pile_up_without_end(decodings: Decodings) -> None:
    slow = Slow()
    slow.may_decode.clear()
    decoding = decodings(slow, threads=1, patience=Patience(most_sound_seconds=3))
    session = opened(decoding)
    for _ in range(6):
        session.accept(SECOND)
    assert session.finish() == NotHeard(reason="decoding is late: more sound waits to be decoded than a turn has")
    slow.may_decode.set()


def test_a_turn_whose_socket_died_is_let_go_and_counted(decodings: Decodings) -> None:
    slow = Slow()
    decoding = decodings(slow)
    session = opened(decoding)
    session.accept(SECOND)
    until(lambda: bool(slow.pieces))
    del session
    gc.collect()
    until(lambda: decoding.figures().abandoned_turns == 1)
    until(lambda: slow.finished == [1])
    assert decoding.figures().open_turns == 0


def test_turns_that_are_open_when_the_service_stops_come_back_as_not_heard(decodings: Decodings) -> None:
    decoding = decodings(Slow())
    before, after = opened(decoding), opened(decoding)
    before.accept(SECOND)
    decoding.close()
    assert before.finish() == NotHeard(reason="the service is stopping")
    after.accept(SECOND)
    assert after.finish() == NotHeard(reason="the service is stopping")
    assert not any(thread.is_alive() for thread in decoding._workers._threads)


# Admission


def test_an_overloaded_machine_admits_nobody_until_it_is_free_again(
    decodings: Decodings, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Slow()
    slow.may_decode.clear()
    clock = Clock()
    decoding = decodings(slow, threads=1, clock=clock)
    assert decoding.way("it") == Admitted()
    first, second = opened(decoding), opened(decoding)
    first.accept(SECOND)
    until(lambda: slow.opened == 1)
    second.accept(SECOND)
    clock.seconds += 3.0  # the only thread is busy all the time, and the second turn waits for it
    way = decoding.way("it")
    assert way == Busy(reason="sound has just waited 3.0 s to be decoded (limit 1.5 s)")
    assert decoding.open("it", rate_hz=8000) == way
    slow.may_decode.set()
    assert (first.finish(), second.finish()) == (Heard(text="1.0", confidence=1.0),) * 2
    assert isinstance(decoding.way("it"), Busy)
    for _ in range(30):
        clock.seconds += 0.5
        decoding.figures()
    assert decoding.way("it") == Admitted()
    assert decoding.figures().refused_turns == 3
    # Whoever made a whole service before in this process has asked for more of the log.
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == [
        "no more turns are listened to for now: sound has just waited 3.0 s to be decoded (limit 1.5 s)",
        "turns are listened to again",
    ]


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_threads_that_are_busy_all_the_time_admit_nobody(decodings: Decodings) -> None:
    # Slow recognition on a real thread: four callers bring four times what it can decode.
    slow = Slow(piece_seconds=0.05)
    decoding = decodings(
        slow,
        threads=1,
        limits=Limits(full_share=0.5, free_share=0.4, full_wait_seconds=99),
        patience=Patience(longest_wait_seconds=60, finish_seconds=60),
    )
    turns = [opened(decoding) for _ in range(4)]
    ends = monotonic() + 30
    while isinstance(decoding.way("it"), Admitted):
        assert monotonic() < ends
        for turn in turns:
            turn.accept(SECOND[:6400])
        sleep(0.05)
    way = decoding.way("it")
    assert isinstance(way, Busy)
    assert way.reason.startswith("the decoding threads are ")
    assert all(isinstance(turn.finish(), Heard) for turn in turns)


def test_turns_that_are_about_to_speak_count_before_they_do(decodings: Decodings) -> None:
    decoding = decodings(Slow(), threads=1)
    turns = []
    while len(turns) < 100:
        turn = decoding.open("it", rate_hz=8000)
        if isinstance(turn, Busy):
            break
        turns.append(turn)
    assert 5 < len(turns) < 100
    for turn in turns:
        assert not isinstance(turn, NoModel)
        turn.finish()
    until(lambda: decoding.way("it") == Admitted())


# Models


class Gated(Slow):
    """Loads when it is told to, and has no model for English."""

    def __init__(self) -> None:
        super().__init__()
        self.may_load = Event()

    def load(self, language: str, progress: Progress) -> Loaded | NoModel:
        progress(f"the model for {language!r} is at its half")
        assert self.may_load.wait(30)
        if language == "de":
            raise MemoryError("too large")
        return NoModel(reason="no folder") if language == "en" else Loaded()


def test_models_load_aside_and_their_languages_are_told_to_be_loading(caplog: pytest.LogCaptureFixture) -> None:
    gated = Gated()
    with caplog.at_level(logging.INFO):
        decoding = Decoding(gated, languages=["it", "en", "de"], threads=1)
        assert decoding.way("it") == Loading()
        assert decoding.open("it", rate_hz=8000) == Busy(reason="the model for 'it' is still being loaded")
        assert decoding.loaded() == {"it": False, "en": False, "de": False}
        assert not decoding.wait_until_loaded(0.01)
        gated.may_load.set()
        assert decoding.load("it", lambda _message: None) == Loaded()
    assert decoding.loaded() == {"it": True, "en": True, "de": True}
    assert decoding.way("it") == Admitted()
    assert decoding.way("en") == NoModel(reason="no folder")
    assert decoding.way("de") == NoModel(reason="the model for 'de' could not be loaded: too large")
    assert decoding.way("fr") == NoModel(reason="no model for 'fr' is among those that are loaded at start")
    assert decoding.open("en", rate_hz=8000) == NoModel(reason="no folder")
    assert "the model for 'it' is at its half" in caplog.messages
    assert "speech model 2 of 3, for 'en'" in caplog.messages
    decoding.close()


# With a real model


def test_four_calls_on_two_threads_hear_what_a_fresh_recogniser_hears(decodings: Decodings) -> None:
    decoding = decodings(
        korean_recognition(), languages=[KOREAN], patience=Patience(longest_wait_seconds=60, finish_seconds=60)
    )
    said = [spoken(text) for text in ("vorrei un rimborso", "no grazie", "ordine quarantadue", "dov'è il mio ordine")]
    turns = [opened(decoding, KOREAN) for _ in said]
    longest = max(len(pcm) for pcm in said)
    for start in range(0, longest, 320):
        for turn, pcm in zip(turns, said, strict=True):
            turn.accept(pcm[start : start + 320])
    found = [turn.finish() for turn in turns]
    assert [one.text for one in found if isinstance(one, Heard)] == [fresh_text(pcm) for pcm in said]
    assert decoding.figures().decoded_turns == 4
