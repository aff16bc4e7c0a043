"""When a solve ends, and whom it tells."""

import threading
import time

import numpy as np
import pytest

from solvers.exchange.watch import Watch


def test_all_items_are_worked_on_and_come_back_with_their_results() -> None:
    watch = Watch(np.inf)
    found = dict(watch.each(lambda x: x * x, range(7), 3, lambda: None))
    assert found == {x: x * x for x in range(7)}


def test_what_has_not_begun_when_time_is_out_is_dropped() -> None:
    watch = Watch(time.perf_counter() + 0.3)

    def slow(x: int) -> int:
        time.sleep(0.2)
        return x

    found = dict(watch.each(slow, range(50), 2, lambda: None))
    assert 2 <= len(found) < 10


def test_a_stop_does_not_wait_for_work_in_hand() -> None:
    go_on = threading.Event()
    watch = Watch(np.inf, stop=lambda: True)
    started = time.perf_counter()

    def endless(_x: int) -> int:
        go_on.wait(30)
        return 0

    assert dict(watch.each(endless, range(4), 2, lambda: None)) == {}
    assert time.perf_counter() - started < 10
    assert watch.over
    assert watch.left == 0.0
    go_on.set()


def test_only_the_maker_is_asked_to_stop_and_all_hear_of_it() -> None:
    asked: list[threading.Thread] = []

    def stop() -> bool:
        asked.append(threading.current_thread())
        return len(asked) > 2

    watch = Watch(np.inf, stop=stop)
    half = watch.part(0.5)
    assert not watch.look()
    assert not half.look()
    assert half.look()
    assert watch.over
    assert set(asked) == {threading.current_thread()}


def test_work_is_told_of_every_second_or_so() -> None:
    said: list[float] = []
    watch = Watch(np.inf)
    work = watch.each(lambda _: time.sleep(1.2), range(2), 1, lambda: said.append(time.time()))
    assert not list(work)
    assert len(said) >= 1


def test_an_error_in_the_work_comes_out() -> None:
    def fails(_x: int) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(Watch(np.inf).each(fails, [1], 1, lambda: None))
