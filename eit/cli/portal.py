"""Commands around the portal: serve it, its people, its backup."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from eit.cli import console
from eit.cli.intake import DEFAULT_LANG, AsJson, Lang, chosen, listed
from eit.texts import say

if TYPE_CHECKING:
    from eit.portal.people import Line
    from eit.portal.serve import Person
    from eit.portal.settings import Settings
    from eit.store.database import Store

DATA, DEMO_DATA = Path("eit-portal"), Path("eit-portal-demo")
ANYWHERE = ("0.0.0.0", "::")
REFUSED = 2

Data = Annotated[Path, typer.Option("--data", help="cli.option.data")]
Database = Annotated[str | None, typer.Option("--database", help="cli.option.database")]
Email = Annotated[str, typer.Argument(help="cli.argument.email", show_default=False)]
Role = Annotated[str, typer.Option("--role", help="cli.option.role")]
Territory = Annotated[str, typer.Option("--territory", help="cli.option.slug")]
Firm = Annotated[str, typer.Option("--firm", help="cli.option.firm")]
Park = Annotated[str, typer.Option("--park", help="cli.option.park")]
Archive = Annotated[Path, typer.Argument(help="cli.argument.archive", show_default=False)]


def serve(
    data: Annotated[Path | None, typer.Option("--data", help="cli.option.data_new")] = None,
    host: Annotated[str, typer.Option("--host", help="cli.option.host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="cli.option.port")] = 8000,
    database: Database = None,
    workers: Annotated[int | None, typer.Option("--workers", help="cli.option.workers")] = None,
    names: Annotated[str, typer.Option("--names", help="cli.option.names")] = "",
    demo: Annotated[bool, typer.Option("--demo", help="cli.option.demo")] = False,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Run the portal: pages, HTTP interface and computations."""
    from eit.portal import serve as serving
    from eit.portal.app import create_app

    place = data or (DEMO_DATA if demo else DATA)
    settings = _settings(
        place,
        database_url=database,
        workers=workers,
        hosts=(*listed(names), *(() if host in ANYWHERE else (host,))) or None,
        base_url=None if host in ANYWHERE else f"http://{host}:{port}",
    )
    app = create_app(settings)
    store = app.state.store
    people = serving.demonstrate(store, app.state.passwords) if demo else []
    secret = None if demo else serving.first_invitation(store)
    link = f"{settings.base_url}/invitation/{secret}" if secret else ""
    _greet(settings, link, people, chosen(lang), as_json=as_json)
    serving.run(app, host, port)
    if not as_json:
        console.output.print(say("cli.serve.stopped", chosen(lang)))


