"""Make the tables, or bring those of an earlier version up to date, step by step."""

import threading
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from eit.store.database import Store
from eit.store.models import Base

HERE = Path(__file__).parent
_TURN = threading.Lock()  # what Alembic knows of the step under way is one for the process
LOCK = 20_260_901
"""Number of the advisory lock that lets one process migrate a PostgreSQL database at a time."""


def upgrade(store: Store) -> None:
    """Bring a database to the newest version, all at once or not at all.

    Several processes may start together: the first does it, the others wait for it.
    """
    with store.engine.connect() as connection:
        if _version(connection) == newest():
            return
    with _TURN, store.engine.connect().execution_options(eit_writes=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def newest() -> str:
    """Version that this software's tables have."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def version(store: Store) -> str | None:
    """Version that a database has; None for an empty one."""
    with store.engine.connect() as connection:
        return _version(connection)


def differences(store: Store) -> list[object]:
    """What would still have to change for the tables to be those of the models; [] is right."""
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return config
