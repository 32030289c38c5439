"""Everything sealed is gone through in batches: plain values are sealed, old ones renewed, and whatever breaks off can go on."""

from itertools import islice

import pytest
from sqlalchemy import Engine, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from sealing import resealing
from sealing.columns import SealedBytes, SealedText, use
from sealing.keys import KeyRing
from tests.keys import key

OLD, NEW = KeyRing.read(key("oldkey01")), KeyRing.read(f"{key('newkey02')},{key('oldkey01')}")
MANY = resealing.BATCH_ROWS * 2 + 7


class Base(DeclarativeBase):
    pass


class Letter(Base):
    __tablename__ = "letters"

    sender: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words = SealedText("sender", "number")
    sound = SealedBytes("sender")


@pytest.fixture
def letters(engine: Engine) -> Engine:
    Base.metadata.create_all(engine)
    use(engine, OLD)
    return engine


def fill(engine: Engine, many: int = MANY) -> None:
    with Session(engine) as session, session.begin():
        session.add_all(
            Letter(sender=f"s{at % 3}", number=at, words=f"words {at}", sound=b"fLaC" * (at % 2)) for at in range(many)
        )


def fill_plain(engine: Engine, many: int = MANY) -> None:
    with engine.begin() as connection:
        statement = text("INSERT INTO letters (sender, number, words, sound) VALUES (:s, :n, :w, :b)")
        connection.execute(
            statement, [{"s": f"s{at % 3}", "n": at, "w": f"words {at}", "b": b"fLaC" * (at % 2)} for at in range(many)]
        )


def place(engine: Engine) -> resealing.Place:
    with engine.connect() as connection:
        (found,) = resealing.places([Base.metadata], connection)
    return found


def words(engine: Engine) -> dict[int, tuple[str, bytes]]:
    with Session(engine) as session:
        return {letter.number: (letter.words, letter.sound) for letter in session.query(Letter)}


def count(engine: Engine) -> resealing.Count:
    with engine.connect() as connection:
        return resealing.count(connection, place(engine))


EXPECTED = {at: (f"words {at}", b"fLaC" * (at % 2)) for at in range(MANY)}
VALUES = MANY + MANY // 2


def test_what_is_plain_is_sealed_and_what_is_sealed_stays(letters: Engine) -> None:
    fill_plain(letters)
    assert count(letters).plain == VALUES
    went = list(resealing.seal_plain(letters, place(letters)))
    assert sum(one.rows for one in went) == MANY
    assert sum(one.changed for one in went) == VALUES
    assert words(letters) == EXPECTED
    assert not any(one.changed or one.broken for one in resealing.seal_plain(letters, place(letters)))


def test_whatever_breaks_off_in_the_middle_has_lost_nothing_and_goes_on(letters: Engine) -> None:
    fill_plain(letters)
    (first,) = islice(resealing.seal_plain(letters, place(letters)), 1)
    assert 0 < count(letters).plain == VALUES - first.changed
    rest = list(resealing.seal_plain(letters, place(letters)))
    assert sum(one.changed for one in rest) == VALUES - first.changed
    assert words(letters) == EXPECTED


def test_renewing_seals_all_under_the_newest_key_and_then_the_old_one_is_not_needed(letters: Engine) -> None:
    fill(letters)
    use(letters, NEW)
    assert dict(count(letters).by_key) == {"oldkey01": VALUES}
    list(resealing.renew(letters, place(letters)))
    assert dict(count(letters).by_key) == {"newkey02": VALUES}
    use(letters, KeyRing.read(key("newkey02")))
    assert words(letters) == EXPECTED
    assert not any(one.changed for one in resealing.renew(letters, place(letters)))


def test_renewing_takes_nothing_that_lies_in_plain_or_was_moved(letters: Engine) -> None:
    fill(letters, 3)
    with letters.begin() as connection:
        connection.execute(text("UPDATE letters SET words = 'plain' WHERE number = 0"))
        connection.execute(
            text("UPDATE letters SET words = (SELECT o.words FROM letters o WHERE o.number = 2) WHERE number = 1")
        )
    use(letters, NEW)
    (went,) = resealing.renew(letters, place(letters))
    # The words of 2, and the one sound that there is.
    assert (went.changed, went.broken) == (2, 2)
    assert count(letters).plain == 1


def test_everything_is_laid_open_for_a_version_that_seals_nothing(letters: Engine) -> None:
    fill(letters)
    found = place(letters)
    with letters.begin() as connection:
        resealing.unseal(connection, found)
    assert count(letters).plain == VALUES
    with letters.connect() as connection:
        rows = connection.execute(text("SELECT number, words, sound FROM letters"))
        assert {number: (said, bytes(sound)) for number, said, sound in rows} == EXPECTED


def test_a_table_that_is_not_there_yet_is_no_place(engine: Engine) -> None:
    with engine.connect() as connection:
        assert resealing.places([Base.metadata, MetaData()], connection) == ()
