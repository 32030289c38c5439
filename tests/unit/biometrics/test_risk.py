"""What is enough for what is asked: every combination, and that a better proof never makes it worse."""

from dataclasses import replace
from itertools import chain, combinations, product
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biometrics.decision import Liveness
from biometrics.risk import Asked, Circumstances, Enough, Number, Proof, StepUp, Voice, Way, Why, assess

STEPS = (Way.DIGITS, Way.CODE)
SUSPECT = {Liveness.REPLAYED, Liveness.SYNTHETIC}
LIVENESS = [Liveness.SYNTHETIC, Liveness.UNKNOWN, Liveness.LIVE]  # the least first
PERSON = 9  # more than any number of proofs


T = TypeVar("T")


def subsets(things: tuple[T, ...]) -> list[frozenset[T]]:
    return [frozenset(some) for some in chain.from_iterable(combinations(things, n) for n in range(len(things) + 1))]


EVERY = [
    Circumstances(asked=asked, number=number, voice=voice, liveness=liveness, proofs=proofs, spent=spent)
    for asked, number, voice, liveness, proofs, spent in product(
        Asked, Number, Voice, Liveness, subsets(tuple(Proof)), subsets(STEPS)
    )
]
any_circumstances = st.builds(
    Circumstances,
    asked=st.sampled_from(Asked),
    number=st.sampled_from(Number),
    voice=st.sampled_from(Voice),
    liveness=st.sampled_from(Liveness),
    proofs=st.frozensets(st.sampled_from(Proof)),
    spent=st.frozensets(st.sampled_from(STEPS)),
)


def proofs_left(circumstances: Circumstances) -> int:
    """How many more proofs it takes, each of them given; PERSON where only a person can say."""
    match assess(circumstances):
        case Enough():
            return 0
        case StepUp(to=Way.PERSON):
            return PERSON
        case StepUp(to=way):
            return 1 + proofs_left(replace(circumstances, proofs=circumstances.proofs | {Proof(way.value)}))


def case(asked: str, number: str, voice: str, *more: str, liveness: str = "unknown", spent: str = "") -> Circumstances:
    return Circumstances(
        asked=Asked(asked),
        number=Number(number),
        voice=Voice(voice),
        liveness=Liveness(liveness),
        proofs=frozenset(Proof(one) for one in more),
        spent=frozenset(Way(one) for one in spent.split()),
    )


def test_every_combination_comes_to_enough_or_to_a_person_in_two_proofs_at_most() -> None:
    for one in EVERY:
        assert proofs_left(one) in {0, 1, 2, PERSON}, one


def test_nothing_is_asked_for_that_was_given_or_tried_in_vain() -> None:
    for one in EVERY:
        answer = assess(one)
        if isinstance(answer, StepUp):
            assert answer.to.value not in one.proofs | one.spent, one


def test_voice_alone_is_never_enough_for_what_risks_most() -> None:
    for one in EVERY:
        if one.asked == Asked.HIGH and one.proofs <= {Proof.DIGITS}:
            assert isinstance(assess(one), StepUp), one


def test_nobody_without_a_voice_needs_more_than_before_there_were_voices() -> None:
    for one in EVERY:
        sufficed = one.number == Number.ON_FILE or Proof.ORDER_AND_POSTCODE in one.proofs
        nothing_heard = one.voice in {Voice.NOT_ENROLLED, Voice.INCONCLUSIVE} and one.liveness not in SUSPECT
        if sufficed and nothing_heard and one.asked != Asked.HIGH:
            assert isinstance(assess(one), Enough), one


def test_whoever_refused_is_nowhere_worse_off_than_whoever_is_rejected() -> None:
    for one in EVERY:
        if one.voice == Voice.REJECTED and isinstance(assess(one), Enough):
            assert isinstance(assess(replace(one, voice=Voice.NOT_ENROLLED)), Enough), one


def test_lock_and_suspicion_are_for_a_person_unless_a_code_was_given() -> None:
    for one in EVERY:
        if one.voice == Voice.LOCKED or one.liveness in SUSPECT:
            answer = assess(one)
            by_code = Proof.CODE in one.proofs and one.asked != Asked.HIGH
            assert isinstance(answer, Enough) if by_code else (answer == StepUp(to=Way.PERSON, why=answer.why)), one


def test_blocked_voice_is_never_asked_for() -> None:
    for one in EVERY:
        if one.voice in {Voice.BLOCKED, Voice.NOT_ENROLLED}:
            answer = assess(one)
            assert not (isinstance(answer, StepUp) and answer.to == Way.DIGITS), one


@given(any_circumstances, st.sampled_from(Number))
def test_better_number_never_makes_it_worse(one: Circumstances, number: Number) -> None:
    worse, better = sorted((one.number, number), key=tuple(Number).index)
    assert proofs_left(replace(one, number=better)) <= proofs_left(replace(one, number=worse))


VOICES = [Voice.LOCKED, Voice.BLOCKED, Voice.INCONCLUSIVE, Voice.ACCEPTED]
CHAINS = [VOICES, [Voice.LOCKED, Voice.REJECTED, *VOICES[2:]], [Voice.BLOCKED, Voice.NOT_ENROLLED, *VOICES[2:]]]


