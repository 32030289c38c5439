"""From words to one meaning, with TF-IDF alone: what rules decide holds whatever the encoder, and the cache trusts nobody."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import prompts
from ivr.intents import cache
from ivr.intents.encoders import Vectors
from ivr.intents.meaning import Doubtful, Intent, NotUnderstood, Why
from ivr.intents.phrases import PhrasesError, load_phrasebook
from ivr.intents.understanding import Understanding, load_understanding

FOLDER = Path(prompts.__file__).parent


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    return load_understanding(FOLDER, None)


@pytest.mark.parametrize(
    ("language", "said", "name"),
    [
        ("it", "Sì.", "yes"),
        ("it", "ehm sì", "yes"),
        ("it", "no grazie", "no"),
        ("en", "nope", "no"),
        ("it", "come scusi?", "repeat"),
        ("it", "Operatore!", "person"),
        ("it", "allora mi passi subito un operatore per cortesia", "person"),
        ("it", "voglio parlare con una persona vera", "person"),
        ("it", "sì però voglio parlare con qualcuno", "person"),
        ("en", "i want to talk to a human being", "person"),
        ("en", "no just get me an agent", "person"),
        ("it", "english please", "english"),
        ("it", "può parlare inglese", "english"),
        ("en", "I don't speak English", "italian"),
        ("it", "come usate i miei dati", "privacy"),
        ("it", "revoco il consenso", "withdraw_consent"),
        ("en", "that's all thanks", "nothing_else"),
    ],
)
def test_small_answers_and_people_are_decided_by_words(
    understanding: Understanding, language: str, said: str, name: str
) -> None:
    meaning = understanding.understand(said, language)
    assert isinstance(meaning, Intent)
    assert (meaning.name, meaning.by in {"rule", "phrase"}) == (name, True)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("it", "l'operatore mi ha messo giù il telefono in faccia"),
        ("it", "ho parlato con una persona e mi ha risposto male"),
        ("en", "the person i spoke to was so rude"),
    ],
)
def test_speaking_of_an_agent_is_not_asking_for_one(understanding: Understanding, language: str, said: str) -> None:
    meaning = understanding.understand(said, language)
    assert not (isinstance(meaning, Intent) and meaning.by == "rule")


def test_a_request_behind_a_no_is_not_lost(understanding: Understanding) -> None:
    meaning = understanding.understand("no vorrei restituire un paio di scarpe", "it", expected=("yes", "no"))
    assert isinstance(meaning, Intent)
    assert meaning.name == "return"


def test_a_request_that_is_only_guessed_behind_a_yes_does_not_replace_it(understanding: Understanding) -> None:
    said = (
        "sì aspetti un momento che prendo la pena e gli occhiali l'ilascio sempre in cucina vicino alla finestra e senza"
        " non leggo niente mi scusi se la faccio aspettare ecco adesso sono seduta comoda e posso scrivere"
    )
    meaning = understanding.understand(said, "it", expected=("yes", "no"))
    assert isinstance(meaning, Intent)
    assert meaning.name == "yes"


def test_a_yes_with_words_behind_it_is_a_yes_where_one_is_expected(understanding: Understanding) -> None:
    meaning = understanding.understand("sì quello", "it", expected=("yes", "no"))
    assert isinstance(meaning, Intent)
    assert meaning.name == "yes"


def test_the_request_and_its_order_number_come_from_the_same_words(understanding: Understanding) -> None:
    meaning = understanding.understand("dov'è il mio pacco ordine dieci quarantadue", "it")
    assert isinstance(meaning, Intent)
    assert (meaning.name, dict(meaning.slots)) == ("order_status", {"order_number": "1042"})


def test_a_number_alone_keeps_its_slot_though_it_is_no_request(understanding: Understanding) -> None:
    meaning = understanding.understand("mille quarantadue", "it", slot="order_number")
    assert isinstance(meaning, NotUnderstood)
    assert meaning.slots["order_number"] == "1042"


@pytest.mark.parametrize("said", ["2290", "2, 2, 9, 0", "2.290"])
def test_a_number_written_with_digits_is_the_number_asked_for_and_no_request(
    understanding: Understanding, said: str
) -> None:
    meaning = understanding.understand(said, "it", expected=("repeat", "person"), slot="order_number")
    assert isinstance(meaning, NotUnderstood)
    assert (meaning.reason, meaning.slots["order_number"]) == (Why.UNEXPECTED, "2290")


@pytest.mark.parametrize("said", ["", "   ", "...", "?!"])
def test_nothing_said_is_nothing_understood(understanding: Understanding, said: str) -> None:
    assert understanding.understand(said, "it") == NotUnderstood(reason=Why.EMPTY)


def test_what_no_shop_serves_is_refused(understanding: Understanding) -> None:
    meaning = understanding.understand("che tempo fa domani a roma", "it")
    assert isinstance(meaning, NotUnderstood)
    assert meaning.reason == Why.OUT_OF_SCOPE


def test_two_close_meanings_are_a_doubt_and_a_certain_one_never_is(understanding: Understanding) -> None:
    close = understanding.choose({"order_status": 0.46, "return": 0.45, "out_of_scope": 0.05, "complaint": 0.04})
    assert isinstance(close, Doubtful)
    assert close.candidates == ("order_status", "return")
    assert isinstance(understanding.choose({"order_status": 0.9, "return": 0.08, "out_of_scope": 0.02}), Intent)


def test_a_question_makes_its_own_answers_likelier(understanding: Understanding) -> None:
    scores = {"order_status": 0.40, "return": 0.41, "out_of_scope": 0.19}
    meaning = understanding.choose(scores, expected=("order_status",))
    assert isinstance(meaning, Intent)
    assert meaning.name == "order_status"


def test_many_threads_get_the_same_meaning(understanding: Understanding) -> None:
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(understanding.understand("il pacco non è arrivato", "it")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(meaning == found[0] for meaning in found)


def test_every_big_intent_has_eighty_phrases_a_language() -> None:
    book = load_phrasebook(FOLDER)
    for language in ("it", "en"):
        for name, card in book.cards.items():
            count = sum(phrase.language == language and phrase.intent == name for phrase in book.phrases)
            assert count >= (80 if card.kind == "request" else 29), (language, name)


# --- The cache


def test_a_cached_classifier_answers_as_the_trained_one(tmp_path: Path, understanding: Understanding) -> None:
    file = cache.classifier_file(tmp_path, understanding.book.digest, "none")
    cache.write_classifier(file, understanding.classifier)
    again = load_understanding(FOLDER, None, cache_folder=tmp_path)
    assert again.scores("il pacco non è arrivato") == pytest.approx(
        understanding.scores("il pacco non è arrivato"), abs=1e-5
    )


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04 cut off"])
def test_a_damaged_cache_is_as_if_it_were_not_there(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "classifier-x.npz"
    file.write_bytes(content)
    assert cache.read_classifier(file) is None
    assert cache.read_vectors(file) == {}


def test_another_model_under_this_name_is_not_taken(tmp_path: Path, understanding: Understanding) -> None:
    cache.write_classifier(tmp_path / "classifier-a.npz", understanding.classifier)
    (tmp_path / "classifier-a.npz").rename(tmp_path / "classifier-b.npz")
    assert cache.read_classifier(tmp_path / "classifier-b.npz") is None


def test_a_pickle_in_the_cache_is_never_run(tmp_path: Path) -> None:
    file = tmp_path / "classifier-p.npz"
    np.savez(file, facts=np.array([{"names": []}], dtype=object))
    assert cache.read_classifier(file) is None


class CountingEncoder:
    """Letters as dimensions; counts what it was asked."""

    name = "letters"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[text.count(letter) + 0.1 for letter in "aeiou"] for text in texts], dtype=np.float32)


def test_phrases_are_encoded_once_and_only_new_ones_again(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    cache.encode_phrases(["uno", "due"], encoder, [tmp_path])
    encoder.asked.clear()
    rows = cache.encode_phrases(["due", "tre", "due"], encoder, [tmp_path])
    assert [text for text in encoder.asked if text != "ok"] == ["tre"]
    assert rows.shape == (3, 5)


# --- The phrases' files


def test_wrong_files_name_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(PhrasesError, match=r"intents\.yaml"):
        load_phrasebook(tmp_path)
    (tmp_path / "intents.yaml").write_text(
        "languages: [it]\nout_of_scope: oos\nintents:\n"
        "  - {name: yes, kind: answer, description: {it: x}, slots: [], skill: null, self_service: null}\n"
    )
    with pytest.raises(PhrasesError, match="must be quoted"):
        load_phrasebook(tmp_path)


def test_a_phrase_under_two_intents_is_refused(tmp_path: Path) -> None:
    (tmp_path / "intents.yaml").write_text(
        "languages: [it]\nout_of_scope: oos\nintents:\n"
        "  - {name: a, kind: request, description: {it: x}, slots: [], skill: null, self_service: null}\n"
    )
    folder = tmp_path / "intents" / "it"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("ciao\n")
    (folder / "oos.txt").write_text("Ciao!\n")
    with pytest.raises(PhrasesError, match="ciao"):
        load_phrasebook(tmp_path)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("sì proprio per quello", "it"),
        ("sì è per quell'ordine lì", "it"),
        ("sì certo proprio così grazie", "it"),
        ("yes that's exactly the one", "en"),
        ("yes that is right thank you", "en"),
    ],
)
def test_a_yes_that_is_only_underlined_stays_a_yes(understanding: Understanding, text: str, language: str) -> None:
    meaning = understanding.understand(text, language, expected=("yes", "no"))
    assert isinstance(meaning, Intent)
    assert meaning.name == "yes"


@pytest.mark.parametrize(
    ("language", "said", "name", "value"),
    [
        ("it", "no, quarantadue, non cinquantadue", "no", "1042"),
        ("it", "Mille e quarantadue.", "no", "1042"),
        ("it", "sì, mille cinquantadue", "yes", "1052"),
        ("it", "sì", "yes", None),
        ("it", "no, è sbagliato", "no", None),
        ("en", "no, forty-two, not fifty-two", "no", "1042"),
        ("en", "that's right", "yes", None),
    ],
)
def test_value_read_back_is_agreed_to_or_corrected(
    understanding: Understanding, language: str, said: str, name: str, value: str | None
) -> None:
    meaning = understanding.understand(said, language, expected=("yes", "no"), slot="order_number", previous="1052")
    assert isinstance(meaning, Intent)
    assert (meaning.name, meaning.slots.get("order_number")) == (name, value)
    assert meaning.confidence > 0.9


@pytest.mark.parametrize(
    ("said", "name"),
    [("voglio un operatore, non 1052", "person"), ("può ripetere", "repeat"), ("english please", "english")],
)
def test_what_is_understood_everywhere_is_understood_at_a_read_back(
    understanding: Understanding, said: str, name: str
) -> None:
    meaning = understanding.understand(said, "it", expected=("yes", "no"), slot="order_number", previous="1052")
    assert isinstance(meaning, Intent)
    assert meaning.name == name


def test_part_that_fits_in_more_than_one_place_is_marked_as_guessed(understanding: Understanding) -> None:
    meaning = understanding.understand(
        "no, quarantadue", "it", expected=("yes", "no"), slot="order_number", previous="1052"
    )
    assert dict(meaning.slots) == {"order_number": "1042", "guessed": True}
