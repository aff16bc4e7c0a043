"""The job worker on a tether: it ends when the server that holds the other end is gone.

``python -m eit.portal.tether`` takes the worker's options. Its standard input is a pipe that the
server never writes to; when the server is killed outright, the pipe ends, and so does the worker.
"""

import os
import signal
import sys
import threading

from eit.portal.jobs import worker


def main() -> None:
    """Work until told to stop, or until the other end is gone."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()
    worker.main(sys.argv[1:])


def _wait_for_the_end() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