@given(any_circumstances, st.sampled_from(CHAINS), st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_better_voice_never_makes_it_worse(one: Circumstances, chain_: list[Voice], ends: tuple[int, int]) -> None:
    worse, better = (chain_[end] for end in sorted(ends))
    assert proofs_left(replace(one, voice=better)) <= proofs_left(replace(one, voice=worse))


@given(any_circumstances, st.sampled_from(LIVENESS))
def test_better_liveness_never_makes_it_worse(one: Circumstances, liveness: Liveness) -> None:
    worse, better = sorted((one.liveness, liveness), key=["replayed", *LIVENESS].index)
    assert proofs_left(replace(one, liveness=better)) <= proofs_left(replace(one, liveness=worse))


@given(any_circumstances, st.frozensets(st.sampled_from(Proof)))
def test_more_proofs_never_make_it_worse(one: Circumstances, more: frozenset[Proof]) -> None:
    assert proofs_left(replace(one, proofs=one.proofs | more)) <= proofs_left(one)


@given(any_circumstances, st.sampled_from(Asked))
def test_asking_for_less_never_takes_more(one: Circumstances, asked: Asked) -> None:
    less, more = sorted((one.asked, asked), key=tuple(Asked).index)
    assert proofs_left(replace(one, asked=less)) <= proofs_left(replace(one, asked=more))


@given(any_circumstances, st.frozensets(st.sampled_from(STEPS)))
def test_ways_tried_in_vain_never_make_it_easier(one: Circumstances, more: frozenset[Way]) -> None:
    assert proofs_left(replace(one, spent=one.spent | more)) >= proofs_left(one)


@pytest.mark.parametrize(
    ("circumstances", "expected"),
    [
        # Nobody was asked for more than the number for this before.
        (case("low", "on_file", "not_enrolled"), Enough(why=Why.NUMBER)),
        (case("medium", "on_file", "not_enrolled"), Enough(why=Why.NUMBER)),
        (case("medium", "hidden", "inconclusive", "order_and_postcode"), Enough(why=Why.POSTCODE)),
        # The voice in place of a code.
        (case("low", "hidden", "accepted"), Enough(why=Why.VOICE)),
        (case("medium", "on_file", "accepted"), Enough(why=Why.VOICE)),
        (case("medium", "unknown", "accepted", liveness="live"), Enough(why=Why.LIVE_VOICE)),
        (case("medium", "unknown", "accepted"), StepUp(to=Way.DIGITS, why=Why.NOT_ON_FILE)),
        (case("medium", "on_file_with_alerts", "accepted"), StepUp(to=Way.DIGITS, why=Why.IS_ALERTED)),
        # Another voice on the customer's number: digits, code, person.
        (case("low", "on_file", "rejected"), StepUp(to=Way.DIGITS, why=Why.IS_REJECTED)),
        (case("medium", "on_file", "rejected"), StepUp(to=Way.DIGITS, why=Why.IS_REJECTED)),
        (case("medium", "on_file", "rejected", "order_and_postcode"), StepUp(to=Way.DIGITS, why=Why.IS_REJECTED)),
        (case("medium", "on_file", "rejected", "digits"), Enough(why=Why.DIGITS)),
        (case("medium", "on_file", "rejected", spent="digits"), StepUp(to=Way.CODE, why=Why.IS_REJECTED)),
        (case("medium", "on_file", "rejected", "code", spent="digits"), Enough(why=Why.CODE)),
        (case("medium", "on_file", "rejected", spent="digits code"), StepUp(to=Way.PERSON, why=Why.IS_REJECTED)),
        # What risks most.
        (case("high", "on_file", "accepted", liveness="live"), StepUp(to=Way.CODE, why=Why.ASKS_MORE)),
        (case("high", "on_file", "accepted", "code"), Enough(why=Why.TWO_PROOFS)),
        (case("high", "on_file", "accepted", "order_and_postcode"), StepUp(to=Way.DIGITS, why=Why.ASKS_MORE)),
        (case("high", "on_file", "not_enrolled"), StepUp(to=Way.CODE, why=Why.ASKS_MORE)),
        (case("high", "unknown", "not_enrolled"), StepUp(to=Way.PERSON, why=Why.ASKS_MORE)),
        (case("high", "hidden", "rejected"), StepUp(to=Way.DIGITS, why=Why.IS_REJECTED)),
        (case("high", "hidden", "rejected", "digits"), StepUp(to=Way.CODE, why=Why.IS_REJECTED)),
        # Attacks.
        (case("low", "on_file", "locked"), StepUp(to=Way.PERSON, why=Why.IS_LOCKED)),
        (case("medium", "on_file", "accepted", liveness="replayed"), StepUp(to=Way.PERSON, why=Why.IS_SUSPECT)),
        (case("medium", "on_file", "locked", "code"), Enough(why=Why.CODE)),
        (case("medium", "on_file", "blocked"), StepUp(to=Way.CODE, why=Why.IS_BLOCKED)),
    ],
)  # fmt: skip
def test_what_is_enough(circumstances: Circumstances, expected: Enough | StepUp) -> None:
    assert assess(circumstances) == expected
