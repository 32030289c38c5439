"""What came of a scenario, in plain Italian and English: a sentence a miss, and one for the whole. Pure."""

from collections.abc import Mapping
from typing import Final

from ivr.trials.judging import Miss, Result, StepResult

LANGUAGES: Final = ("it", "en")
_MISSES: Final[Mapping[str, Mapping[str, str]]] = {
    "it": {
        "prompt": "atteso il prompt «{expected}», sentiti: {got}",
        "words": "attese le parole «{expected}», sentito: «{got}»",
        "not_words": "si è sentito «{expected}», che non si doveva sentire",
        "node": "atteso al nodo {expected}, era al nodo {got}",
        "language": "attesa la lingua {expected}, la linea parlava {got}",
        "over": "la chiamata era già finita",
        "outcome": "la chiamata doveva finire così: {expected}; è finita così: {got}",
        "skill": "doveva essere chiesta la competenza {expected}, è stata chiesta: {got}",
        "queue": "la chiamata doveva aspettare nella coda {expected}, ha aspettato in: {got}",
        "routed": "la chiamata doveva essere passata a una persona, e non lo è stata",
        "not_routed": "la chiamata non doveva essere passata a una persona, è stata chiesta la competenza {got}",
        "message": "doveva partire l'SMS «{expected}», partiti: {got}",
        "case": "pratiche attese: {expected}; aperte: {got}",
        "failed": "la chiamata si è interrotta: {got}",
    },
    "en": {
        "prompt": "expected the prompt «{expected}», heard: {got}",
        "words": "expected the words «{expected}», heard: «{got}»",
        "not_words": "heard «{expected}», which was not to be heard",
        "node": "expected at the node {expected}, it was at the node {got}",
        "language": "expected the language {expected}, the line spoke {got}",
        "over": "the call was already over",
        "outcome": "the call was to end so: {expected}; it ended so: {got}",
        "skill": "the skill {expected} was to be asked for, asked for was: {got}",
        "queue": "the call was to wait in the queue {expected}, it waited in: {got}",
        "routed": "the call was to be passed to a person, and was not",
        "not_routed": "the call was not to be passed to a person, the skill {got} was asked for",
        "message": "the text message «{expected}» was to be sent, sent were: {got}",
        "case": "cases expected: {expected}; opened: {got}",
        "failed": "the call broke off: {got}",
    },
}
OUTCOMES: Final[Mapping[str, Mapping[str, str]]] = {
    "it": {
        "served": "servita dalla linea", "agent": "con un agente", "waiting": "in attesa", "hung_up": "ha riagganciato",
        "failed": "interrotta",
    },
    "en": {
        "served": "served by the line", "agent": "with an agent", "waiting": "waiting", "hung_up": "hung up",
        "failed": "broken off",
    },
}  # fmt: skip
_ACTS: Final[Mapping[str, Mapping[str, str]]] = {
    "it": {
        "say": "dice «{given}»", "press": "preme {given}", "silent": "tace {given}", "hang_up": "riaggancia",
        "play": "si sente {given}", "listen": "ascolta", "end": "fine",
    },
    "en": {
        "say": "says «{given}»", "press": "presses {given}", "silent": "says nothing {given}", "hang_up": "hangs up",
        "play": "plays {given}", "listen": "listens", "end": "end",
    },
}  # fmt: skip
_STATES: Final[Mapping[str, Mapping[str, str]]] = {
    "it": {"passed": "riuscito", "failed": "non riuscito", "skipped": "saltato", "broken": "interrotto"},
    "en": {"passed": "passed", "failed": "failed", "skipped": "skipped", "broken": "broken off"},
}
_STEP: Final = {"it": "passo {number} ({act}): ", "en": "step {number} ({act}): "}
_END: Final = {"it": "alla fine: ", "en": "at the end: "}
_AT: Final = {"it": ", al nodo {node}", "en": ", at the node {node}"}
_NOTHING: Final = {"it": "niente", "en": "nothing"}
REMEDY: Final = {
    "it": "Correggere la bozza, o lo scenario se è cambiato ciò che deve succedere",
    "en": "Correct the draft, or the scenario where what must happen has changed",
}
# Beyond this a sentence is no longer one.
_LONGEST: Final = 200


def miss(one: Miss, language: str) -> str:
    """One thing that was not as expected, as a clause."""
    words = OUTCOMES[language] if one.code == "outcome" else {}
    nothing = _NOTHING[language]
    expected = words.get(one.expected, one.expected) or nothing
    got = words.get(one.got, one.got) or nothing
    return _MISSES[language][one.code].format(expected=expected, got=_shortened(got))


def act(step: StepResult, language: str) -> str:
    """What the caller does in a step."""
    given = f"{step.given} s" if step.act == "silent" and step.given else step.given
    return _ACTS[language][step.act].format(given=given).strip()


def step(one: StepResult, language: str) -> str:
    """Why a step failed, as a sentence; "" for one that passed."""
    if one.passed:
        return ""
    place = _STEP[language].format(number=one.number, act=act(one, language)) if one.number else _END[language]
    told = "; ".join(miss(each, language) for each in one.misses)
    at = _AT[language].format(node=one.node) if one.node and one.misses[0].code != "node" else ""
    return f"{place}{told}{at}."


def state(result: Result, language: str) -> str:
    """Whether a scenario passed, in a word."""
    return _STATES[language][result.state]


def why(result: Result, language: str) -> str:
    """Why a scenario did not pass: its first failing step, or why it did not run; "" for one that passed."""
    failed = result.first_failure
    return step(failed, language) if failed is not None else result.reason


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"…{text[-_LONGEST:]}"
