"""How one utterance is heard with a loaded Whisper model: the window, the readings, and what is taken for nothing said.

Two ways to hear: freely, and as the likeliest of the phrases that fit the question. The second is taken where the sound speaks
nearly as well for it; both are kept. Equal sound gives equal text: nothing is sampled.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ivr.speech.recognizer import Heard, Reading, Word

RATE_HZ: Final = 16000  # Whisper's own
FREE: Final = "whisper"
RESTRICTED: Final = "whisper restricted"

# Whisper's encoder is taught on windows of 30 s and pads to them. Measured on telephone-band Italian (40 of Asterisk's prompts,
# 40 requests in four made voices): a window of 10 s, and 5 s beyond longer utterances, takes 0.55 s of a core where 30 s take
# 1.58, with word errors of 0.27 for 0.31 and 0.13 for 0.14.
_FRAMES_A_SECOND: Final = 100
_LEAST_WINDOW_SECONDS: Final = 10.0
_ROOM_SECONDS: Final = 5.0
_LONGEST_WINDOW_SECONDS: Final = 30.0

# Whisper's own defaults (openai/whisper, transcribe.py): beam of 5; text of which gzip keeps less than 1 / 2.4 is a loop; a
# window with "no speech" above 0.6 whose text has a mean log probability below -1 is silence.
_BEAM: Final = 5
_LOOP_COMPRESSION: Final = 2.4
_SILENCE_PROBABILITY: Final = 0.6
_SILENCE_LOG_PROBABILITY: Final = -1.0
# Fast Italian has 9 syllables a second, a syllable one or two tokens: what is longer is a loop, and would cost seconds.
_TOKENS_A_SECOND: Final = 14
_TOKENS_BESIDE: Final = 24
_MOST_TOKENS: Final = 200  # of the decoder's 448, half of which a prompt may take

# What subtitles end with and Whisper has learnt to hear in silence and noise (openai/whisper, discussion 928; also met here).
_PHANTOMS: Final = re.compile(
    r"amara\.org|\bqtss\b|sottotitoli (?:e revisione|creati|a cura|di)|subtitles by|subtitled by|transcribed by"
    r"|thanks? (?:you )?for watching|grazie (?:a tutti )?per (?:la visione|aver guardato|l'attenzione e alla prossima)"
    r"|iscrivetevi al (?:nostro )?canale|subscribe to (?:my|our|the) channel",
    re.IGNORECASE,
)

# Comparing phrases is for short answers; what is longer is rarely just one of them.
_RESTRICTED_SECONDS: Final = 6.0
# How much less likely (natural logarithm) a phrase may be than the free reading. Measured with five made Italian voices.
_RESTRICTED_LESS_LIKELY: Final = 3.0
# How many phrases are compared, how many of them because they fit best (a score has seven digits), and how many that begin
# alike: each costs some 20 ms of a core.
_MOST_COMPARED: Final = 14
_FITTING_COMPARED: Final = 7
_MOST_OF_TOKEN: Final = 3
_LEAST_PROBABILITY: Final = 1e-9
_NOT_A_WORD: Final = re.compile(r"[^\w']+")
_WRITTEN_NUMBER: Final = re.compile(r"^[\d.,;:\s-]+$")


class Ears:
    """A loaded model and what is drawn from its vocabulary; shared by all threads."""

    def __init__(self, model: Any) -> None:
        """Take a `faster_whisper.WhisperModel` whose `encode` keeps to `at_work.frames` and leaves `at_work.encoded`."""
        self.model = model
        self.languages = frozenset(model.supported_languages)

    @cached_property
    def end(self) -> int:
        """The token that ends a text."""
        return self._special("<|endoftext|>")

    @cached_property
    def no_timestamps(self) -> int:
        """The token that asks for text alone."""
        return self._special("<|notimestamps|>")

    def start(self, language: str) -> list[int]:
        """The tokens before a text."""
        names = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>")
        return [self._special(name) for name in (names if self.model.model.is_multilingual else names[:1])]

    def tokens(self, text: str) -> tuple[int, ...]:
        """The tokens of a text, as they stand in a sentence."""
        return tuple(self.model.hf_tokenizer.encode(f" {text}", add_special_tokens=False).ids)

    def _special(self, name: str) -> int:
        return int(self.model.hf_tokenizer.token_to_id(name))


@dataclass(frozen=True, kw_only=True)
class _Free:
    """What was heard without any restriction."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float | None:
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else None


