"""What could be better about the prompts: too long, hard to follow, several text messages, said nowhere. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.editing.documents import Documents
from ivr.editing.prompt_rows import Row, rows_of
from prompts.measures import Advice, Measured
from prompts.spoken_length import ADVISED_SECONDS
from prompts.told import Told


@dataclass(frozen=True, kw_only=True)
class Advised:
    """One thing to think about."""

    key: str  # the prompt's
    message: str
    remedy: str


def advised(documents: Documents) -> tuple[Advised, ...]:
    """Advice on every prompt, in the order of the file: once a prompt, language and matter."""
    return tuple(one for row in rows_of(documents) for one in dict.fromkeys(_of(row)))


def _of(row: Row) -> Iterator[Advised]:
    if row.role == "unused":
        yield Advised(key=row.key, message=Told("nothing says it"), remedy=Told("Let a node say it, or take it out"))
    if Advice.RECORDED_AGAINST_SPOKEN in row.advice:
        yield Advised(
            key=row.key,
            message=Told("one wording is a recording and the other a voice: their result tells of that too"),
            remedy=Told("Record both, or neither"),
        )
    for language, texts in row.measured.items():
        for measured in texts:
            yield from _of_text(row.key, language, measured)


def _of_text(key: str, language: str, measured: Measured) -> Iterator[Advised]:
    for advice in measured.advice:
        match advice:
            case Advice.TOO_LONG:
                message = Told(
                    "in %(language)s, it takes about %(seconds).0f seconds to say",
                    language=language,
                    seconds=measured.seconds,
                )
                remedy = Told("Say it in %(seconds).0f, or in two steps", seconds=ADVISED_SECONDS)
            case Advice.HARD if measured.level is not None:
                message = Told(
                    "in %(language)s, it is hard to follow by ear (%(formula)s %(score).0f)",
                    language=language,
                    formula=measured.level.formula,
                    score=measured.level.score,
                )

                remedy = Told("Use shorter sentences and words")
            case Advice.SEVERAL_MESSAGES:
                message = Told(
                    "in %(language)s, it is sent as %(count)s text messages", language=language, count=measured.messages
                )
                remedy = Told("Shorten it")
            case _:
                continue
        yield Advised(key=key, message=message, remedy=remedy)
