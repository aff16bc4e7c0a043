"""An empty territory folder that explains itself."""

import csv
from pathlib import Path

from eit import texts
from eit.tables import schema

TABLES = {
    "sites.csv": "sites",
    "declarations/declarations.csv": "declarations",
    "rules.csv": "rules",
    "hubs.csv": "hubs",
    "links.csv": "links",
}


def new_territory(folder: str | Path, lang: str = "fr") -> tuple[str, ...]:
    """Write a territory folder with empty tables and commented settings.

    Parameters
    ----------
    folder
        Where; made if it is not there.
    lang
        Language of titles and comments.

    Returns
    -------
    written
        Names of the files below the folder.

    Raises
    ------
    FileExistsError
        If the folder exists and is not empty.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(str(folder))
    (folder / "declarations").mkdir(parents=True)
    name = folder.resolve().name.replace("\\", "").replace('"', "")
    pages = {
        "territory.toml": texts.say("territory.new_toml", lang, name=name),
        "scenario.toml": texts.say("territory.new_scenario", lang),
        "README.md": texts.say("territory.new_readme", lang, name=name),
    }
    for file, page in pages.items():
        (folder / file).write_text(page + "\n", encoding="utf-8")
    for file, table in TABLES.items():
        with (folder / file).open("w", encoding="utf-8", newline="") as empty:
            titles = [column.header(lang) for column in schema(table).columns]
            csv.writer(empty, lineterminator="\n").writerow(titles)
    return tuple(sorted([*pages, *TABLES]))
