"""Large files are checked beside the requests; what a stop left is checked at the start."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock

from eit.portal.declare.checking import check_submission, waiting
from eit.store.database import Store

LARGE_BYTES = 200_000
"""From here on a file is checked in the background, and its page shows how far that is."""

log = logging.getLogger(__name__)


class Checker:
    """Checks submissions one after the other in a thread of its own."""

    def __init__(self, store: Store, *, threads: int = 1) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="check")
        self._asked: set[str] = set()
        self._lock = Lock()

    def check(self, submission_id: str, *, size: int) -> None:
        """Check a submission: a small one at once, a large one in its turn."""
        if size < LARGE_BYTES:
            check_submission(self._store, submission_id)
        else:
            self.ask(submission_id)

    def ask(self, submission_id: str) -> None:
        """Have a submission checked in its turn; asking again while it waits changes nothing."""
        with self._lock:
            if submission_id in self._asked:
                return
            self._asked.add(submission_id)
        task = self._pool.submit(check_submission, self._store, submission_id)
        task.add_done_callback(partial(self._done, submission_id))

    def resume(self) -> None:
        """Have everything checked that was received and never was."""
        with self._store.reading() as session:
            left = waiting(session)
        for submission_id in left:
            self.ask(submission_id)

    def close(self) -> None:
        """Let the check that is under way end; the others stay for the next start."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _done(self, submission_id: str, task: Future[None]) -> None:
        with self._lock:
            self._asked.discard(submission_id)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("check of %s stopped", submission_id, exc_info=error)
