"""What agents choose from and read aloud: reasons for being away, outcomes, snippets of knowledge, text messages. Data, not code.

Which of it is shown for a call is told here; what a placeholder stands for in a call is the service's.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prompts import spoken
from prompts.documents import HERE, Reading, line_of, read
from prompts.problems import Problem
from prompts.spoken import Value

SCHEMA, DESK_FILE = "desk.schema.json", "desk.yaml"
LANGUAGES = ("it", "en")
# What a text may speak of, each with the type that it is written as.
PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "customer": "name",
        "agent": "name",
        "company": "name",
        "line_number": "letters",
        "order_number": "letters",
        "order_items": "name",
        "order_due": "date",
        "case_number": "letters",
        "case_due": "name",
    }
)
# Of these, the ones that say something about a customer.
PERSONAL = frozenset({"customer", "order_number", "order_items", "order_due", "case_number", "case_due"})
# The code whose choice demands that something stays open, whatever a company calls it: the case and its figures rest on it.
FOLLOW_UP = "to_follow_up"
# Solved at the first contact is counted by this code.
SOLVED = "solved"
_PLACEHOLDER = re.compile(r"\{([a-z_]+):([a-z]+)\}")
_BRACES = re.compile(r"[{}]")


class DeskBookError(Exception):
    """A file that cannot be used; `problems` has all that is wrong, one a line in the message."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A code with its name in each language: a reason for being away, or an outcome."""

    code: str
    names: Mapping[str, str]
    needs_next_step: bool = False
    intents: frozenset[str] = frozenset()  # empty: every reason
    queues: frozenset[str] = frozenset()  # empty: every queue

    def fits(self, *, intent: str, queue: str) -> bool:
        """Whether it is offered for a call: everywhere, or where its reason or its queue is the call's."""
        if not self.intents and not self.queues:
            return True
        return intent in self.intents or queue in self.queues


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A snippet or a message in every language."""

    code: str
    intents: frozenset[str]  # empty: every reason
    titles: Mapping[str, str]
    texts: Mapping[str, str]

    def placeholders(self, language: str) -> Mapping[str, str]:
        """Name and type of each placeholder of the text."""
        return dict(_PLACEHOLDER.findall(self.texts[language]))

    @property
    def is_personal(self) -> bool:
        """Whether it says something about a customer."""
        return any(PERSONAL & set(self.placeholders(language)) for language in self.texts)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A text with the values of a call in it."""

    text: str
    missing: tuple[str, ...]  # names of the values that the call has not got: a gap stands there


@dataclass(frozen=True, kw_only=True)
class DeskBook:
    """Everything in the file."""

    away_reasons: tuple[Choice, ...] = ()
    outcomes: tuple[Choice, ...] = ()
    snippets: tuple[Entry, ...] = ()
    messages: tuple[Entry, ...] = ()
    names: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)  # by list and code

    def name(self, kind: str, code: str, language: str) -> str:
        """The name of a code of a list ("away_reasons", "outcomes"), "" for an unknown one."""
        return self.names.get((kind, code), {}).get(language, "")

    def outcomes_of(self, *, intent: str, queue: str) -> tuple[Choice, ...]:
        """The outcomes that a call of this reason, out of this queue, may have."""
        return tuple(one for one in self.outcomes if one.fits(intent=intent, queue=queue))

    def message(self, code: str) -> Entry | None:
        """One message by its code."""
        return next((one for one in self.messages if one.code == code), None)


def for_reason(entries: Iterable[Entry], intent: str) -> tuple[Entry, ...]:
    """The entries, those of the reason first, then those of every reason, then the others; each group in its own order."""

    def rank(entry: Entry) -> int:
        if intent and intent in entry.intents:
            return 0
        return 2 if entry.intents else 1

    return tuple(sorted(entries, key=rank))


def fill(entry: Entry, *, language: str, values: Mapping[str, Value], gap: str = "…") -> Filled:
    """The text in a language with these values, figures written as one reads them; a value that is missing leaves a gap."""
    missing: list[str] = []

    def one(found: re.Match[str]) -> str:
        value = values.get(found[1])
        if value is None or value == "":
            missing.append(found[1])
            return gap
        return spoken.written(value, found[2], language)

    return Filled(text=_PLACEHOLDER.sub(one, entry.texts[language]), missing=tuple(missing))


def load(folder: Path = HERE, *, intents: Collection[str] | None = None) -> DeskBook:
    """Read a folder's file, or the shipped one where the folder has none. Raises DeskBookError with every problem."""
    file = folder / DESK_FILE
    has_own = file.is_file()
    text = (file if has_own else HERE / DESK_FILE).read_text(encoding="utf-8")
    # The shipped file speaks of the shipped company's intents: who has others sees the entries of every reason first.
    book, problems = read_desk(text, file=DESK_FILE, intents=intents if has_own else None)
    if problems:
        raise DeskBookError(problems)
    return book