def hear_utterance(
    ears: Ears, sound: npt.NDArray[np.float32], language: str, *, phrases: tuple[str, ...], only_phrases: bool
) -> Heard:
    """Hear what was said in sound at 16 kHz, from -1 to 1."""
    free = _freely(ears, sound, language)
    heard = Heard(text=free.text, confidence=free.confidence, words=free.words, by=FREE)
    seconds = len(sound) / RATE_HZ
    if not (only_phrases and free.text) or seconds > _RESTRICTED_SECONDS:
        return heard
    if not _is_one_of(phrases) or _is_made_of(free.text, phrases):
        return heard
    found = _likeliest(ears, free.text, seconds, language, phrases)
    restricted = Reading(text=found.text, confidence=found.confidence, by=RESTRICTED)
    if found.log_probability < found.free_log_probability - _RESTRICTED_LESS_LIKELY:
        return replace(heard, alternatives=(restricted,))
    return Heard(
        text=found.text,
        confidence=found.confidence,
        words=_spread(found.text, free.words, found.confidence),
        alternatives=(Reading(text=free.text, confidence=free.confidence, by=FREE),),
        by=RESTRICTED,
    )


def _freely(ears: Ears, sound: npt.NDArray[np.float32], language: str) -> _Free:
    seconds = len(sound) / RATE_HZ
    window = min(_LONGEST_WINDOW_SECONDS, max(_LEAST_WINDOW_SECONDS, seconds + _ROOM_SECONDS))
    segments = _transcribed(ears, sound, language, window_seconds=window)
    if any(segment.compression_ratio > _LOOP_COMPRESSION for segment in segments):
        # A shortened window makes a loop now and then, which the whole one mostly does not.
        whole = _transcribed(ears, sound, language, window_seconds=_LONGEST_WINDOW_SECONDS)
        segments = [segment for segment in whole if segment.compression_ratio <= _LOOP_COMPRESSION]
    kept = [segment for segment in segments if not _PHANTOMS.search(segment.text)]
    return _Free(words=tuple(_joined((word for segment in kept for word in segment.words or ()), seconds)))


def _joined(pieces: Iterable[Any], seconds: float) -> Iterator[Word]:
    """Words as they are written: Whisper tells "l" and "'ordine", "10" and "-42" apart, and puts the space before a new word."""
    group: list[Any] = []
    for piece in pieces:
        if group and piece.word.startswith(" "):
            yield _word(group, seconds)
            group = []
        if piece.word.strip():
            group.append(piece)
    if group:
        yield _word(group, seconds)


def _word(pieces: Sequence[Any], seconds: float) -> Word:
    return Word(
        text="".join(piece.word for piece in pieces).strip(),
        begin_seconds=round(min(seconds, float(pieces[0].start)), 3),
        end_seconds=round(min(seconds, float(pieces[-1].end)), 3),
        confidence=min(1.0, max(0.0, min(float(piece.probability) for piece in pieces))),
    )


def _transcribed(ears: Ears, sound: npt.NDArray[np.float32], language: str, *, window_seconds: float) -> Sequence[Any]:
    seconds = len(sound) / RATE_HZ
    ears.model.at_work.frames = round(window_seconds * _FRAMES_A_SECOND)
    segments, _ = ears.model.transcribe(
        sound,
        language=language,
        beam_size=_BEAM,
        # One temperature, nothing sampled: equal sound gives equal text, and no second and third try costs the caller seconds.
        temperature=0.0,
        condition_on_previous_text=False,
        compression_ratio_threshold=_LOOP_COMPRESSION,
        log_prob_threshold=_SILENCE_LOG_PROBABILITY,
        no_speech_threshold=_SILENCE_PROBABILITY,
        word_timestamps=True,
        max_new_tokens=min(_MOST_TOKENS, _TOKENS_BESIDE + round(_TOKENS_A_SECOND * seconds)),
    )
    return list(segments)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """The phrase that the sound speaks for most, and how much more or less than for the free text."""

    text: str
    confidence: float  # its share among the phrases that were compared, and the free text
    log_probability: float
    free_log_probability: float


