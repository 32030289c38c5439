"""The desk's data file: what ships is whole, each mistake gets its one message, and a text is filled with what the call has."""

from pathlib import Path

import pytest

from prompts import desk_book
from prompts.desk_book import DESK_FILE, PLACEHOLDERS, DeskBook, DeskBookError, fill, for_reason, load, read_desk
from prompts.documents import HERE

INTENTS = {"order_status", "return", "product_question", "complaint"}
SHIPPED = (HERE / DESK_FILE).read_text(encoding="utf-8")
GOOD = """\
away_reasons:
  - {code: break, it: "Pausa", en: "Break"}
outcomes:
  - {code: solved, it: "Risolta", en: "Solved"}
  - {code: to_follow_up, it: "Da seguire", en: "To follow up", needs_next_step: true}
  - {code: refunded, it: "Rimborso", en: "Refund", intents: [return], queues: [recovery]}
snippets:
  - code: late
    intents: [order_status]
    it: {title: "Ritardo", text: "Ordine {order_number:letters} il {order_due:date}."}
    en: {title: "Late", text: "Order {order_number:letters} on {order_due:date}."}
  - code: bye
    intents: []
    it: {title: "Fine", text: "Grazie."}
    en: {title: "End", text: "Thank you."}
messages:
  - code: number
    intents: [return]
    it: {title: "Numero", text: "{company:name}: {line_number:letters}"}
    en: {title: "Number", text: "{company:name}: {line_number:letters}"}
"""


@pytest.fixture
def book() -> DeskBook:
    made, problems = read_desk(GOOD, file=DESK_FILE, intents=INTENTS)
    assert problems == ()
    return made


def test_the_shipped_file_is_right_for_the_shipped_intents() -> None:
    assert read_desk(SHIPPED, file=DESK_FILE, intents=INTENTS)[1] == ()
    shipped = load()
    assert {one.code for one in shipped.outcomes} >= {"solved", "to_follow_up", "passed_on", "wrong_number"}
    # Each reason of the shipped company has something to read aloud.
    assert all(any(intent in one.intents for one in shipped.snippets) for intent in INTENTS)


@pytest.mark.parametrize(
    ("from_", "to", "line", "message"),
    [
        ("code: break", "code: Break", 2, "does not fit"),
        ('en: "Break"', "", 2, "'en' is missing"),
        ("code: solved", "code: done", 3, "the outcome solved must be there for every call"),
        ("needs_next_step: true", "needs_next_step: false", 3, "to_follow_up needs a next step"),
        ("needs_next_step: true", "needs_next_step: maybe", 5, "is not of the type boolean"),
        ("code: refunded", "code: to_follow_up", 6, "the code to_follow_up stands in outcomes twice"),
        ("intents: [return], queues", "intents: [retrun], queues", 6, "unknown intent retrun"),
        ("code: bye", "code: late", 12, "the code late stands in snippets twice"),
        ("il {order_due:date}", "il {order_day:date}", 10, "unknown placeholder {order_day:date}"),
        ("il {order_due:date}", "il {order_due:money}", 10, "unknown placeholder {order_due:money}"),
        ("il {order_due:date}", "presto", 8, "other placeholders in one language than in the other"),
        ("il {order_due:date}", "il {order_due:date}}", 10, "a brace that belongs to no placeholder"),
        ('text: "Grazie."', 'txt: "Grazie."', 14, "'txt' is not known here"),
        ('text: "{company:name}: {line_number:letters}"}\n    en', f'text: "{"x" * 301}"}}\n    en', 19, "is too long"),
        ("messages:", "mesages:", 16, "'mesages' is not known here"),
        ("  - code: number", "  - {code: number", 17, "this is not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(from_: str, to: str, line: int, message: str) -> None:
    assert GOOD.count(from_) >= 1
    problems = read_desk(GOOD.replace(from_, to, 1), file=DESK_FILE, intents=INTENTS)[1]
    told = [problem.line for problem in problems if message in problem.message]
    assert told == [line], [str(problem) for problem in problems]


def test_one_mistake_is_told_once() -> None:
    for from_, to in (
        ("il {order_due:date}", "il {order_day:date}"),
        ("code: solved", "code: done"),
        ("code: bye", "code: late"),
        ("[return]", "[retrun]"),
    ):
        assert len(read_desk(GOOD.replace(from_, to, 1), file=DESK_FILE, intents=INTENTS)[1]) == 1, to


def test_outcomes_are_those_of_the_reason_or_of_the_queue(book: DeskBook) -> None:
    def codes(intent: str, queue: str) -> list[str]:
        return [one.code for one in book.outcomes_of(intent=intent, queue=queue)]

    assert codes("complaint", "orders") == ["solved", "to_follow_up"]
    assert codes("return", "orders") == codes("complaint", "recovery") == ["solved", "to_follow_up", "refunded"]


def test_what_fits_the_reason_comes_first_and_the_rest_stays(book: DeskBook) -> None:
    assert [one.code for one in for_reason(book.snippets, "order_status")] == ["late", "bye"]
    assert [one.code for one in for_reason(book.snippets, "return")] == ["bye", "late"]


def test_a_text_is_filled_and_what_is_missing_is_named(book: DeskBook) -> None:
    late = book.snippets[0]
    whole = fill(late, language="it", values={"order_number": "1042", "order_due": "2026-11-26"})
    assert (whole.text, whole.missing) == ("Ordine 1042 il 26 novembre 2026.", ())
    part = fill(late, language="en", values={"order_number": "1042"})
    assert (part.text, part.missing) == ("Order 1042 on ….", ("order_due",))
    assert late.is_personal
    assert not book.messages[0].is_personal


def test_every_placeholder_can_be_written() -> None:
    for name, kind in PLACEHOLDERS.items():
        value = "2026-11-26" if kind == "date" else "R12"
        assert desk_book.spoken.written(value, kind, "it"), name


def test_a_folder_without_the_file_has_the_shipped_one_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    assert load(tmp_path, intents={"other"}) == load()
    (tmp_path / DESK_FILE).write_text(GOOD, encoding="utf-8")
    assert load(tmp_path, intents=INTENTS).name("outcomes", "refunded", "it") == "Rimborso"
    with pytest.raises(DeskBookError, match=r"desk\.yaml:6: outcomes: refunded names the unknown intent return"):
        load(tmp_path, intents={"order_status"})
