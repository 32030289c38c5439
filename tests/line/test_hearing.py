"""What is said on the line is what the recogniser hears: real speech, spoken by telephone, against one pass over the whole file.

The model is Korean, the only one that a package brings, and the speech is Italian and English: its words mean nothing, but they
are the same or they are not, and a dropped or doubled frame changes them. Both sides hear the telephone's mu-law.
"""

import json
import os
import random
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import vosk

from ivr import audio, synthesis
from ivr.intents.understanding import Understanding, load_understanding
from ivr.line.channel import QUALITIES, LineQuality
from ivr.line.legs import Leg
from ivr.line.party import Ended, Heard, SilentParty
from ivr.line.streams import MediaStream
from ivr.speech.vosk_recognizer import VoskRecognition
from tests.listeners import korean_model
from tests.telephone import House

Houses = Callable[..., House]
ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
FLOW = Path(__file__).parent / "hearing" / "shop.flow.yaml"
STREAM = {"it": "stream", "en": "carrier"}
# All recordings take hours; a sample of each set is taken unless all are asked for.
SAMPLE = None if os.environ.get("CENTRALINO_TEST_EVERY_RECORDING") else 10
# Another seed hears others.
SEED = int(os.environ.get("CENTRALINO_TEST_SEED", "3"))
LONGEST_TURN_SECONDS = 120.0


class Speaker(SilentParty):
    """A caller who says what it is given, at once."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self.heard: list[str] = []
        self.over = False

    def say(self, ulaw: bytes) -> None:
        self._frames.extend(audio.frames_of_ulaw(ulaw))

    def next_frame(self) -> bytes | None:
        return self._frames.popleft() if self._frames else None

    def hear_text(self, heard: Heard) -> None:
        self.heard.append(heard.text)

    def ended(self, reason: Ended) -> None:  # noqa: ARG002 - the form of a party
        self.over = True


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one turn became."""

    text: str
    ended: str


def stream_of(leg: Leg) -> MediaStream | None:
    return next((one for one in leg.listeners if isinstance(one, MediaStream)), None)


def listens(leg: Leg) -> bool:
    """Whether the service listens and its prompt is over."""
    return stream_of(leg) is not None and not leg.sound.playing_seconds


def is_asked(house: House, leg: Leg) -> bool:
    """Wait for the open question; False where the call is over instead."""
    speaker = leg.party
    assert isinstance(speaker, Speaker)
    assert house.run_until(lambda: speaker.over or listens(leg), LONGEST_TURN_SECONDS), speaker.heard
    return not speaker.over


def turn(house: House, leg: Leg, ulaw: bytes) -> Told:
    """Say one thing to the open question, and give what was stored."""
    speaker = leg.party
    assert isinstance(speaker, Speaker)
    house.clock.advance(0.3)
    speaker.say(ulaw)
    assert house.run_until(lambda: speaker.over or stream_of(leg) is None, LONGEST_TURN_SECONDS), speaker.heard
    kept: dict[str, Any] = json.loads(house.record(leg).heard)
    return Told(text=kept["text"], ended=kept["ended"])


def new_call(house: House, quality: LineQuality | None = None) -> Leg:
    leg = house.line.call("+393330000000", house.settings.line_number, Speaker(), quality=quality)
    assert is_asked(house, leg), leg.verbs_begun
    return leg


def told(house: House, sounds: Sequence[bytes]) -> Iterator[Told]:
    """Say one thing after the other, in as many calls as it takes: what is heard means something now and then."""
    leg = new_call(house)
    for count, ulaw in enumerate(sounds):
        if count and not is_asked(house, leg):
            leg = new_call(house)
        yield turn(house, leg, ulaw)
    leg.hang_up()
    house.wait(2)


@cache
def bare_model() -> Any:
    vosk.SetLogLevel(-1)
    return vosk.Model(str(korean_model()))


@cache
def recognition() -> VoskRecognition:
    """The service's recogniser, loaded once for all houses here."""
    return VoskRecognition({"it": korean_model()})


@pytest.fixture(scope="module", autouse=True)
def _model_goes_before_the_interpreter_does() -> Iterator[None]:
    # At the interpreter's end the library that would free it is gone already, and it complains.
    yield
    bare_model.cache_clear()
    recognition.cache_clear()


def heard_in_one_pass(ulaw: bytes) -> str:
    """What a bare recogniser makes of the whole file at once."""
    recognizer = vosk.KaldiRecognizer(bare_model(), audio.RATE_HZ)
    recognizer.AcceptWaveform(audio.ulaw_to_pcm(ulaw))
    return str(json.loads(recognizer.FinalResult())["text"])


def recordings(name: str, pattern: str) -> list[Path]:
    files = sorted(DATA.glob(pattern))
    if not files:
        pytest.skip(f"the recordings of {name} are not on this machine (../shared/data)")
    return files if SAMPLE is None else random.Random(SEED).sample(files, SAMPLE)  # noqa: S311 - a test's own order