def read_desk(text: str, *, file: str, intents: Collection[str] | None = None) -> tuple[DeskBook, tuple[Problem, ...]]:
    """Read a desk file and check it, against these `intents` where given; with problems, the book has what could be read."""
    reading = read(text, file=file, schema=SCHEMA, part="part")
    if reading.problems:
        return DeskBook(), reading.problems
    book = _built(reading.document)
    found = (*_problems(book, reading), *_unknown_intents(reading, intents))
    return book, tuple(sorted(found, key=lambda problem: problem.line))


def _built(document: Mapping[str, Any]) -> DeskBook:
    lists = {kind: tuple(_choice(one) for one in document[kind]) for kind in ("away_reasons", "outcomes")}
    names = {(kind, one.code): one.names for kind, choices in lists.items() for one in choices}
    return DeskBook(
        **lists,
        snippets=tuple(_entry(one) for one in document["snippets"]),
        messages=tuple(_entry(one) for one in document["messages"]),
        names=MappingProxyType(names),
    )


def _choice(row: Mapping[str, Any]) -> Choice:
    return Choice(
        code=row["code"],
        names=MappingProxyType({language: row[language] for language in LANGUAGES}),
        needs_next_step=row.get("needs_next_step", False),
        intents=frozenset(row.get("intents", ())),
        queues=frozenset(row.get("queues", ())),
    )


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        code=row["code"],
        intents=frozenset(row["intents"]),
        titles=MappingProxyType({language: row[language]["title"] for language in LANGUAGES}),
        texts=MappingProxyType({language: row[language]["text"] for language in LANGUAGES}),
    )


def _problems(book: DeskBook, reading: Reading) -> Iterator[Problem]:
    lists: Mapping[str, Sequence[Choice | Entry]] = {
        "away_reasons": book.away_reasons,
        "outcomes": book.outcomes,
        "snippets": book.snippets,
        "messages": book.messages,
    }
    for kind, entries in lists.items():
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            if entry.code in seen:
                yield _problem(
                    reading, (kind, index), f"the code {entry.code} stands in {kind} twice", "Give one another code"
                )
            seen.add(entry.code)
            if isinstance(entry, Entry):
                yield from _text_problems(entry, reading, kind, index)
    codes = {one.code: one for one in reversed(book.outcomes)}  # of two with one code, which is told above, the first
    for code in (SOLVED, FOLLOW_UP):
        if code not in codes or codes[code].intents or codes[code].queues:
            yield _problem(
                reading,
                ("outcomes",),
                f"the outcome {code} must be there for every call",
                f"Add an outcome with the code {code}, without intents and queues; its name is yours",
            )
    if FOLLOW_UP in codes and not codes[FOLLOW_UP].needs_next_step:
        yield _problem(
            reading, ("outcomes",), f"the outcome {FOLLOW_UP} needs a next step", "Write needs_next_step: true there"
        )


def _text_problems(entry: Entry, reading: Reading, kind: str, index: int) -> Iterator[Problem]:
    unreadable = tuple(_placeholder_problems(entry, reading, kind, index))
    yield from unreadable
    # Who has mistyped a placeholder is told that alone.
    if not unreadable and len({frozenset(entry.placeholders(language).items()) for language in LANGUAGES}) > 1:
        yield _problem(
            reading,
            (kind, index),
            f"{entry.code} has other placeholders in one language than in the other",
            "Give both languages the same placeholders",
        )


def _placeholder_problems(entry: Entry, reading: Reading, kind: str, index: int) -> Iterator[Problem]:
    for language in LANGUAGES:
        for name, type_ in entry.placeholders(language).items():
            if PLACEHOLDERS.get(name) != type_:
                known = ", ".join(f"{{{one}:{its}}}" for one, its in PLACEHOLDERS.items())
                yield _problem(
                    reading,
                    (kind, index, language, "text"),
                    f"{entry.code} has the unknown placeholder {{{name}:{type_}}}",
                    f"Known are: {known}",
                )
        if _BRACES.search(_PLACEHOLDER.sub("", entry.texts[language])):
            yield _problem(
                reading,
                (kind, index, language, "text"),
                f"{entry.code} has a brace that belongs to no placeholder",
                "Write placeholders as {name:type}, and no other braces",
            )


def _unknown_intents(reading: Reading, intents: Collection[str] | None) -> Iterator[Problem]:
    if intents is None:
        return
    for kind in ("outcomes", "snippets", "messages"):
        for index, row in enumerate(reading.document[kind]):
            for intent in row.get("intents", ()):
                if intent not in intents:
                    yield _problem(
                        reading,
                        (kind, index, "intents"),
                        f"{row['code']} names the unknown intent {intent}",
                        f"Known are: {', '.join(sorted(intents))}",
                    )


def _problem(reading: Reading, place: tuple[str | int, ...], message: str, remedy: str) -> Problem:
    return Problem(
        file=reading.file, line=line_of(place, reading.lines), place=str(place[0]), message=message, remedy=remedy
    )
