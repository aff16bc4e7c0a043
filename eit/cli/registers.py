"""Commands around public registers: what they give a territory, and what it gives back."""

from pathlib import Path
from typing import Annotated

import typer

from eit.cli import console
from eit.cli.intake import DEFAULT_LANG, AsJson, Lang, chosen, listed, show_report

Source = Annotated[
    Path, typer.Argument(help="cli.argument.source", show_default=False, exists=True)
]
Out = Annotated[Path, typer.Option("--out", "-o", help="cli.option.territory")]
Territory = Annotated[
    Path, typer.Argument(help="cli.argument.territory", show_default=False, exists=True)
]
Communes = Annotated[str, typer.Option("--communes", help="cli.option.communes")]


def irep(source: Source, out: Out, lang: Lang = DEFAULT_LANG, as_json: AsJson = False) -> None:
    """French register of polluting emissions."""
    from eit.registers import import_irep

    show_report(import_irep(source, out, chosen(lang)), out, chosen(lang), as_json=as_json)


def cnig(source: Source, out: Out, lang: Lang = DEFAULT_LANG, as_json: AsJson = False) -> None:
    """CNIG standard of economic sites."""
    from eit.registers import import_cnig

    show_report(import_cnig(source, out, chosen(lang)), out, chosen(lang), as_json=as_json)


def trackdechets(
    source: Source, out: Out, lang: Lang = DEFAULT_LANG, as_json: AsJson = False
) -> None:
    """Export of the Trackdéchets register."""
    from eit.registers import import_trackdechets

    report = import_trackdechets(source, out, lang=chosen(lang))
    show_report(report, out, chosen(lang), as_json=as_json)


def sirene(
    source: Source,
    out: Out,
    communes: Communes = "",
    activities: Annotated[str, typer.Option("--activities", help="cli.option.activities")] = "",
    units: Annotated[Path | None, typer.Option("--units", help="cli.option.units")] = None,
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Stock of establishments of Sirene."""
    from eit.registers import import_sirene

    report = import_sirene(
        source,
        out,
        communes=listed(communes),
        activities=listed(activities),
        units=units,
        lang=chosen(lang),
    )
    show_report(report, out, chosen(lang), as_json=as_json)


def layer(
    source: Source,
    out: Out,
    name: Annotated[str, typer.Option("--layer", help="cli.option.layer")] = "",
    id_column: Annotated[str, typer.Option("--id-column", help="cli.option.id_column")] = "",
    name_column: Annotated[str, typer.Option("--name-column", help="cli.option.name_column")] = "",
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Parks of a GeoPackage or GeoJSON layer."""
    from eit.registers import import_layer

    report = import_layer(
        source,
        out,
        layer=name,
        id_column=id_column,
        name_column=name_column,
        lang=chosen(lang),
    )
    show_report(report, out, chosen(lang), as_json=as_json)


def export_cnig(
    territory: Territory, out: Out, lang: Lang = DEFAULT_LANG, as_json: AsJson = False
) -> None:
    """Write parks and sites in the CNIG standard."""
    from eit.registers import export_cnig as export
    from eit.territory import read_territory

    show_report(export(read_territory(territory), out), out, chosen(lang), as_json=as_json)


def locate(
    territory: Territory,
    gazetteer: Annotated[
        Path | None, typer.Option("--gazetteer", help="cli.option.gazetteer", exists=True)
    ] = None,
    online: Annotated[bool, typer.Option("--online", help="cli.option.online")] = False,
    service: Annotated[str, typer.Option("--service", help="cli.option.service")] = "",
    lang: Lang = DEFAULT_LANG,
    as_json: AsJson = False,
) -> None:
    """Turn addresses into positions."""
    from eit.places.addresses.looking import locate_addresses

    with console.progress(chosen(lang)) as told:
        report = locate_addresses(
            territory,
            gazetteer,
            online=online,
            service=service,
            lang=chosen(lang),
            progress=told,
        )
    show_report(report, territory, chosen(lang), as_json=as_json)