@cache
def folder(made_in: Path) -> Path:
    """The shipped company with the test's flow."""
    shutil.copytree(ROOT / "prompts", made_in, ignore=shutil.ignore_patterns("*.py", "__pycache__"), dirs_exist_ok=True)
    shutil.copy(FLOW, made_in / "shop.flow.yaml")
    return made_in


@pytest.fixture
def hearing_house(new_house: Houses, tmp_path: Path) -> Callable[..., House]:
    """Builds a house that asks one open question and listens with the packaged model."""

    def build(**given: Any) -> House:
        return new_house(
            listening=STREAM,
            recognition=recognition(),
            prompt_voice="carrier",
            **{"prompts_folder": folder(tmp_path / "prompts"), **given},
        )

    return build


@pytest.mark.timeout(3600 if SAMPLE is None else 600)
@pytest.mark.parametrize(
    ("name", "pattern", "most_unheard"),
    [
        ("asterisk-it", "asterisk-it/carlo/*.flac", 0.0),
        ("an4", "an4/*/*.flac", 0.0),
        # Lone syllables of a third of a second, cut out of their surroundings: of 120, the detector takes 3 for no voice at all.
        ("fsdd", "fsdd/*/*.flac", 0.2),
    ],
    ids=["italian_prompts", "english_utterances", "english_digits"],
)
def test_every_word_of_a_turn_is_what_one_pass_over_the_whole_file_gives(
    hearing_house: Callable[..., House], name: str, pattern: str, most_unheard: float
) -> None:
    files = recordings(name, pattern)
    sounds = [synthesis.recording(file) for file in files]
    turns = list(told(hearing_house(), sounds))
    expected = [heard_in_one_pass(ulaw) for ulaw in sounds]
    assert len(turns) == len(files)
    assert sum(map(bool, expected)) > len(files) / 3, "the model hears next to nothing: equality would prove nothing"
    differing = [
        (one, f"{file.parent.name}/{file.name} ({one.ended}): one pass {text!r}, on the line {one.text!r}")
        for file, one, text in zip(files, turns, expected, strict=True)
        if one.text != text
    ]
    unheard = [what for one, what in differing if one.ended == "silence"]
    other = [what for one, what in differing if one.ended != "silence"]
    assert not other, f"{len(other)} of {len(files)} differ:\n" + "\n".join(other)
    assert len(unheard) <= most_unheard * len(files), f"{len(unheard)} of {len(files)} not heard:\n" + "\n".join(
        unheard
    )


# What a synthesiser says in Korean, the model's own language. The model hears Korean in it, if not the words that were written;
# that is what phrases are for: each request's are what one pass hears of it, said faster and slower than by telephone.
REQUESTS = {
    "order_status": ("주문한 물건이 어디에 있습니까", "내 주문이 언제 도착합니까"),
    "return": ("반품하고 싶습니다", "물건을 돌려보내고 싶습니다"),
}
TAUGHT_WORDS_A_MINUTE = (115, 130, 145)
SAID_WORDS_A_MINUTE = 125
REACHED = {"order_status": "Mi dispiace davvero", "return": "conosce bene i nostri prodotti"}


@cache
def in_korean(text: str, words_a_minute: int) -> bytes:
    """Korean speech as the telephone carries it."""
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("espeak-ng, which speaks Korean, is not installed here")
    made = subprocess.run(
        [program, "-v", "ko", "-s", str(words_a_minute), "--stdout", text], capture_output=True, check=True
    )
    return synthesis.recording(made.stdout)


@pytest.fixture(scope="module")
def korean_company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Understanding]:
    """A company whose two requests are known by what the model hears of them."""
    place = folder(tmp_path_factory.mktemp("korean"))
    for name, sentences in REQUESTS.items():
        heard = {heard_in_one_pass(in_korean(text, speed)) for text in sentences for speed in TAUGHT_WORDS_A_MINUTE} - {
            ""
        }
        (place / "intents" / "it" / f"{name}.txt").write_text("\n".join(sorted(heard)) + "\n", encoding="utf-8")
    return place, load_understanding(place, None)


@pytest.mark.parametrize("quality", ["good", "bad_mobile"])
@pytest.mark.parametrize("intent", REQUESTS)
def test_spoken_request_reaches_its_node_by_speech_alone(
    hearing_house: Callable[..., House], korean_company: tuple[Path, Understanding], intent: str, quality: str
) -> None:
    place, understands = korean_company
    house = hearing_house(prompts_folder=place, understands=understands)
    leg = new_call(house, QUALITIES[quality])
    said = turn(house, leg, in_korean(REQUESTS[intent][0], SAID_WORDS_A_MINUTE))
    house.wait(3)
    assert isinstance(leg.party, Speaker)
    assert any(REACHED[intent] in text for text in leg.party.heard), (said, leg.party.heard)
