"""A scenario as a form, and a form as a scenario: every field of the file has its place, and what has none stays as it was."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from ivr.trials.scenarios import LANGUAGES

ACTS: Final = {
    "say": _l("says"),
    "press": _l("presses"),
    "silent": _l("says nothing"),
    "play": _l("plays a WAV"),
    "hang_up": _l("hangs up"),
    "listen": _l("only listens"),
}
CALLERS: Final = {
    "stranger": _l("a stranger"),
    "hidden": _l("somebody who hides their number"),
    "giulia": _l("Giulia, whose order is late"),
    "mario": _l("Mario, with an order under way"),
    "emily": _l("Emily, who speaks English"),
    "customer": _l("a customer of ours, by identifier"),
    "number": _l("a stranger with this number"),
    "own": _l("somebody made up, as the file says"),
}
OUTCOMES: Final = {
    "": _l("any"),
    "served": _l("the line took leave"),
    "agent": _l("an agent talked with the caller"),
    "waiting": _l("the caller waits"),
    "hung_up": _l("the caller hung up"),
    "failed": _l("the call broke off"),
}
_HEARD: Final = ("prompts", "words", "not_words")
_ENDS: Final = ("node", "outcome", "skill", "queue", "language")
_ENDS_LISTS: Final = ("messages", "cases", "words", "not_words")
# Lists of words are written one a line, since words have commas of their own; keys with commas.
_BY_LINE: Final = frozenset({"words", "not_words"})
_MOST_STEPS: Final = 60


def rows_of(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The steps as rows of the form."""
    return [_row(step) for step in document.get("steps", ())]


def _row(step: Mapping[str, Any]) -> dict[str, str]:
    expected = step.get("expect", {})
    heard = expected if isinstance(expected, dict) else {"prompts": expected}
    act = next((name for name in ("say", "press", "silent", "play", "hang_up") if name in step), "listen")
    value = step.get(act, "")
    return {
        **{name: _joined(name, heard.get(name, ())) for name in _HEARD},
        "node": heard.get("node", ""),
        "language": heard.get("language", ""),
        "act": act,
        "given": "" if value is True else f"{value}",
        "as": step.get("as", ""),
    }


def ends_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The end as fields of the form."""
    ends = document.get("ends", {})
    fields = {name: str(ends.get(name, "")) for name in _ENDS}
    fields |= {name: _joined(name, ends.get(name, ())) for name in _ENDS_LISTS}
    return fields | {
        "routed": {True: "yes", False: "no"}.get(ends.get("routed"), ""),
        "no_cases": "1" if ends.get("cases") == [] else "",
    }


def about_of(document: Mapping[str, Any]) -> Mapping[str, str]:
    """What it shows, by language; words without one stand for every language."""
    about = document.get("about", "")
    return {language: about if isinstance(about, str) else about.get(language, "") for language in LANGUAGES}


def caller_of(document: Mapping[str, Any]) -> tuple[str, str]:
    """Who calls, as a choice and its detail."""
    caller = document.get("caller", "stranger")
    if isinstance(caller, str):
        return caller, ""
    for kind in ("customer", "number"):
        if set(caller) == {kind}:
            return kind, caller[kind]
    return "own", ""


def troubles_of(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What goes wrong, by name."""
    return tuple(one if isinstance(one, str) else one["trouble"] for one in document.get("faults", ()))


def document_of(form: MultiDict[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """The document that a form says; `before` is what it was made from, for what the form does not show."""
    document: dict[str, Any] = {"name": form.get("name", "").strip(), "language": form.get("language", "")}
    _add(document, "about", _about(form))
    document["caller"] = _caller(form, before)
    document["at"] = form.get("at", "").strip() or "open"
    document["agents"] = form.get("agents", "answer")
    _add(document, "faults", _faults(form.getlist("faults"), before))
    document["steps"] = list(_steps(form))
    _add(document, "ends", _ends(form))
    return {name: value for name, value in document.items() if (name, value) not in _USUAL}


# What is not written, since it is so without a word.
_USUAL: Final = (("caller", "stranger"), ("at", "open"), ("agents", "answer"))


def _about(form: MultiDict[str, str]) -> Any:
    told = {language: form.get(f"about_{language}", "").strip() for language in LANGUAGES}
    wordings = set(told.values())
    return wordings.pop() if len(wordings) == 1 else {language: words for language, words in told.items() if words}


def _caller(form: MultiDict[str, str], before: Mapping[str, Any]) -> Any:
    kind, detail = form.get("caller", "stranger"), form.get("caller_detail", "").strip()
    if kind in {"customer", "number"}:
        return {kind: detail}
    return before.get("caller", "stranger") if kind == "own" else kind


def _faults(named: Iterable[str], before: Mapping[str, Any]) -> list[Any]:
    fuller = {one["trouble"]: one for one in before.get("faults", ()) if isinstance(one, dict)}
    return [fuller.get(name, name) for name in named]


def _steps(form: MultiDict[str, str]) -> Iterable[dict[str, Any]]:
    for number in range(min(len(form.getlist("act")), _MOST_STEPS)):
        row = {name: _at(form, name, number) for name in ("act", "given", "as", "node", "heard_language", *_HEARD)}
        expected: dict[str, Any] = {}
        for name in _HEARD:
            _add(expected, name, _split(name, row[name]))
        _add(expected, "node", row["node"])
        _add(expected, "language", row["heard_language"])
        step: dict[str, Any] = {}
        if expected:
            step["expect"] = expected["prompts"] if set(expected) == {"prompts"} else expected
        step |= _act(row)
        if step:
            yield step


def _act(row: Mapping[str, str]) -> dict[str, Any]:
    act, given = row["act"], row["given"]
    if act in {"say", "press"}:
        return {act: given} if given else {}
    if act == "play":
        return {"play": given} | ({"as": row["as"]} if row["as"] else {})
    if act == "silent":
        return {"silent": _seconds(given)}
    return {"hang_up": True} if act == "hang_up" else {}


def _seconds(given: str) -> Any:
    try:
        return float(given.replace(",", ".")) if given else True
    except ValueError:
        # The file's own check says what is wrong with it.
        return given


def _ends(form: MultiDict[str, str]) -> dict[str, Any]:
    ends: dict[str, Any] = {}
    for name in _ENDS:
        _add(ends, name, form.get(f"ends_{name}", "").strip())
    for name in _ENDS_LISTS:
        _add(ends, name, _split(name, form.get(f"ends_{name}", "")))
    if form.get("ends_no_cases") and "cases" not in ends:
        ends["cases"] = []
    if form.get("ends_routed"):
        ends["routed"] = form["ends_routed"] == "yes"
    return ends


def _joined(name: str, several: Any) -> str:
    listed = [several] if isinstance(several, str) else several
    return ("\n" if name in _BY_LINE else ", ").join(listed)


def _split(name: str, text: str) -> list[str]:
    parts = text.splitlines() if name in _BY_LINE else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def _add(document: dict[str, Any], name: str, value: Any) -> None:
    if value:
        document[name] = value


def _at(form: MultiDict[str, str], name: str, number: int) -> str:
    given = form.getlist(name)
    return given[number].strip() if number < len(given) else ""
