import threading
from datetime import UTC, datetime

import pytest

from ivr.line.clock import RealClock, VirtualClock
from ivr.line.tasks import Later, Task, sleep


def test_virtual_time_jumps_and_keeps_order() -> None:
    clock, seen = VirtualClock(), []
    clock.call_later(2, lambda: seen.append(("b", clock.microseconds)))
    clock.call_later(1, lambda: seen.append(("a", clock.microseconds)))
    clock.call_later(2, lambda: seen.append(("c", clock.microseconds)))
    clock.advance(3)
    assert seen == [("a", 1_000_000), ("b", 2_000_000), ("c", 2_000_000)]
    assert clock.microseconds == 3_000_000


def test_cancelled_timer_does_nothing_and_run_until_tells_whether() -> None:
    clock, seen = VirtualClock(), []
    clock.call_later(1, lambda: seen.append(1)).cancel()
    assert not clock.run_until(lambda: bool(seen), 10)
    clock.call_later(1, lambda: seen.append(2))
    assert clock.run_until(lambda: bool(seen), 10)
    assert clock.microseconds == 11_000_000


def test_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 1, 1))  # noqa: DTZ001  this is the mistake
    assert VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)).now() == datetime(2026, 1, 1, tzinfo=UTC)


def test_stopped_task_tidies_up_where_it_waits() -> None:
    clock, seen = VirtualClock(), []

    async def work() -> None:
        try:
            await sleep(clock, 5)
            seen.append("over")
        finally:
            seen.append("tidy")

    task = Task(clock, work())
    clock.advance(1)
    task.stop()
    clock.advance(9)
    assert seen == ["tidy"]
    assert task.done


def test_task_that_stops_itself_ends_at_its_next_wait() -> None:
    clock, seen = VirtualClock(), []
    tasks: list[Task] = []

    async def work() -> None:
        tasks[0].stop()
        seen.append("still here")
        await Later[None]()
        seen.append("never")

    tasks.append(Task(clock, work()))
    clock.advance(1)
    assert seen == ["still here"]
    assert tasks[0].done


def test_first_resolution_counts() -> None:
    clock, seen, later = VirtualClock(), [], Later[int]()

    async def work() -> None:
        seen.append(await later)

    Task(clock, work())
    later.resolve(1)
    later.resolve(2)
    clock.advance(0)
    assert seen == [1]


def test_real_clock_runs_actions_on_its_own_thread_and_gives_results() -> None:
    clock = RealClock()
    clock.start()
    try:
        done, threads = threading.Event(), []
        clock.post(lambda: threads.append(threading.current_thread().name))
        clock.call_later(0.01, done.set)
        assert done.wait(5)
        assert threads == ["line-loop"]
        assert clock.call(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            clock.call(lambda: 1 // 0)
        aside, came = [], threading.Event()
        clock.run_aside(lambda: threading.current_thread().name, lambda name: (aside.append(name), came.set()))
        assert came.wait(5)
        assert aside[0].startswith("line-aside")
    finally:
        clock.stop()