def _likeliest(ears: Ears, free: str, seconds: float, language: str, phrases: tuple[str, ...]) -> _Found:
    encoded, start = ears.model.at_work.encoded, ears.start(language)
    candidates = _promising(ears, encoded, start, phrases)
    # Each with the token that ends a text: "no" is unlikely where the sound goes on as "non lo so".
    texts = [[*tokens, ears.end] for tokens in (*candidates.values(), ears.tokens(free))]
    repeated = type(encoded).from_array(np.repeat(np.array(encoded), len(texts), axis=0))
    frames = [max(1, round(seconds * _FRAMES_A_SECOND))] * len(texts)
    *chances, of_free = (
        sum(math.log(max(one, _LEAST_PROBABILITY)) for one in aligned.text_token_probs)
        for aligned in ears.model.model.align(repeated, start, texts, frames)
    )
    best = max(range(len(chances)), key=chances.__getitem__)
    # What the question makes of the free reading: so much less likely than its own words, as where the line is drawn.
    weighed = [*chances, of_free - _RESTRICTED_LESS_LIKELY]
    shares = [math.exp(chance - max(weighed)) for chance in weighed]
    return _Found(
        text=list(candidates)[best],
        confidence=shares[best] / sum(shares),
        log_probability=chances[best],
        free_log_probability=of_free,
    )


def _promising(ears: Ears, encoded: Any, start: list[int], phrases: tuple[str, ...]) -> Mapping[str, tuple[int, ...]]:
    """The phrases that fit best, and those whose first token the sound speaks for most: few of each, short before long."""
    first = ears.model.model.generate(
        encoded,
        [[*start, ears.no_timestamps]],
        beam_size=1,
        max_length=len(start) + 2,
        return_logits_vocab=True,
        suppress_blank=False,
        suppress_tokens=[],
    )[0]
    logits = np.asarray(first.logits[0][0]).reshape(-1)
    # Whisper writes an answer as a sentence or as bare words: the likelier beginning counts.
    written = {
        phrase: max((ears.tokens(form) for form in (phrase, f"{phrase.capitalize()}.")), key=lambda ids: logits[ids[0]])
        for phrase in phrases
        if phrase
    }
    chosen = dict(list(written.items())[:_FITTING_COMPARED])
    of_token = Counter(tokens[0] for tokens in chosen.values())
    for phrase, tokens in sorted(written.items(), key=lambda pair: (-logits[pair[1][0]], len(pair[1]))):
        if phrase not in chosen and of_token[tokens[0]] < _MOST_OF_TOKEN:
            of_token[tokens[0]] += 1
            chosen[phrase] = tokens
        if len(chosen) == _MOST_COMPARED:
            break
    return chosen


def _spread(text: str, heard: Sequence[Word], confidence: float) -> tuple[Word, ...]:
    """The words of a reading that has no times of its own, laid out over the time of another."""
    said = text.split()
    begin, end = (heard[0].begin_seconds, heard[-1].end_seconds) if heard else (0.0, 0.0)
    each = (end - begin) / len(said)
    return tuple(
        Word(
            text=word,
            begin_seconds=round(begin + at * each, 3),
            end_seconds=round(begin + (at + 1) * each, 3),
            confidence=confidence,
        )
        for at, word in enumerate(said)
    )


def _is_made_of(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether a text is one of the phrases, or numbers where the phrases are numbers."""
    plain = _plain(text)
    if plain in {_plain(phrase) for phrase in phrases}:
        return True
    numbers = _has_numbers(phrases)
    if numbers and _WRITTEN_NUMBER.match(text):
        return True
    single = {_plain(phrase) for phrase in phrases if " " not in phrase}
    return bool(plain) and all(word in single or (numbers and word.isdigit()) for word in plain.split())


def _is_one_of(phrases: tuple[str, ...]) -> bool:
    """Whether one phrase is a whole answer: not where a number of many digits is put together from them."""
    return bool(phrases) and "zero" not in phrases


def _has_numbers(phrases: tuple[str, ...]) -> bool:
    return not _NUMBER_WORDS.isdisjoint(phrases)


# One of these among the phrases tells that a number is asked for.
_NUMBER_WORDS: Final = frozenset({"due", "tre", "two", "three"})


def _plain(text: str) -> str:
    return " ".join(_NOT_A_WORD.sub(" ", text.lower()).split())
