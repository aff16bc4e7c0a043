"""What is sent to the portal to do harm: other sites' posts, sizes, names, zips, scripts, SQL."""

import io
import re
import stat
import zipfile

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from support.portal.opened import FOLDER, ORIGIN, PASSWORD, Portal, open_portal

from eit.portal import folders, territories
from eit.portal.invitations import Post
from eit.portal.refusals import Unsound
from eit.portal.settings import MEBIBYTE
from eit.store.models import AccountRow, FileRow, FirmRow, TerritoryRow

MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}${7*7}"


def facilitator(portal: Portal, **headers: str):
    territory = portal.territory()
    account = portal.account("f@firme.example", Post("facilitator", territory.id))
    return portal.client(account, **headers)


# --- other sites ---


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin", "origin": ORIGIN}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"origin": ORIGIN}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": ORIGIN}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost.evil.example"}, 403),
    ],
)
def test_a_post_counts_only_from_the_portals_own_pages(portal, headers, status):
    client = portal.client(portal.account("a@firme.example"))
    del client.headers["origin"]
    answer = client.post("/account", data={"name": "Autre", "lang": "fr"}, headers=headers)
    assert answer.status_code == status
    with portal.store.reading() as session:
        changed = session.scalars(select(AccountRow.name)).one() == "Autre"
    assert changed == (status == 303)


def test_another_site_cannot_sign_someone_in(portal):
    portal.account("a@firme.example")
    form = {"email": "a@firme.example", "password": PASSWORD}
    answer = portal.client().post("/sign-in", data=form, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_key_travels_without_an_origin_but_a_cookie_beside_a_wrong_key_is_nobody(portal):
    client = facilitator(portal)
    wrong = client.get("/api/v1/me", headers={"authorization": "Bearer eit_wrong"})
    assert wrong.status_code == 401
    basic = client.get("/api/v1/me", headers={"authorization": "Basic eDp5"})
    assert basic.status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil", ""])
def test_only_known_host_names_are_answered_to(portal, host):
    answer = portal.client().get("/sign-in", headers={"host": host})
    assert answer.status_code == 400
    assert "sign-in" not in answer.headers.get("location", "")


def test_an_operator_can_add_host_names(tmp_path):
    with open_portal(tmp_path, hosts=("portail.example",)) as portal:
        answer = portal.client().get("/sign-in", headers={"host": "Portail.example:443"})
        assert answer.status_code == 200


def test_every_answer_holds_browsers_back(portal):
    client = portal.client()
    for url in ("/", "/nothing", "/api/v1/me", "/static/portal.css", "/account"):
        headers = client.get(url).headers
        assert "default-src 'self'" in headers["content-security-policy"], url
        assert "unsafe" not in headers["content-security-policy"], url
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert len(headers["x-request-id"]) == 12


# --- sizes ---


def test_one_gigabyte_is_refused_before_a_byte_of_it_is_read(portal):
    client = facilitator(portal)
    read = []

    def endless():
        while True:
            read.append(1)
            yield b"x" * MEBIBYTE

    headers = {"content-length": str(1 << 30), "content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/t/deux-parcs/files", content=endless(), headers=headers)
    assert answer.status_code == 413
    assert len(read) <= 1


def test_a_body_of_untold_length_is_cut_off_at_the_limit(portal):
    client = facilitator(portal)

    def pieces():
        for _ in range(40):
            yield b"x" * MEBIBYTE

    answer = client.put("/api/v1/territories/deux-parcs/files/sites.csv", content=pieces())
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
    with portal.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(FileRow)) == len(FOLDER)


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999999999", "x"])
def test_a_length_that_is_none_is_refused(portal, length):
    answer = portal.client().post("/sign-in", content=b"a", headers={"content-length": length})
    assert answer.status_code in (400, 413)


# --- files and folders ---


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("sites.csv", FOLDER["sites.csv"])
        entry = zipfile.ZipInfo("parks.geojson")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return out.getvalue()


