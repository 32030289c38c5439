"""The pool of warm recognisers: never more than memory allows, the warm ones first, the worn and the idle ones let go."""

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from ivr.speech.pool import IDLE_SECONDS, Pool, Warm


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def pool_of(most: int, *, clock: Clock | None = None, worn_after_seconds: float = 100.0) -> Pool[str, object]:
    """A pool whose recognisers are mere objects."""
    return Pool(lambda _key: object(), most=most, worn_after_seconds=worn_after_seconds, clock=clock or Clock())


def taken(pool: Pool[str, object], key: str = "it") -> Warm[str, object]:
    warm = pool.take(key)
    assert warm is not None
    return warm


def test_one_brought_back_is_given_out_again() -> None:
    pool = pool_of(2)
    warm = taken(pool)
    pool.bring_back(warm)
    assert taken(pool) is warm
    assert pool.figures().made == 1


def test_the_one_used_last_is_given_out_first_so_that_the_others_grow_idle() -> None:
    pool = pool_of(3)
    first, second = taken(pool), taken(pool)
    pool.bring_back(first)
    pool.bring_back(second)
    assert taken(pool) is second


def test_there_are_never_more_than_memory_allows() -> None:
    pool = pool_of(2)
    held = [taken(pool), taken(pool, "en")]
    assert pool.take("it") is None
    pool.bring_back(held[0])
    assert pool.take("it") is held[0]


def test_an_idle_one_of_another_kind_makes_room_the_least_recently_used_first() -> None:
    pool = pool_of(2)
    italian, english = taken(pool, "it"), taken(pool, "en")
    pool.bring_back(italian)
    pool.bring_back(english)
    german = taken(pool, "de")
    assert taken(pool, "en") is english
    assert pool.take("it") is None
    assert german.key == "de"
    assert pool.figures().dropped == 1


def test_one_that_nobody_needed_for_long_is_let_go() -> None:
    clock = Clock()
    pool = pool_of(3, clock=clock)
    first, second = taken(pool), taken(pool)
    pool.bring_back(first)
    clock.seconds = IDLE_SECONDS
    pool.bring_back(second)
    assert pool.figures().idle == 2
    clock.seconds += 1
    pool.bring_back(taken(pool))
    assert (pool.figures().idle, pool.figures().dropped) == (1, 1)
    assert taken(pool) is second


def test_one_that_is_worn_is_not_kept() -> None:
    pool = pool_of(1, worn_after_seconds=10)
    warm = taken(pool)
    warm.fed_seconds = 10
    pool.bring_back(warm)
    assert taken(pool) is not warm


def test_one_that_broke_is_never_given_out_again_and_its_room_is_free() -> None:
    pool = pool_of(1)
    warm = taken(pool)
    pool.drop(warm)
    assert taken(pool) is not warm


def test_one_whose_holder_died_does_not_keep_its_room() -> None:
    pool = pool_of(1)
    warm = taken(pool)
    assert pool.take("it") is None
    del warm
    gc.collect()
    assert pool.take("it") is not None


def test_one_that_cannot_be_made_does_not_keep_its_room() -> None:
    failing = True

    def make(_key: str) -> object:
        if failing:
            raise RuntimeError("no memory")
        return object()

    pool: Pool[str, object] = Pool(make, most=1, worn_after_seconds=1.0)
    with pytest.raises(RuntimeError, match="no memory"):
        pool.take("it")
    failing = False
    assert pool.take("it") is not None


def test_who_waits_gets_the_one_that_is_brought_back_meanwhile() -> None:
    pool: Pool[str, object] = Pool(lambda _key: object(), most=1, worn_after_seconds=100.0)
    warm = taken(pool)
    waiting = Event()

    def wait() -> Warm[str, object] | None:
        waiting.set()
        return pool.take("it", wait_seconds=30)

    with ThreadPoolExecutor(1) as threads:
        waited = threads.submit(wait)
        waiting.wait(30)
        pool.bring_back(warm)
        assert waited.result(30) is warm


def test_who_waits_for_longer_than_wanted_goes_without() -> None:
    pool: Pool[str, object] = Pool(lambda _key: object(), most=1, worn_after_seconds=100.0)
    warm = taken(pool)
    assert pool.take("it", wait_seconds=0.05) is None
    assert pool.figures().taken == 1
    pool.bring_back(warm)
