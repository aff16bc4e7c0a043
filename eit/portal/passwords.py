"""Passwords: argon2 through a library, a few at a time, and what a password must be."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from eit.portal.refusals import PortalError

SHORTEST, LONGEST = 12, 200
FEWEST_CHARACTERS = 5
AT_ONCE = 2
WAITING = 8
PATIENCE_S = 5.0


class BusyError(PortalError):
    """Too many people sign in at this very moment."""

    status = 503
    code = "busy"


class Passwords:
    """Hashes and verifies; each takes 64 MB and a good part of a second, so few run at once."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._inner = PasswordHash((hasher or Argon2Hasher(),))
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        with self._turn():
            return self._inner.hash(password)

    def verify(self, password: str, kept: str | None) -> bool:
        """Whether a password is the one kept; without one, the same work and no."""
        with self._turn():
            return self._inner.verify(password[:LONGEST], kept or self._nobodys) and bool(kept)

    @cached_property
    def _nobodys(self) -> str:
        """Hash of a password that nobody has."""
        return self._inner.hash("\0")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for a turn, in a short queue and not for long.

        Raises
        ------
        BusyError
            If the queue is full, or no turn comes.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError
        try:
            if not self._turns.acquire(timeout=PATIENCE_S):
                raise BusyError
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()


def weakness(password: str, *, email: str, name: str = "") -> str | None:
    """Why a password will not do, as a word of ``portal.password.<word>``; None if it will.

    Length is what counts; a password that its owner's name or address gives away is refused.

    >>> weakness("terril-mauve-42-gaillette", email="a@b.example")
    >>> weakness("court", email="a@b.example")
    'short'
    """
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    if len(set(password)) < FEWEST_CHARACTERS:
        return "uniform"
    plain = password.casefold()
    known = {email.casefold(), email.partition("@")[0].casefold(), name.casefold()}
    if any(word and plain.replace(word, "") in ("", *"0123456789!.-_") for word in known):
        return "name"
    return None
