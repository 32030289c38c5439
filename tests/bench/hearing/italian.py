"""Italian by ear: spoken requests and human prompts through the telephone channel and our whole path, beside Whisper alone.

Whole path: media messages as JSON -> Listening -> Whisper -> intent and order number. Alone: the same telephone sound in one
piece. Both hear each file one after the other, so that what else the machine does touches both alike.
"""

import csv
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import soundfile
from num2words import num2words
from rich.console import Console
from rich.table import Table

from ivr import audio
from ivr.calls.open_question import OpenQuestion
from ivr.calls.words_wanted import WordsWanted
from ivr.commands.trial_model import joined_whisper
from ivr.flow.steps import Expect
from ivr.intents.encoders import EncoderMissing, load_encoder
from ivr.intents.meaning import Intent
from ivr.intents.understanding import Understanding, load_understanding
from ivr.intents.words import normalise
from ivr.speech.end_of_speech import AnswerKind
from ivr.speech.listening import Listening, Question
from ivr.speech.recognizer import Heard, NoModel, Recognizer
from ivr.speech.whisper_recognizer import WhisperRecognition
from tests.bench.hearing.carrier import beginning, media
from tests.bench.hearing.italian_voices import Voice, italian_voices, telephone
from tests.bench.results import Figure

ROOT = Path(__file__).parents[3]
PHRASES = ROOT / "tests" / "bench" / "phrases" / "spoken_it.tsv"
HUMAN = ROOT.parent / "shared" / "data" / "asterisk-it"
MODELS = Path("build/models")
SEED = 3
# Every phrase by the first voice, so many by each other, so many prompts of a human; by then the bench is some minutes old.
OF_EACH_OTHER, OF_HUMAN = 26, 40
LONGEST_SECONDS = 420.0
LONGEST_PROMPT_SECONDS = 8.0  # a caller's answer is no recitation
QUIET_BEFORE, QUIET_AFTER_SECONDS = 0.6, 6.0
GOAL_POINTS = 2.0
CALL = "CA" + "0" * 32
_KINDS = {
    "request": AnswerKind.REQUEST,
    "yes_no": AnswerKind.YES_NO,
    "order_number": AnswerKind.DIGITS,
    "digit": AnswerKind.DIGITS,
}


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One utterance as it comes over the telephone."""

    voice: str
    question: str  # request, yes_no, order_number, digit, or prompt for a human's recorded one
    intent: str
    order_number: str
    text: str
    ulaw: bytes = field(repr=False)


@dataclass(kw_only=True)
class Score:
    """What was right and wrong, summed."""

    words: int = 0
    errors: int = 0
    errors_alone: int = 0
    intents: int = 0
    intents_right: int = 0
    numbers: int = 0
    numbers_right: int = 0
    utterances: int = 0

    def add(self, other: "Score") -> None:
        """Sum."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What hears and understands."""

    recognition: WhisperRecognition
    understanding: Understanding
    words_wanted: Mapping[str, tuple[str, ...]]

    def score(self, spoken: Spoken) -> Score:
        """Hear one utterance both ways."""
        ours, alone = self.ours(spoken), self.alone(spoken)
        truth = spelled(spoken.text)
        score = Score(words=len(truth), utterances=1)
        score.errors, score.errors_alone = distance(truth, spelled(ours)), distance(truth, spelled(alone))
        if spoken.question == "prompt":
            return score
        meaning = self.understanding.understand(
            ours,
            "it",
            expected=("yes", "no") if spoken.question == "yes_no" else (),
            slot={"order_number": "order_number", "digit": "score"}.get(spoken.question, ""),
        )
        if spoken.question in {"request", "yes_no"}:
            named = meaning.name if isinstance(meaning, Intent) else ""
            score.intents, score.intents_right = 1, int(named == spoken.intent)
        if spoken.order_number:
            slot = "score" if spoken.question == "digit" else "order_number"
            score.numbers, score.numbers_right = 1, int(str(meaning.slots.get(slot, "")) == spoken.order_number)
        return score

    def ours(self, spoken: Spoken) -> str:
        """The text of the turn."""
        phrases = self.words_wanted.get(spoken.question, ())
        session = self._session(phrases, only_phrases=spoken.question in {"yes_no", "order_number", "digit"})
        is_prompt = spoken.question == "prompt"
        question = Question(
            kind=_KINDS.get(spoken.question, AnswerKind.REQUEST),
            language="it",
            # A recited prompt has pauses in it: here its words are counted, not where it ends.
            after_words_seconds=4.0 if is_prompt else None,
            longest_seconds=60.0 if is_prompt else None,
        )
        listening = Listening(question, session)
        for message in beginning(CALL):
            listening.accept(message)
        line = quiet(QUIET_BEFORE) + spoken.ulaw + quiet(QUIET_AFTER_SECONDS)
        for number, frame in enumerate(audio.frames_of_ulaw(line)):
            turn = listening.accept(media(CALL, number, frame)).turn
            if turn is not None:
                return turn.text
        return listening.close().text

    def alone(self, spoken: Spoken) -> str:
        """The text of the file in one piece, without any of ours."""
        session = self._session((), only_phrases=False)
        session.accept(audio.ulaw_to_pcm(spoken.ulaw))
        heard = session.finish()
        return heard.text if isinstance(heard, Heard) else ""

    def _session(self, phrases: tuple[str, ...], *, only_phrases: bool) -> Recognizer:
        session = self.recognition.open("it", rate_hz=audio.RATE_HZ, phrases=phrases, only_phrases=only_phrases)
        if isinstance(session, NoModel):
            raise SystemExit(session.reason)
        return session