def lying() -> bytes:
    """A zip whose entry unfolds to more than its header says."""
    plain = zipped({"sites.csv": b"\0" * (4 * MEBIBYTE)})
    return plain.replace((4 * MEBIBYTE).to_bytes(4, "little"), (100).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "zip"),
        (b"PK\3\4 nothing", "zip"),
        (zipped({"other.csv": b""}), "zip_no_sites"),
        (zipped({**FOLDER, "../../etc/cron.d/x": b""}), "zip_path"),
        (zipped({**FOLDER, "declarations/../../x.csv": b""}), "zip_path"),
        (zipped({**FOLDER, "/etc/passwd": b""}), "zip_path"),
        (zipped({**FOLDER, "C:\\x.csv": b""}), "zip_path"),
        (zipped({**FOLDER, "hubs.csv": b"\0" * (300 * MEBIBYTE)}), "zip_large"),
        (zipped({f"{n}.md": b"" for n in range(folders.MOST_FILES + 1)}), "zip_large"),
        (link(), "zip"),
        (lying(), "zip"),
    ],
    ids=[
        *("empty", "broken", "no sites", "up", "inner up", "absolute", "drive"),
        *("bomb", "many", "link", "lying"),
    ],
)
def test_a_hostile_zip_makes_no_territory(portal, content, code):
    with pytest.raises(Unsound) as refused:
        folders.read_zip(content)
    assert refused.value.code == code
    client = portal.client(portal.account("chief@portail.example", administrator=True))
    answer = client.post(
        "/admin/territories", data={"name": "Piège"}, files={"file": ("t.zip", content)}
    )
    assert answer.status_code == 422
    with portal.store.reading() as session:
        assert session.scalars(select(TerritoryRow)).all() == []


def test_a_zip_with_a_folder_around_and_a_systems_leavings_is_taken(portal):
    entries = {f"mon territoire/{name}": content for name, content in FOLDER.items()}
    entries |= {"__MACOSX/._sites.csv": b"x", "mon territoire/.DS_Store": b"x"}
    entries["mon territoire/declarations/a.csv"] = b"declaration_id\n"
    content = zipped(entries)
    client = portal.client(portal.account("chief@portail.example", administrator=True))
    answer = client.post(
        "/admin/territories",
        data={"name": "Pays d'Artois", "slug": ""},
        files={"file": ("t.zip", content)},
    )
    assert answer.headers["location"].startswith("/t/pays-d-artois/files/check")
    with portal.store.reading() as session:
        paths = session.scalars(select(FileRow.path).order_by(FileRow.path)).all()
        firms = session.scalars(select(FirmRow.name).order_by(FirmRow.name)).all()
    assert paths == ["declarations/a.csv", "parks.geojson", "sites.csv", "territory.toml"]
    assert firms == ["Acme", "Béton Fictif"]


@pytest.mark.parametrize(
    "path",
    [
        *("../sites.csv", "/etc/passwd", "declarations/../../x.csv", "declarations//x.csv"),
        *("..\\sites.csv", "C:sites.csv", "run.sh", "declarations/.hidden.csv", "a/b/sites.csv"),
        *("sites.csv\0.txt", "declarations/x\n.csv", "declarations/" + "x" * 300 + ".csv"),
    ],
)
def test_a_file_is_kept_only_under_a_name_that_a_folder_has(portal, path):
    client = facilitator(portal)
    answer = client.post(
        "/t/deux-parcs/files", data={"path": path}, files={"file": ("x.csv", b"site_id\n")}
    )
    assert answer.status_code == 422
    with portal.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(FileRow)) == len(FOLDER)


def test_a_new_version_leaves_the_old_one_readable(portal):
    client = facilitator(portal)
    newer = FOLDER["sites.csv"] + b"c1,Chaux Fictive,Chaux,2.81,50.43,nord\n"
    for _ in range(2):  # the second time it is the one that holds
        client.post("/t/deux-parcs/files", files={"file": ("sites.csv", newer)})
    rows = client.get("/api/v1/territories/deux-parcs/files")
    assert rows.status_code == 200
    versions = [one for one in rows.json() if one["path"] == "sites.csv"]
    assert [one["holds"] for one in versions] == [True, False]
    old = client.get(f"/t/deux-parcs/files/versions/{versions[1]['id']}")
    assert old.content == FOLDER["sites.csv"]
    assert old.headers["content-type"] == "application/octet-stream"
    assert old.headers["content-disposition"] == 'attachment; filename="sites.csv"'
    assert "Chaux Fictive" in client.get("/t/deux-parcs/firms").text


