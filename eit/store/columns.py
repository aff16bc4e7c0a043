"""Column types that mean the same on SQLite and on PostgreSQL."""

import secrets
from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python, without a zone in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; a moment without a zone is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs its zone; got {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back aware, in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


def new_id() -> str:
    """An identifier that tells nothing and cannot be guessed: 96 random bits."""
    return secrets.token_urlsafe(12)


def now() -> datetime:
    """Moment of the call, in UTC."""
    return datetime.now(UTC)