def quiet(seconds: float) -> bytes:
    """A line on which nobody speaks."""
    return bytes([audio.ULAW_SILENCE]) * round(seconds * audio.RATE_HZ)


def spelled(text: str) -> list[str]:
    """The words of a text, numbers as they are said: up to two digits as a number, more of them digit by digit."""
    words = re.sub(r"\d+", lambda found: f" {_said(found[0])} ", normalise(text).replace("'", " "))
    return words.split()


def _said(digits: str) -> str:
    one_number = len(digits) <= 2 and not digits.startswith("0")
    return " ".join(num2words(int(part), lang="it") for part in ([digits] if one_number else digits))


def distance(truth: Sequence[str], heard: Sequence[str]) -> int:
    """Word errors: the least number of words to put in, leave out or change (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(truth, start=1):
        diagonal, row[0] = row[0], at
        for place, other in enumerate(heard, start=1):
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
    return row[-1]


def phrases() -> list[tuple[str, str, str, str]]:
    """The phrases of the bench: question, intent, order number, text."""
    lines = PHRASES.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(question, intent, number, text) for question, intent, number, text in rows]


def spoken_by(voices: Mapping[str, Voice]) -> Iterable[Spoken]:
    """All phrases by the first voice, a sample by each other."""
    rows, chosen = phrases(), random.Random(SEED)  # noqa: S311 - a choice of phrases
    for place, (name, voice) in enumerate(voices.items()):
        for question, intent, number, text in rows if place == 0 else chosen.sample(rows, OF_EACH_OTHER):
            pcm, rate_hz = voice(text)
            yield Spoken(
                voice=name,
                question=question,
                intent=intent,
                order_number=number,
                text=text,
                ulaw=telephone(pcm, rate_hz),
            )


def by_a_human() -> Iterable[Spoken]:
    """A sample of the recorded prompts whose text holds words alone."""
    if not HUMAN.is_dir():
        return
    with (HUMAN / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["has_digits"] == "0" and _is_plain(row)]
    for row in random.Random(SEED).sample(rows, OF_HUMAN):  # noqa: S311 - a choice of prompts
        samples, rate_hz = soundfile.read(HUMAN / row["file"], dtype="int16")
        yield Spoken(
            voice="a human (prompts)",
            question="prompt",
            intent="",
            order_number="",
            text=row["text"],
            ulaw=telephone(samples.tobytes(), int(rate_hz)),
        )


def _is_plain(row: Mapping[str, str]) -> bool:
    # Some rows of the list hold the texts of several prompts: "confbridge-mute-in: ...".
    return float(row["seconds"]) <= LONGEST_PROMPT_SECONDS and ":" not in row["text"] and len(row["text"].split()) > 1


def figures() -> list[Figure]:
    """Measure, print the table, and give the two figures; none where the model is absent."""
    console = Console()
    joined = joined_whisper(MODELS)
    if isinstance(joined, NoModel):
        console.print(f"[yellow]skipped: {joined.reason}")
        return []
    voices, absent = italian_voices()
    for sentence in [*absent, *([] if HUMAN.is_dir() else ["the human prompts are not beside the clone"])]:
        console.print(f"[yellow]left out: {sentence}")
    bench = _bench(WhisperRecognition(str(joined.folder)))
    utterances = [*spoken_by(voices), *by_a_human()]
    # Mixed, so that a bench that runs out of time has still heard of each.
    random.Random(SEED).shuffle(utterances)  # noqa: S311 - an order
    scores: defaultdict[tuple[str, str], Score] = defaultdict(Score)
    began = monotonic()
    for done, spoken in enumerate(utterances, start=1):
        scores[spoken.voice, spoken.question].add(bench.score(spoken))
        if monotonic() - began > LONGEST_SECONDS:
            console.print(f"[yellow]after {LONGEST_SECONDS:.0f} s, {done} of {len(utterances)} utterances were heard")
            break
    _tell(console, scores)
    return _figures(list(scores.values()))


def _bench(recognition: WhisperRecognition) -> Bench:
    try:
        encoder = load_encoder("packaged")
    except EncoderMissing:
        encoder = None
    understanding = load_understanding(ROOT / "prompts", encoder, cache_folder=MODELS)
    wanted = WordsWanted(understanding.book)
    return Bench(
        recognition=recognition,
        understanding=understanding,
        words_wanted={
            "yes_no": wanted.phrases(OpenQuestion(expect=Expect.YES_NO), "it"),
            "order_number": wanted.phrases(OpenQuestion(expect=Expect.DIGITS, slot="order_number"), "it"),
            "digit": wanted.phrases(OpenQuestion(expect=Expect.DIGITS, slot="score"), "it"),
        },
    )


def _figures(scores: Sequence[Score]) -> list[Figure]:
    total = Score()
    for score in scores:
        total.add(score)
    added = 100 * (total.errors - total.errors_alone) / total.words
    how = f"{total.utterances} utterances, {total.words} words; Whisper base, int8; alone {total.errors_alone / total.words:.3f}"
    return [
        Figure(
            name="italian_wer_added_points",
            value=round(added, 2),
            unit="points",
            goal=f"<= {GOAL_POINTS:g}",
            holds=added <= GOAL_POINTS,
            how=how,
        ),
        Figure(
            name="italian_intent_accuracy",
            value=round(total.intents_right / max(1, total.intents), 3),
            unit="share",
            goal="",
            holds=None,
            how=f"{total.intents} requests and answers; order numbers and scores {total.numbers_right} of {total.numbers}",
        ),
    ]


def _tell(console: Console, scores: Mapping[tuple[str, str], Score]) -> None:
    table = Table(
        "voice",
        "question",
        "utterances",
        "word errors",
        "alone",
        "intents right",
        "numbers right",
        title="Italian by ear",
    )
    for (voice, question), score in sorted(scores.items()):
        table.add_row(
            voice,
            question,
            str(score.utterances),
            f"{score.errors / max(1, score.words):.3f}",
            f"{score.errors_alone / max(1, score.words):.3f}",
            f"{score.intents_right} of {score.intents}" if score.intents else "",
            f"{score.numbers_right} of {score.numbers}" if score.numbers else "",
        )
    console.print(table)
