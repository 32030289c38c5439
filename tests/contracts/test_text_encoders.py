"""One class over every text encoder that can be had here."""

import threading

import numpy as np
import pytest

from ivr.intents.encoders import EncoderMissing, TextEncoder, load_encoder


@pytest.fixture(scope="module", params=["packaged"])
def encoder(request: pytest.FixtureRequest) -> TextEncoder:
    try:
        made = load_encoder(request.param)
    except EncoderMissing as missing:
        pytest.skip(str(missing))
    assert made is not None
    return made


class TestTextEncoder:
    def test_rows_are_of_length_one_and_the_same_each_time(self, encoder: TextEncoder) -> None:
        rows = encoder.encode(["dov'è il mio pacco", "where is my parcel"])
        assert rows.dtype == np.float32
        assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1], abs=1e-3)
        assert np.array_equal(rows, encoder.encode(["dov'è il mio pacco", "where is my parcel"]))

    def test_one_text_alone_is_as_in_company(self, encoder: TextEncoder) -> None:
        alone, company = encoder.encode(["ciao"]), encoder.encode(["ciao", "vorrei fare un reso"])
        assert alone[0] == pytest.approx(company[0], abs=1e-3)

    def test_the_same_meaning_is_nearer_than_another_one(self, encoder: TextEncoder) -> None:
        parcel, same, weather = encoder.encode(["dov'è il mio pacco", "where is my parcel", "che tempo fa domani"])
        assert parcel @ same > parcel @ weather

    def test_nothing_gives_no_rows(self, encoder: TextEncoder) -> None:
        assert len(encoder.encode([])) == 0

    def test_threads_do_not_disturb_each_other(self, encoder: TextEncoder) -> None:
        texts = [f"ordine numero {number}" for number in range(6)]
        wanted = [encoder.encode([text])[0] for text in texts]
        found: dict[int, np.ndarray] = {}
        threads = [
            threading.Thread(target=lambda place=place: found.update({place: encoder.encode([texts[place]])[0]}))
            for place in range(len(texts))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(np.array_equal(found[place], wanted[place]) for place in range(len(texts)))


def test_a_model_that_cannot_be_had_says_what_to_do() -> None:
    with pytest.raises(EncoderMissing, match=r"sentence-transformers|does not load"):
        load_encoder("/no/such/folder")


def test_no_encoder_is_a_choice() -> None:
    assert load_encoder("none") is None