def test_what_was_assigned_by_hand_outlives_a_new_sites_table(portal):
    territory = portal.territory()
    acme, beton = portal.firm(territory, "Acme"), portal.firm(territory, "Béton Fictif")
    client = portal.client(portal.account("f@firme.example", Post("facilitator", territory.id)))
    form = {"site_id": ["a2", "z9"], "firm_id": [beton.id, acme.id]}
    assert client.post("/t/deux-parcs/firms/sites", data=form).status_code == 303
    fewer = FOLDER["sites.csv"].replace(b"z9,,Sans entreprise,2.83,50.44,\n", b"") + b"\n"
    client.post("/t/deux-parcs/files", files={"file": ("sites.csv", fewer)})
    with portal.store.reading() as session:
        held = territories.assignments(session, territory.id)
    assert held == {"a1": acme.id, "a2": beton.id, "b1": beton.id}
    other = portal.territory("ailleurs")
    wrong = {"site_id": ["a1"], "firm_id": [portal.firm(other, "Acme").id]}
    assert client.post("/t/deux-parcs/firms/sites", data=wrong).status_code == 422


def test_a_thousand_sites_are_shown_and_saved_by_fifty(portal):
    rows = "".join(f"s{n:04},Acme,Site {n},2.8,50.43,nord\n" for n in range(1000))
    head = FOLDER["sites.csv"].splitlines(keepends=True)[0]
    territory = portal.territory(files={**FOLDER, "sites.csv": head + rows.encode()})
    client = portal.client(portal.account("f@firme.example", Post("facilitator", territory.id)))
    page = client.get("/t/deux-parcs/firms?start=950").text
    shown = re.findall(r'name="site_id" value="(s\d+)"', page)
    assert shown == [f"s{n:04}" for n in range(950, 1000)]
    form = {"site_id": shown, "firm_id": [""] * 50}
    assert client.post("/t/deux-parcs/firms/sites", data=form).status_code == 303
    with portal.store.reading() as session:
        assert len(territories.assignments(session, territory.id)) == 950
    found = client.get("/t/deux-parcs/firms?q=site+99").text
    assert len(re.findall(r'name="site_id"', found)) == 11  # 99 and 990 to 999


def test_the_check_says_faults_as_the_command_does_and_hides_costs(portal):
    head = "declaration_id,site_id,kind,resource,quantity,current_cost_eur_per_unit\n"
    rows = "R1,a1,residue,15 01 01,-3,10\nR2,a1,residue,15 01 01,5,SECRET\n"
    portal.territory(files={**FOLDER, "declarations/a.csv": (head + rows).encode()})
    account = portal.account("chief@portail.example", administrator=True)
    client = portal.client(account)
    page = client.get("/t/deux-parcs/files/check").text
    assert "-3" in page
    assert "SECRET" not in page
    said = client.get("/api/v1/territories/deux-parcs/check").json()
    assert {tuple(sorted(one)) for one in said["faults"]} == {
        ("code", "column", "file", "line", "mend", "value", "wanted")
    }
    assert [(one["line"], one["column"]) for one in said["faults"]] == [
        (2, "quantity"),
        (3, "current_cost_eur_per_unit"),
    ]
    assert "SECRET" not in str(said)


# --- markup and SQL ---


