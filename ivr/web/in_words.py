"""What the reader, the checker and the gates have found, worded in the language of the page that shows it."""

from typing import Any

from flask_babel import gettext

from ivr.web.languages import language
from prompts.problems import Problem
from prompts.told import worded


def in_words(text: Any) -> str:
    """A sentence in the reader's language; one that nobody told in another stays as it is."""
    return str(worded(text, language(), gettext))


def finding_in_words(finding: Any) -> dict[str, Any]:
    """The fields of a finding, its sentences in the reader's language."""
    return {**vars(finding), "message": in_words(finding.message), "remedy": in_words(finding.remedy)}


def problem_in_words(problem: Problem) -> str:
    """A problem in one line, as `str` gives it."""
    place = f"{problem.place}: " if problem.place else ""
    return f"{problem.file}:{problem.line}: {place}{in_words(problem.message)}. {in_words(problem.remedy)}."
