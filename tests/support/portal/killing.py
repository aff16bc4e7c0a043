"""A portal of which web server and worker are killed at random moments while people use it.

The two run as processes forked from a server that has everything loaded, so that a killed one
is back within a tenth of a second.
"""

import multiprocessing
import os
import random
import signal
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

MODULES = ["eit.portal.app", "eit.portal.jobs.worker", "uvicorn"]
ROWS = "declaration_id,site_id,kind,resource,quantity\n"


def serve(data: str, database_url: str, port: int) -> None:
    """Serve the portal, in a process of its own."""
    import uvicorn

    from eit.portal.app import create_app
    from eit.portal.settings import Settings

    app = create_app(Settings(data=Path(data), database_url=database_url))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical")


def work(data: str, database_url: str) -> None:
    """Work on jobs, in a process of its own."""
    from eit.portal.jobs.worker import main

    given = ["--data", data, "--database", database_url, "--workers", "2"]
    main([*given, "--silent-s", "3", "--attempts", "1000"])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Victim:
    """A process that is killed at random moments and started again."""

    context: object
    target: object
    arguments: tuple
    port: int = 0
    process: object = None
    kills: int = 0

    def start(self) -> None:
        """Start it."""
        self.process = self.context.Process(target=self.target, args=self.arguments, daemon=True)
        self.process.start()

    def kill(self) -> None:
        """Kill it with a signal that it cannot hear."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.kills += 1

    def torment(self, kills: int, longest_s: float, seed: int) -> None:
        """Kill it again and again, a random time after it began, or after it first listens."""
        chance = random.Random(seed)
        for _ in range(kills):
            self.await_listening()
            time.sleep(chance.uniform(0.05, longest_s))
            self.kill()
            self.start()

    def await_listening(self) -> None:
        """Wait until it takes connections, if it is one that does."""
        until = time.monotonic() + 60
        while self.port:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < until, "it does not listen"
            time.sleep(0.02)


@dataclass
class Diary:
    """What the portal acknowledged."""

    submissions: dict = field(default_factory=dict)
    jobs: list = field(default_factory=list)
    refused: list = field(default_factory=list)


def post(address: str, key: str, diary: Diary, **sent) -> dict | None:
    """Send something; what was acknowledged, None where the answer did not come."""
    headers = {"Authorization": f"Bearer {key}", **sent.pop("headers", {})}
    try:
        answer = httpx2.post(address, headers=headers, timeout=10, **sent)
    except httpx2.TransportError:
        return None
    if answer.status_code not in (200, 201):
        diary.refused.append((answer.status_code, answer.text[:300]))
        return None
    return answer.json()


def keep_sending(base: str, firms: list, diary: Diary, stop: threading.Event) -> None:
    """Send one small file after the other for each firm in turn."""
    number = 0
    while not stop.is_set():
        firm_id, key, site, name = firms[number % len(firms)]
        number += 1
        text = f"{ROWS}K{number},{site},need,chutes,{number}\n"
        address = f"{base}/firms/{firm_id}/submissions?filename=f{number}.csv"
        headers = {"Content-Type": "text/csv"}
        told = post(address, key, diary, content=text.encode(), headers=headers)
        if told is not None:
            diary.submissions[told["id"]] = (name, text)


def keep_asking(base: str, key: str, jobs: int, diary: Diary, stop: threading.Event) -> None:
    """Ask for a plan now and then, until so many were acknowledged."""
    while len(diary.jobs) < jobs and not stop.is_set():
        told = post(f"{base}/jobs", key, diary, json={"name": f"n{len(diary.jobs)}"})
        if told is not None:
            diary.jobs.append(told["id"])
        stop.wait(2)


def context():
    """Processes forked from one that has the portal loaded."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(MODULES)
    return made
