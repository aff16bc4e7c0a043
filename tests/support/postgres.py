"""A PostgreSQL cluster of its own for a test: on a socket in a folder, gone afterwards.

It takes Debian's packages (postgresql): PostgreSQL refuses to run as root, so that root lends
the cluster to the user that the package made.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLACES = (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin"))
OWNER = "postgres"
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def program(name: str) -> str:
    """Path of one of PostgreSQL's programs."""
    found = next((place / name for place in PLACES if (place / name).exists()), None)
    assert found, "the PostgreSQL tests need it: sudo apt-get install postgresql"
    return str(found)


def as_owner(*command: str) -> None:
    """Run a command as the cluster's owner."""
    prefix = ("runuser", "-u", OWNER, "--") if os.geteuid() == 0 else ()
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, cwd="/tmp")
    assert done.returncode == 0, done.stderr + done.stdout


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """Start a cluster; yields the SQLAlchemy address of an empty database in it.

    Parameters
    ----------
    durable
        Whether it writes to disk before it acknowledges, as in real use; slower.
    """
    place = Path(tempfile.mkdtemp(prefix="eit-pg-", dir="/tmp"))  # sockets have short paths
    if os.geteuid() == 0:
        os.chown(place, pwd.getpwnam(OWNER).pw_uid, -1)
    data = str(place / "data")
    try:
        made = (program("initdb"), "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8")
        as_owner(*made, "--no-sync")
        options = f"-k {place} -c listen_addresses='' {'' if durable else FAST}"
        log = str(place / "log")
        as_owner(program("pg_ctl"), "-D", data, "-o", options, "-l", log, "-w", "start")
        try:
            as_owner(program("createdb"), "-h", str(place), "-U", OWNER, "portal")
            yield f"postgresql+psycopg://{OWNER}@/portal?host={place}"
        finally:
            as_owner(program("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)
