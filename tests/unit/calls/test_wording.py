"""The sentences about proofs: in both languages, with reasons in plain words, and no number or code in them."""

from string import Formatter

import pytest

from biometrics.decision import Missing, NotTheVoice
from biometrics.risk import Way, Why
from ivr.calls import voice_heard, voice_proof
from ivr.calls.wording import SENTENCES, sentence

REASONS = [
    *(reason.value for reason in (*Missing, *NotTheVoice, *Why)),
    *voice_proof.REASONS,
    voice_heard.NOT_LOOKED_AT,
]


def test_both_languages_tell_the_same_facts_with_the_same_values() -> None:
    def told(language: str) -> dict[str, set[str]]:
        return {
            kind: {name for _, name, _, _ in Formatter().parse(words) if name}
            for kind, words in SENTENCES[language].items()
        }

    assert told("it") == told("en")


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_told_in_italian(reason: str) -> None:
    told = sentence("proof", {"proof": "voice", "outcome": "inconclusive", "reason": reason}, "it")
    assert told.startswith("La voce non è stata verificata (")
    assert reason not in told


@pytest.mark.parametrize("why", Why)
@pytest.mark.parametrize("way", Way)
def test_next_proof_is_told_with_its_reason(way: Way, why: Why) -> None:
    for language in ("it", "en"):
        assert sentence("step_up", {"to": way.value, "why": why.value}, language)


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("proof", ["voice", "digits", "code"])
@pytest.mark.parametrize("outcome", ["accepted", "rejected", "inconclusive"])
def test_every_proof_has_its_sentence(proof: str, outcome: str, language: str) -> None:
    assert sentence("proof", {"proof": proof, "outcome": outcome, "reason": "silence"}, language)
