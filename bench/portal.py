"""Load on the portal: 200 firms send files of 200 rows while maps are read.

``python -m bench.portal`` starts the portal as ``eit serve`` does, on a territory of 200
fictitious firms with a published plan, and lets clients send and read at once. It prints
throughput and the 50th and 95th percentile of each kind of request, and checks that every file
acknowledged is there, byte for byte.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx2
import numpy as np
from sqlalchemy import select

from eit.portal import territories, tokens
from eit.portal.invitations import Post, add_member
from eit.portal.jobs import ledger
from eit.portal.jobs.supervising import Bench, see_through
from eit.portal.runs.publishing import pairs_of, publish
from eit.portal.settings import Settings
from eit.portal.viewer import view
from eit.store.columns import now
from eit.store.database import Store, open_store
from eit.store.migrations import upgrade
from eit.store.models import AccountRow, JobRow, SubmissionRow

SEED = 7
RESOURCES = ("19 12 01", "15 01 03", "15 01 02", "17 01 01", "20 01 38")


@dataclass(frozen=True)
class Stage:
    """A portal ready for load: its database, and a key for each firm and for the manager."""

    store: Store
    slug: str
    firm_keys: Sequence[tuple[str, str, str]]  # firm id, key, site
    manager_key: str


@dataclass(frozen=True)
class Load:
    """Seconds that each request took, by kind, and the wall time of the whole."""

    uploads_s: Sequence[float]
    reads_s: Sequence[float]
    wall_s: float
    acknowledged: dict[str, bytes]


def sites_csv(firms: int) -> bytes:
    """One site a firm, in one park of about 4 km by 4 km."""
    places = np.random.default_rng(SEED).uniform(-0.02, 0.02, (firms, 2))
    rows = [
        f"s{n},Firme fictive {n},Firme fictive {n},{2.8 + x:.5f},{50.4 + y:.5f},EPSG:4326,parc"
        for n, (x, y) in enumerate(places)
    ]
    return "\n".join(["site_id,firm,name,x,y,crs,park_id", *rows, ""]).encode()


def rows_csv(firm: int, rows: int, *, prefix: str = "L") -> bytes:
    """Declarations of one firm."""
    chance = np.random.default_rng([SEED, firm])
    lines = [
        f"{prefix}{n},s{firm},{'residue' if (firm + n) % 2 else 'need'},"
        f"{RESOURCES[n % len(RESOURCES)]},{chance.integers(1, 500)},park"
        for n in range(rows)
    ]
    head = "declaration_id,site_id,kind,resource,quantity,confidentiality"
    return "\n".join([head, *lines, ""]).encode()


def prepare(settings: Settings, firms: int) -> Stage:
    """Make the territory, a person for each firm, and a published plan."""
    store = open_store(settings.database_url)
    upgrade(store)
    files = {
        "territory.toml": b'[territory]\nname = "Essai de charge"\nyear = 2026\n',
        "sites.csv": sites_csv(firms),
        "declarations/base.csv": b"".join(
            rows_csv(n, 5, prefix=f"B{n}-").split(b"\n", 1)[bool(n)] for n in range(firms)
        ),
    }
    with store.changing() as session:
        territory = territories.create(session, None, "Essai de charge", "charge", files)
        known = {firm.name: firm.id for firm in territories.firms(session, territory.id)}
        firm_keys = []
        for n in range(firms):
            firm_id = known[f"Firme fictive {n}"]
            post = Post(role="firm", territory_id=territory.id, firm_id=firm_id)
            firm_keys.append((firm_id, _key(session, f"f{n}@example.org", post), f"s{n}"))
        post = Post(role="manager", territory_id=territory.id, park_id="parc")
        manager_key = _key(session, "m@example.org", post)
        job = ledger.ask(session, territory_id=territory.id, account_id=None, as_of=now())
    see_through(Bench(store, settings.data, threading.Event()), job.id)
    with store.changing() as session:
        done = session.get_one(JobRow, job.id)
        assert done.folder is not None, done.message
        publish(session, done, pairs_of(settings.data / done.folder), None)
    return Stage(store, "charge", firm_keys, manager_key)


def _key(session, email: str, post: Post) -> str:
    account = AccountRow(email=email, name=email.partition("@")[0])
    session.add(account)
    session.flush()
    add_member(session, account, post)
    session.refresh(account)
    viewer = view(account)
    return tokens.create(session, viewer, viewer.memberships[0].id, "bench")


def timed(work: Callable[[], httpx2.Response]) -> tuple[float, httpx2.Response]:
    """Seconds and answer of a request; anything but success is an error."""
    start = time.perf_counter()
    answer = work()
    answer.raise_for_status()
    return time.perf_counter() - start, answer


def run_load(base: str, stage: Stage, *, rows: int, senders: int, readers: int) -> Load:
    """Send one file for each firm, and read the park's map over and over meanwhile."""
    stop = threading.Event()
    reads: list[float] = []
    acknowledged: dict[str, bytes] = {}
    with httpx2.Client(base_url=base, timeout=120) as client:

        def send(firm: int) -> float:
            firm_id, key, _site = stage.firm_keys[firm]
            content = rows_csv(firm, rows)
            path = f"/api/v1/territories/{stage.slug}/firms/{firm_id}/submissions?filename=f.csv"
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/csv"}
            seconds, answer = timed(lambda: client.post(path, content=content, headers=headers))
            acknowledged[answer.json()["id"]] = content
            return seconds

        def read() -> None:
            headers = {"Authorization": f"Bearer {stage.manager_key}"}
            path = f"/t/{stage.slug}/parks/parc/map"
            while not stop.is_set():
                reads.append(timed(lambda: client.get(path, headers=headers))[0])

        watchers = [threading.Thread(target=read) for _ in range(readers)]
        start = time.perf_counter()
        for watcher in watchers:
            watcher.start()
        with ThreadPoolExecutor(senders) as pool:
            uploads = list(pool.map(send, range(len(stage.firm_keys))))
        wall = time.perf_counter() - start
        stop.set()
        for watcher in watchers:
            watcher.join()
    return Load(uploads, reads, wall, acknowledged)


