"""`eit serve`, `eit user`, `eit backup`, `eit restore`: the portal as its operator meets it."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from support.portal.opened import open_portal, quick_passwords

from eit.cli.main import main
from eit.portal import serve
from eit.portal.settings import Settings, read_settings
from eit.portal.shapes import ErrorShape

PASSWORD = "terril-mauve-42-gaillette"


@pytest.fixture
def eit(capsys, monkeypatch):
    """Run a command; its exit status, what it printed and what it said on stderr."""

    def run(*arguments: object, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in (*arguments, "--lang", "en")])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def data(tmp_path):
    """Folder of a portal with one territory."""
    with open_portal(tmp_path / "data") as portal:
        portal.territory()
    return tmp_path / "data"


def people(eit, data: Path) -> dict[str, list[str]]:
    status, out, _ = eit("user", "list", "--data", data, "--json")
    assert status == 0
    return {one["email"]: one["roles"] for one in json.loads(out)}


def test_people_are_added_listed_disabled_and_removed_from_the_command_line(eit, data):
    where = ("--data", data)
    firm = ("--role", "firm", "--territory", "deux-parcs", "--firm", "acme")
    assert eit("user", "add", "a@x.example", *firm, *where, stdin=f"{PASSWORD}\n")[0] == 0
    chief = ("--role", "administrator", "--name", "Camille Exemple")
    assert eit("user", "add", "b@x.example", *chief, *where, stdin=PASSWORD)[0] == 0
    assert people(eit, data) == {
        "a@x.example": ["firm:deux-parcs:acme"],
        "b@x.example": ["administrator"],
    }
    assert "disabled" in eit("user", "disable", "a@x.example", *where)[1]
    assert eit("user", "erase", "a@x.example", *where)[0] == 0
    assert list(people(eit, data)) == ["b@x.example"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("add", "a@x.example"), "court", "too short"),
        (("add", "no address"), PASSWORD, "not an e-mail"),
        (("add", "a@x.example", "--role", "king"), PASSWORD, "Choose a role"),
        (("add", "a@x.example", "--role", "firm", "--territory", "nowhere"), PASSWORD, "Choose"),
        (("invite", "a@x.example", "--role", "manager", "--territory", "deux-parcs"), "", "Choose"),
        (("disable", "nobody@x.example"), "", "nobody has this address"),
        (("erase", "only@x.example"), "", "last administrator"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(eit, data, arguments, stdin, said):
    eit("user", "add", "only@x.example", "--role", "administrator", "--data", data, stdin=PASSWORD)
    before = people(eit, data)
    status, out, err = eit("user", *arguments, "--data", data, stdin=stdin)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert people(eit, data) == before


def test_an_invitation_from_the_command_line_can_be_used(eit, data, monkeypatch):
    monkeypatch.setenv("EIT_PORTAL_BASE_URL", "https://portail.example")
    park = ("--role", "manager", "--territory", "deux-parcs", "--park", "nord")
    status, out, _ = eit("user", "invite", "a@x.example", *park, "--data", data)
    secret = re.search(r"https://portail\.example(/invitation/[\w-]+)", out).group(1)
    assert status == 0
    with open_portal(data) as portal:
        client = portal.client()
        client.post(secret, data={"name": "Anna", "password": PASSWORD})
        assert client.get("/t/deux-parcs/").status_code == 200


def test_a_folder_without_a_portal_is_wrong_usage(eit, tmp_path):
    assert eit("user", "list", "--data", tmp_path / "nowhere")[0] == 2
    assert not (tmp_path / "nowhere").exists()


def test_a_backup_is_restored_into_an_empty_portal_and_replaces_one_only_when_asked(
    eit, data, tmp_path
):
    eit("user", "add", "a@x.example", "--data", data, stdin=PASSWORD)
    archive = tmp_path / "kept.zip"
    status, out, _ = eit("backup", archive, "--data", data, "--json")
    assert (status, json.loads(out)["rows"]["account"]) == (0, 1)
    there = ("--data", tmp_path / "there")
    assert eit("restore", archive, *there)[0] == 0
    assert list(people(eit, tmp_path / "there")) == ["a@x.example"]
    status, _, err = eit("restore", archive, *there)
    assert status == 2
    assert "--replace" in err
    assert eit("restore", archive, *there, "--replace")[0] == 0
    archive.write_bytes(archive.read_bytes()[:-200])
    assert eit("restore", archive, "--data", tmp_path / "again")[0] == 2
    assert eit("restore", tmp_path / "none.zip", *there)[0] == 2


def test_the_first_administrators_link_is_made_until_there_is_one(tmp_path):
    with open_portal(tmp_path) as portal:
        first, second = (serve.first_invitation(portal.store) for _ in range(2))
        client = portal.client()
        assert client.get(f"/invitation/{first}").status_code == 404
        form = {"email": "Chief@X.example", "name": "Camille", "password": PASSWORD}
        assert client.post(f"/invitation/{second}", data={**form, "email": ""}).status_code == 422
        assert client.post(f"/invitation/{second}", data=form).status_code == 303
        assert client.get("/admin").status_code == 200
        assert "chief@x.example" in client.get("/account").text
        assert serve.first_invitation(portal.store) is None


def test_the_demonstration_has_a_person_of_each_role_with_new_passwords_each_time(tmp_path):
    with open_portal(tmp_path) as portal:
        store = portal.store
        first, second = (serve.demonstrate(store, quick_passwords()) for _ in range(2))
        assert [one.role for one in first] == ["administrator", "facilitator", "manager", "firm"]
        assert {one.password for one in first}.isdisjoint(one.password for one in second)
        for person, url in zip(
            second,
            ("/admin", "/t/artois/people", "/t/artois/", "/t/artois/"),
            strict=True,
        ):
            client = portal.client()
            form = {"email": person.email, "password": person.password}
            assert client.post("/sign-in", data=form).status_code == 303
            assert client.get(url).status_code == 200, person
        check = portal.client()
        form = {"email": second[1].email, "password": second[1].password}
        check.post("/sign-in", data=form)
        assert "Aucune erreur" in check.get("/t/artois/files/check").text


def test_settings_come_from_the_environment_and_what_is_given_prevails(tmp_path):
    found = read_settings(
        tmp_path,
        {
            "EIT_PORTAL_SECURE_COOKIES": "yes",
            "EIT_PORTAL_HOSTS": "a.example, b.example",
            "EIT_PORTAL_WORKERS": "3",
            "EIT_PORTAL_DATA": "/elsewhere",
            "EIT_PORTAL_LANG": "en",
        },
        workers=2,
        hosts=None,
    )
    assert found == Settings(
        data=tmp_path, secure_cookies=True, hosts=("a.example", "b.example"), workers=2, lang="en"
    )
    assert found.database_url == f"sqlite:///{tmp_path.resolve() / 'portal.sqlite'}"
    for name, text in (("WORKERS", "many"), ("SECURE_COOKIES", "perhaps"), ("LANG", "de")):
        with pytest.raises(ValueError, match=r"WORKERS|SECURE_COOKIES|lang"):
            read_settings(tmp_path, {f"EIT_PORTAL_{name}": text})


def test_a_worker_that_dies_is_replaced_and_one_that_is_told_ends(tmp_path, monkeypatch):
    script = (
        "import os, pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        f"pathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch()\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setattr(serve, "worker_command", lambda _: [sys.executable, "-c", script])
    monkeypatch.setattr(serve, "RESTART_S", 0.1)

    def born(count: int) -> list[int]:
        deadline = time.monotonic() + 60
        while len(found := [int(file.name) for file in tmp_path.iterdir()]) < count:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return found

    with serve.worker(Settings(data=tmp_path)):
        os.kill(born(1)[0], signal.SIGKILL)
        both = born(2)
    for process in both:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


# --- a real server ---


@dataclass
class Served:
    """A portal in a process of its own."""

    process: subprocess.Popen[str]
    hello: dict[str, object]
    address: str
    browsers: list[httpx2.Client] = field(default_factory=list)

    def browser(self, email: str = "", password: str = "") -> httpx2.Client:
        client = httpx2.Client(base_url=self.address, timeout=60)
        self.browsers.append(client)
        if email:
            form = {"email": email, "password": password}
            assert client.post("/sign-in", data=form).status_code == 303
        return client

    def workers(self) -> list[int]:
        """Processes of the job worker, by what they were started with."""
        found = []
        for status in Path("/proc").glob("[0-9]*/status"):
            parent = re.search(r"PPid:\s+(\d+)", status.read_text())
            if parent and int(parent.group(1)) == self.process.pid:
                found.append(int(status.parent.name))
        return found

    def resident_mib(self) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", text).group(1)) / 1024


@contextmanager
def served(data: Path, *options: str) -> Iterator[Served]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from eit.cli.main import run; run()", "serve"]
    given = ["--data", str(data), "--port", str(port), "--json", *options]
    process = subprocess.Popen(command + given, stdout=subprocess.PIPE, text=True)
    try:
        hello = ""
        while not hello.endswith("\n}\n"):
            hello += process.stdout.readline()
        found = Served(process, json.loads(hello), f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + 60
        while True:
            try:
                found.browser().get("/sign-in")
                break
            except httpx2.ConnectError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield found
        for browser in found.browsers:
            browser.close()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def endless(address: str, cookie: str) -> tuple[bytes, int]:
    """Send a body without end, in chunks; what came back, and how many MiB were taken."""
    host, port = address.removeprefix("http://").split(":")
    head = (
        "POST /t/artois/files HTTP/1.1\r\n"
        f"Host: {host}\r\nCookie: eit_session={cookie}\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    ).encode()
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(head + b"%x\r\n%s\r\n" % (len(start), start))
        sent = 0
        try:
            while sent < 1024:
                line.sendall(chunk)
                sent += 1
        except OSError:
            pass
        try:
            return line.recv(4096), sent
        except OSError:
            return b"", sent


@pytest.mark.long
def test_a_newcomer_tries_the_portal_and_stops_it(tmp_path):
    with served(tmp_path / "data", "--demo") as portal:
        people = {one["role"]: one for one in portal.hello["accounts"]}
        who = people["facilitator"]
        browser = portal.browser(who["email"], who["password"])
        assert "Entreprises et sites" in browser.get("/t/artois/").text
        shape = browser.get("/api/v1/territories/nowhere").json()
        assert ErrorShape.model_validate(shape).error.code == "not_found"
        assert len(portal.workers()) == 1
        worker = portal.workers()[0]
        portal.process.send_signal(signal.SIGTERM)
        assert portal.process.wait(60) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


@pytest.mark.long
def test_a_server_that_is_killed_outright_takes_its_worker_along(tmp_path):
    with served(tmp_path / "data") as portal:
        assert portal.hello["invitation"].startswith(f"{portal.address}/invitation/")
        worker = portal.workers()[0]
        portal.process.kill()
        deadline = time.monotonic() + 60
        while Path(f"/proc/{worker}").exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.long
def test_a_body_without_end_costs_the_server_no_memory(tmp_path):
    with served(tmp_path / "data", "--demo") as portal:
        who = {one["role"]: one for one in portal.hello["accounts"]}["facilitator"]
        browser = portal.browser(who["email"], who["password"])
        browser.get("/t/artois/files")
        before = portal.resident_mib()
        answer, sent = endless(portal.address, browser.cookies["eit_session"])
        assert not answer or answer.startswith(b"HTTP/1.1 413")
        assert sent < 200
        assert portal.resident_mib() - before < 150
        assert browser.get("/t/artois/files").status_code == 200


@pytest.mark.long
def test_a_backup_of_a_running_portal_is_a_portal(tmp_path, eit):
    with served(tmp_path / "data", "--demo") as portal:
        people = {one["role"]: one for one in portal.hello["accounts"]}
        who = people["facilitator"]
        browser = portal.browser(who["email"], who["password"])
        stop = threading.Event()
        added = []

        def write() -> None:
            while not stop.is_set():
                name = f"Firme {len(added)}"
                answer = browser.post("/t/artois/firms", data={"name": name})
                if answer.is_redirect:
                    added.append(name)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            while len(added) < 3:
                time.sleep(0.05)
            known = list(added)
            assert eit("backup", tmp_path / "k.zip", "--data", tmp_path / "data")[0] == 0
        finally:
            stop.set()
            writer.join()
    assert eit("restore", tmp_path / "k.zip", "--data", tmp_path / "there")[0] == 0
    with open_portal(tmp_path / "there") as restored:
        client = restored.client()
        form = {"email": who["email"], "password": who["password"]}
        assert client.post("/sign-in", data=form).status_code == 303
        page = client.get("/t/artois/firms").text
    assert all(name in page for name in known)


@pytest.mark.long
def test_an_address_in_use_is_said_and_leaves_no_worker(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-c", "from eit.cli.main import run; run()", "serve"]
        given = ["--data", str(tmp_path), "--port", port]
        done = subprocess.run(command + given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert port in done.stderr
