"""What the database holds of a sealed column opens in its own row alone, and a record shows nothing of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, String, create_engine, insert, select, text, update
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from sealing.columns import NoKeyRingError, SealedBytes, SealedText, use
from sealing.keys import KeyRing, SealBrokenError
from tests.keys import RING, key


class Base(DeclarativeBase):
    pass


class Letter(Base):
    __tablename__ = "letters"

    sender: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words = SealedText("sender", "number")
    sound = SealedBytes("sender", "number")


@pytest.fixture
def letters(tmp_path: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path / 'letters.db'}")
    use(engine, RING)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def raw(engine: Engine) -> list[tuple[str, bytes]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT words, sound FROM letters ORDER BY sender"))]


def write(engine: Engine, sender: str, words: str, sound: bytes = b"") -> None:
    with Session(engine) as session, session.begin():
        session.add(Letter(words=words, sound=sound, number=1, sender=sender))


def words_of(engine: Engine, sender: str) -> str:
    with Session(engine) as session:
        letter = session.get(Letter, (sender, 1))
        assert letter is not None
        return letter.words


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(words=st.text(), sound=st.binary())
def test_what_a_record_is_given_comes_back(letters: Engine, words: str, sound: bytes) -> None:
    with Session(letters) as session, session.begin():
        session.merge(Letter(sender="ada", number=1, words=words, sound=sound))
    with Session(letters) as session:
        letter = session.get(Letter, ("ada", 1))
        assert letter is not None
        assert (letter.words, letter.sound) == (words, sound)


def test_the_database_holds_neither_words_nor_sound(letters: Engine) -> None:
    write(letters, "ada", "secret words", b"fLaC and more")
    ((words, sound),) = raw(letters)
    assert words.startswith("sealed:")
    assert "secret" not in words
    assert b"fLaC" not in sound


def test_the_key_may_be_set_after_the_words(letters: Engine) -> None:
    letter = Letter(words="before its key")
    letter.sender, letter.number = "ada", 1
    assert letter.words == "before its key"
    with Session(letters) as session, session.begin():
        session.add(letter)
    assert words_of(letters, "ada") == "before its key"


def test_words_whose_row_is_not_known_are_not_kept(letters: Engine) -> None:
    cell = Letter.words.kept("to nobody", sender=None, number=1)
    with letters.begin() as connection, pytest.raises(StatementError, match="once sender and number are known"):
        connection.execute(insert(Letter), {"sender": "ada", "number": 1, "words": cell})


def test_statements_beside_the_record_seal_and_open(letters: Engine) -> None:
    write(letters, "ada", "the first")
    with Session(letters) as session, session.begin():
        cell = Letter.words.kept("the second", sender="ada", number=1)
        session.execute(update(Letter).values({Letter.words.column: cell}))
    with Session(letters) as session:
        read = session.scalar(select(Letter.words.column))
        assert Letter.words.opened(read, sender="ada", number=1) == "the second"
        with pytest.raises(SealBrokenError):
            Letter.words.opened(read, sender="ada", number=2)


def test_the_empty_value_can_be_asked_for(letters: Engine) -> None:
    write(letters, "ada", "something")
    write(letters, "bea", "")
    with Session(letters) as session:
        assert session.scalars(select(Letter.sender).where(Letter.words.column == "")).all() == ["bea"]
        assert session.scalars(select(Letter.sender).where(Letter.words.column != "")).all() == ["ada"]
    assert words_of(letters, "bea") == ""


def test_plain_words_go_into_no_sealed_column(letters: Engine) -> None:
    with letters.begin() as connection, pytest.raises(StatementError, match="only what goes through"):
        connection.execute(insert(Letter), {"sender": "ada", "number": 1, "words": "plain"})


def test_rows_that_were_swapped_do_not_open_but_are_listed(letters: Engine) -> None:
    write(letters, "ada", "of ada")
    write(letters, "bea", "of bea")
    (of_ada, _), (of_bea, _) = raw(letters)
    with letters.begin() as connection:
        for sender, words in (("ada", of_bea), ("bea", of_ada)):
            connection.execute(text("UPDATE letters SET words = :w WHERE sender = :s"), {"w": words, "s": sender})
    with Session(letters) as session:
        listed = session.scalars(select(Letter).order_by(Letter.sender)).all()
        assert [letter.sender for letter in listed] == ["ada", "bea"]
        for letter in listed:
            with pytest.raises(SealBrokenError, match=r"letters\.words/"):
                _ = letter.words


@pytest.mark.parametrize("stored", ["plain words", "sealed:", "sealed:!!", "sealed:AAAA", "Sealed:x"])
def test_what_lies_in_plain_is_never_taken_for_words(letters: Engine, stored: str) -> None:
    write(letters, "ada", "sealed words")
    with letters.begin() as connection:
        connection.execute(text("UPDATE letters SET words = :stored"), {"stored": stored})
    with pytest.raises(SealBrokenError, match="in plain"):
        words_of(letters, "ada")


def test_with_another_ring_nothing_opens(letters: Engine) -> None:
    write(letters, "ada", "sealed words")
    use(letters, KeyRing.read(key("another1")))
    with pytest.raises(SealBrokenError, match="testkey1"):
        words_of(letters, "ada")


def test_without_a_ring_nothing_goes_in_or_out(letters: Engine) -> None:
    write(letters, "ada", "sealed words")
    bare = create_engine(letters.url)
    try:
        with pytest.raises(NoKeyRingError):
            words_of(bare, "ada")
        with pytest.raises(StatementError, match="without a key ring"):
            write(bare, "bea", "more words")
    finally:
        bare.dispose()


def test_an_unchanged_value_goes_back_as_it_was(letters: Engine) -> None:
    write(letters, "ada", "sealed words")
    before = raw(letters)
    with Session(letters) as session, session.begin():
        read = session.scalar(select(Letter.words.column))
        session.execute(update(Letter).values({Letter.words.column: read}))
    assert raw(letters) == before


def test_names_that_could_be_read_two_ways_are_told_apart(letters: Engine) -> None:
    cell = Letter.words.kept("words", sender="a/1", number=2)
    with letters.begin() as connection:
        connection.execute(insert(Letter), {"sender": "a/1", "number": 2, "words": cell})
    with Session(letters) as session:
        read = session.scalar(select(Letter.words.column))
        with pytest.raises(SealBrokenError):
            Letter.words.opened(read, sender="a", number="1/2")


def test_words_on_their_way_do_not_show_when_they_are_printed() -> None:
    assert "hidden words" not in repr(Letter.words.kept("hidden words", sender="ada", number=1))
