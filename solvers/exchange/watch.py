"""When to end a solve, and whom to tell how far it is."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Final, TypeVar

Progress = Callable[[str, float, float], None]
Stop = Callable[[], bool]

POLL: Final = 0.2  # seconds between two looks at whether to stop
REPORT: Final = 1.0  # seconds between two reports

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Watch:
    """Ends a solve at a time or on request; looks and tells from the thread that made it."""

    until: float  # of time.perf_counter()
    stop: Stop | None = None
    tell: Progress | None = None
    stopped: Event = field(default_factory=Event)  # asked for; workers look at it

    @property
    def left(self) -> float:
        """Seconds left."""
        return 0.0 if self.stopped.is_set() else self.until - time.perf_counter()

    @property
    def over(self) -> bool:
        """Whether to end, as far as is known; any thread may ask."""
        return self.left <= 0

    def part(self, share: float) -> "Watch":
        """A watch of some of the time that is left, stopped with this one."""
        return replace(self, until=time.perf_counter() + share * max(self.left, 0.0))

    def look(self) -> bool:
        """Ask whether to stop; only for the thread that made this."""
        if self.stop is not None and not self.stopped.is_set() and self.stop():
            self.stopped.set()
        return self.over

    def report(self, stage: str, fraction: float, gap: float) -> None:
        """Tell how far the solve is."""
        if self.tell is not None:
            self.tell(stage, fraction, gap)

    def each(
        self, work: Callable[[T], R], items: Iterable[T], threads: int, say: Callable[[], None]
    ) -> Iterator[tuple[T, R]]:
        """Work on items in threads and give back each with its result, as they are done.

        `say` is called every second or so. Once the watch is over, what has not begun is
        dropped; asked to stop, what has begun is not waited for either: a solver at work
        ends by itself at its own limits.
        """
        pool = ThreadPoolExecutor(threads)
        futures = {pool.submit(self._unless_over, work, item): item for item in items}
        left: set[Future[R | None]] = set(futures)
        said = time.perf_counter()
        try:
            while left and not self.stopped.is_set():
                done, left = wait(left, POLL, FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    if result is not None:
                        yield futures[future], result
                self.look()
                if time.perf_counter() - said > REPORT:
                    said = time.perf_counter()
                    say()
        finally:
            pool.shutdown(wait=not self.stopped.is_set(), cancel_futures=True)

    def _unless_over(self, work: Callable[[T], R], item: T) -> R | None:
        return None if self.over else work(item)
