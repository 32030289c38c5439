"""Says in plain words why a text is not YAML, with the line at which to look. What the text would mean is not looked at."""

import re
from collections.abc import Callable

import yaml

from prompts.problems import Problem
from prompts.told import Told

_LOOK = Told("Look at this line and the one above for a missing quote, colon or bracket, or a wrong indentation")
# What PyYAML says, by the beginning of its own words; with it our own, what to do, and whether the line where the part began
# helps more than the one where the reader gave up.
_SAYINGS: tuple[tuple[str, str, str, bool], ...] = (
    ("found character '\\t'", Told("a tab stands here"), Told("Indent with spaces"), False),
    (
        "found character",
        Told("a value begins with a sign that means something else"),
        Told("Put the value in quotes"),
        False,
    ),
    (
        "expected the node content",
        Told("the file ends, or a sign stands, where a value should"),
        Told("Write the value, and close every bracket"),
        False,
    ),
    (
        "found unexpected end of stream",
        Told("a quote that opens here is never closed"),
        Told("Close it with the same sign, \" or '"),
        True,
    ),
    (
        "expected ',' or '}'",
        Told("a bracket { that opens here is not closed as it should be"),
        Told("Close it with }, and put a comma between its parts"),
        True,
    ),
    (
        "expected ',' or ']'",
        Told("a bracket [ that opens here is not closed as it should be"),
        Told("Close it with ], and put a comma between its parts"),
        True,
    ),
    (
        "could not find expected ':'",
        Told("a colon is missing after this name"),
        Told("Write `name: value`, with a space after the colon"),
        True,
    ),
    (
        "mapping values are not allowed",
        Told("a colon stands where no name can end"),
        Told("Put the text in quotes, or look for a wrong indentation here and in the line above"),
        False,
    ),
    (
        "expected <block end>",
        Told("this line is not indented as those around it"),
        Told("Indent it as its neighbours, with two spaces a step"),
        False,
    ),
    (
        "found undefined alias",
        Told("it refers with * to something that has no name"),
        Told("Write the value itself"),
        False,
    ),
    (
        "but found another document",
        Told("a second document begins here"),
        Told("Take the line --- out: a file is one flow"),
        False,
    ),
    (
        "special characters are not allowed",
        Told("a sign stands here that cannot be seen"),
        Told("Delete this line and write it anew"),
        False,
    ),
)


def unreadable(text: str, error: Exception, *, file: str) -> Problem:
    """Return what is wrong, in our words where they are known and else in the reader's own."""
    problem, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or Told("it is nested too deeply")
    why = why if isinstance(why, str) else str(why)
    for beginning, message, remedy, where_it_began in _SAYINGS:
        if why.startswith(beginning):
            mark = (context or problem) if where_it_began else (problem or context)
            return _problem(text, error, mark, file=file, message=message, remedy=remedy)
    return _problem(text, error, problem or context, file=file, message=why, remedy=_LOOK)


def _problem(text: str, error: Exception, mark: yaml.Mark | None, *, file: str, message: str, remedy: str) -> Problem:
    line = 0
    if mark is not None:
        line = mark.line + 1
    elif isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
    return Problem(
        file=file,
        line=line,
        place="",
        message=Told("this is not YAML: %(message)s", message=message),
        remedy=remedy,
        code="unreadable",
    )


def part_around(text: str, line: int, parts: Callable[[str], re.Match[str] | None]) -> str:
    """Return the name of the part that a line of an unreadable text belongs to, as far as its indentation tells."""
    for above in reversed(text.splitlines()[:line]):
        found = parts(above)
        if found is not None:
            return found[1]
        if above and not above[0].isspace() and not above.startswith("#"):
            return ""
    return ""