def add(
    email: Email,
    name: Annotated[str, typer.Option("--name", help="cli.option.person")] = "",
    role: Role = "",
    territory: Territory = "",
    firm: Firm = "",
    park: Park = "",
    data: Data = DATA,
    database: Database = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Make an account with a password read from the terminal, or from a pipe."""
    from eit.portal import people

    if sys.stdin.isatty():
        password = typer.prompt(say("cli.user.password", chosen(lang)), hide_input=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    with _changing(data, database, lang, as_json=as_json) as store:
        people.add(store, email, name, password, people.Wanted(role, territory, firm, park))


def show(
    data: Data = DATA,
    database: Database = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """List accounts."""
    from eit.portal import people

    _show(people.everybody(_store(data, database)), chosen(lang), as_json=as_json)


def invite(
    email: Email,
    role: Role = "administrator",
    territory: Territory = "",
    firm: Firm = "",
    park: Park = "",
    data: Data = DATA,
    database: Database = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Print a link by which someone becomes a member, once."""
    from eit.portal import people

    settings = _settings(data, database_url=database)
    with _refusing(chosen(lang)):
        wanted = people.Wanted(role, territory, firm, park)
        secret = people.invite(_store(data, database), email, wanted)
    link = f"{settings.base_url}/invitation/{secret}"
    if as_json:
        console.print_json({"email": email, "role": role, "invitation": link})
        return
    console.output.print(say("cli.user.invited", chosen(lang), email=email))
    console.output.print(f"  {link}")


def disable(
    email: Email,
    data: Data = DATA,
    database: Database = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Shut an account out at once."""
    from eit.portal import people

    with _changing(data, database, lang, as_json=as_json) as store:
        people.disable(store, email)


def erase(
    email: Email,
    data: Data = DATA,
    database: Database = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Remove a person for good."""
    from eit.portal import people

    with _changing(data, database, lang, as_json=as_json) as store:
        people.erase(store, email)


def backup(
    archive: Archive,
    data: Data = DATA,
    database: Database = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Keep everything of a running portal in one file."""
    from eit.store import keeping

    with _refusing(chosen(lang)):
        kept = keeping.backup(_store(data, database), data, archive)
    _tell("cli.backup.done", kept, archive, chosen(lang), as_json=as_json)


def restore(
    archive: Archive,
    replace: Annotated[bool, typer.Option("--replace", help="cli.option.replace")] = False,
    data: Data = DATA,
    database: Database = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Put a backup back."""
    from eit.store import keeping

    if not archive.is_file():
        raise typer.BadParameter(str(archive), param_hint="ARCHIVE")
    settings = _settings(data, database_url=database)
    with _refusing(chosen(lang)):
        kept = keeping.restore(_opened(settings), settings.data, archive, replace=replace)
    _tell("cli.restore.done", kept, archive, chosen(lang), as_json=as_json)


def _settings(data: Path, **given: Any) -> "Settings":
    from eit.portal.settings import read_settings

    try:
        return read_settings(data, **given)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _opened(settings: "Settings") -> "Store":
    """The database of a portal, brought up to date."""
    from eit.store.database import open_store
    from eit.store.migrations import upgrade

    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = open_store(settings.database_url)
    upgrade(store)
    return store


def _store(data: Path, database: str | None) -> "Store":
    """The database of a portal that is there already."""
    if not data.is_dir():
        raise typer.BadParameter(str(data), param_hint="--data")
    return _opened(_settings(data, database_url=database))


@contextmanager
def _refusing(lang: str) -> Iterator[None]:
    """What cannot be done is said in one line, with the status of wrong usage."""
    from eit.portal.refusals import PortalError
    from eit.store.keeping import UnfitArchiveError

    try:
        yield
    except PortalError as error:
        unknown = error.code == "not_found"
        said = say("cli.user.unknown" if unknown else f"portal.error.{error.code}", lang)
        console.errors.print(say("cli.error", lang, error=said))
        raise typer.Exit(REFUSED) from error
    except UnfitArchiveError as error:
        said = say(f"cli.restore.{error.code}", lang, detail=error.detail)
        console.errors.print(say("cli.error", lang, error=said))
        raise typer.Exit(REFUSED) from error


@contextmanager
def _changing(data: Path, database: str | None, lang: str, *, as_json: bool) -> Iterator["Store"]:
    """A portal whose people are changed; what cannot be done is refused, then all are listed."""
    from eit.portal import people

    store = _store(data, database)
    with _refusing(chosen(lang)):
        yield store
    _show(people.everybody(store), chosen(lang), as_json=as_json)


def _greet(
    settings: "Settings", link: str, people: "Sequence[Person]", lang: str, *, as_json: bool
) -> None:
    """Say where the portal is, and how to come in the first time."""
    if as_json:
        accounts = [{"role": p.role, "email": p.email, "password": p.password} for p in people]
        console.print_json({"address": settings.base_url, "invitation": link, "accounts": accounts})
    else:
        told = say("cli.serve.address", lang, address=settings.base_url, data=settings.data)
        console.output.print(told)
        if link:
            console.output.print(say("cli.serve.first", lang))
            console.output.print(f"  {link}")
        if people:
            pairs = {
                say(f"portal.role.{p.role}", lang): f"{p.email}   {p.password}" for p in people
            }
            console.print_pairs(say("cli.serve.people", lang), pairs)
        console.output.print(say("cli.serve.stop", lang))
    sys.stdout.flush()


def _show(found: "Sequence[Line]", lang: str, *, as_json: bool) -> None:
    if as_json:
        console.print_json([line.as_dict() for line in found])
        return
    for line in found:
        off = f"  [{say('portal.state.disabled', lang)}]" if line.disabled else ""
        console.output.print(f"{line.email}  {line.name}  {', '.join(line.roles)}{off}")
    console.output.print(say("cli.user.count", lang, count=len(found)))


def _tell(key: str, kept: object, archive: Path, lang: str, *, as_json: bool) -> None:
    from eit.store.keeping import Kept

    assert isinstance(kept, Kept)
    if as_json:
        console.print_json({"archive": str(archive), **kept.as_dict()})
        return
    rows = sum(kept.rows.values())
    console.output.print(say(key, lang, archive=archive, rows=rows, files=kept.files))