def lost(store: Store, acknowledged: dict[str, bytes]) -> int:
    """Acknowledged files that are not there byte for byte."""
    with store.reading() as session:
        rows = session.execute(select(SubmissionRow.id, SubmissionRow.content)).all()
    kept = {row.id: row.content for row in rows}
    return sum(kept.get(key) != content for key, content in acknowledged.items())


def await_checked(store: Store) -> None:
    """Wait until every file that came is checked."""
    waiting = select(SubmissionRow.id).where(SubmissionRow.state == "received").limit(1)
    while True:
        with store.reading() as session:
            if session.scalar(waiting) is None:
                return
        time.sleep(0.2)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(data: Path, *, firms: int, rows: int, senders: int, readers: int) -> list[str]:
    """Rows of the table, as markdown."""
    settings = Settings(data=data)
    stage = prepare(settings, firms)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = ["serve", "--data", str(data), "--port", str(port)]
    with subprocess.Popen(
        [sys.executable, "-c", "from eit.cli.main import main; main()", *command],
        stdout=subprocess.DEVNULL,
    ) as portal:
        try:
            _await(base)
            load = run_load(base, stage, rows=rows, senders=senders, readers=readers)
            start = time.perf_counter()
            await_checked(stage.store)
            checked_s = load.wall_s + time.perf_counter() - start
        finally:
            portal.terminate()
    lines = [
        "| what | requests | a second | median s | 95th percentile s |",
        "|---|---:|---:|---:|---:|",
        _line(f"files of {rows} rows, on disk", load.uploads_s, load.wall_s),
        _line("maps read meanwhile", load.reads_s, load.wall_s),
        "",
        f"All files checked after {checked_s:.1f} s, {firms * rows / checked_s:,.0f} rows a "
        f"second. Files acknowledged and lost: {lost(stage.store, load.acknowledged)}.",
    ]
    return lines


def _line(what: str, seconds: Sequence[float], wall_s: float) -> str:
    middle, most = np.percentile(seconds, [50, 95])
    return f"| {what} | {len(seconds)} | {len(seconds) / wall_s:.1f} | {middle:.2f} | {most:.2f} |"


def _await(base: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            httpx2.get(f"{base}/help")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(base)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print, or write a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=200)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--senders", type=int, default=16)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(
            Path(folder),
            firms=given.firms,
            rows=given.rows,
            senders=given.senders,
            readers=given.readers,
        )
    head = [
        "# The portal under load",
        "",
        f"Written by `python -m bench.portal`: {given.firms} fictitious firms send one file of "
        f"{given.rows} rows each through {given.senders} connections, while {given.readers} "
        "readers fetch a park's map without a pause. SQLite, 2 cores, clients on the same "
        "machine.",
        "",
    ]
    text = "\n".join([*head, *lines, ""])
    if given.write:
        given.write.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