def test_markup_in_every_field_is_shown_as_text(portal):
    site = f'm1,"{MARKUP.replace(chr(34), chr(34) * 2)}","{MARKUP.replace(chr(34), chr(34) * 2)}"'
    sites = FOLDER["sites.csv"] + f"{site},2.8,50.4,nord\n".encode()
    territory = portal.territory(files={**FOLDER, "sites.csv": sites})
    with portal.store.changing() as session:
        session.get_one(TerritoryRow, territory.id).name = MARKUP
    chief = portal.account("chief@portail.example", administrator=True)
    client = portal.client(chief)
    client.post("/account", data={"name": MARKUP, "lang": "fr"})
    client.post("/t/deux-parcs/firms", data={"name": MARKUP})
    client.post(
        "/t/deux-parcs/people/invite", data={"email": "a@firme.example", "post": "manager:nord"}
    )
    urls = [
        *("/", "/account", "/admin", "/admin/accounts", f"/admin/accounts/{chief}"),
        *("/admin/audit", "/admin/territories", "/t/deux-parcs/", "/t/deux-parcs/people"),
        *("/t/deux-parcs/firms", "/t/deux-parcs/files", "/t/deux-parcs/files/check"),
        *(f"/admin/accounts?q={MARKUP}", "/admin/audit?action=<script>alert(1)</script>"),
        "/sign-in?next=/<script>alert(1)</script>",
    ]
    shown = 0
    for url in urls:
        page = client.get(url).text if "sign-in" not in url else portal.client().get(url).text
        assert "<script>alert" not in page, url
        assert "<img src=x" not in page, url
        assert "{{49}}" not in page
        shown += "&lt;script&gt;" in page
    assert shown >= 10
    failed = portal.client().post("/sign-in", data={"email": MARKUP, "password": "x"})
    assert "<script>alert" not in failed.text


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "'; DROP TABLE account; --", "%", "_", "\0", "\ud800"]
)
def test_sql_in_every_parameter_is_only_text(portal, text):
    territory = portal.territory()
    chief = portal.account("chief@portail.example", administrator=True)
    client = portal.client(chief)
    value = text.encode("utf-8", "surrogatepass")
    asked = [
        client.get("/admin/accounts", params={"q": value}),
        client.get("/admin/audit", params={"action": value}),
        client.get("/admin/audit", params={"since": value}),
        client.get("/admin/accounts/%27%20OR%201=1"),
        client.get("/t/%27%20OR%201=1/"),
        client.get("/t/deux-parcs/firms/%27%20OR%201=1"),
        client.get("/t/deux-parcs/files/versions/%00"),
        client.get("/invitation/%27%00"),
        client.post("/sign-in", data={"email": value, "password": value}),
        client.post("/t/deux-parcs/firms", data={"name": b"x" + value}),
        client.post("/t/deux-parcs/people/invite", data={"email": value, "post": value}),
        client.post("/t/deux-parcs/files/remove", data={"path": value}),
    ]
    assert all(answer.status_code < 500 for answer in asked)
    with portal.store.reading() as session:
        assert session.get_one(AccountRow, chief).email == "chief@portail.example"
        assert session.get_one(TerritoryRow, territory.id).slug == "deux-parcs"


def test_percent_and_underscore_do_not_widen_a_search(portal):
    portal.account("a_b@firme.example")
    client = portal.client(portal.account("chief@portail.example", administrator=True))
    assert "a_b@firme" not in client.get("/admin/audit?action=%25").text
    assert "account." not in client.get("/admin/audit.csv?action=a%25t").text


# --- errors ---


def test_errors_are_a_page_for_people_and_one_shape_for_programs(portal):
    client = portal.client(portal.account("a@firme.example"), **{"accept-language": "en"})
    for url, status in (("/nothing", 404), ("/t/nowhere/", 404), ("/admin", 404)):
        page = client.get(url)
        assert (page.status_code, page.headers["content-type"]) == (
            status,
            "text/html; charset=utf-8",
        )
    for method, url, status, code in (
        ("get", "/api/v1/nothing", 404, "not_found"),
        ("get", "/api/v1/territories/nowhere", 404, "not_found"),
        ("delete", "/api/v1/me", 405, "method"),
        ("post", "/api/v1/territories/nowhere/firms", 422, "unsound"),
    ):
        answer = client.request(method, url)
        assert answer.status_code == status
        assert list(answer.json()) == ["error"]
        assert answer.json()["error"]["code"] == code
        assert answer.json()["error"]["message"]


def test_a_bug_of_ours_tells_its_number_and_nothing_else(portal, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("eit.portal.entry.signing.local", broken)
    client = portal.client()
    client._transport.raise_server_exceptions = False
    answer = client.get("/sign-in")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.headers["content-security-policy"]


def test_a_database_that_cannot_write_says_that_nothing_was_kept(portal, monkeypatch):
    def full(*_, **__):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    client = facilitator(portal)
    monkeypatch.setattr("eit.portal.territories.put_file", full)
    answer = client.put("/api/v1/territories/deux-parcs/files/sites.csv", content=b"site_id\n")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "storage"
    assert "INSERT" not in answer.text
