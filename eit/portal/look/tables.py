"""Tables that people take away: CSV for a spreadsheet, no cell of which runs as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from eit.tables.guarding import guard

Cell = str | float | int | None


def spreadsheet(
    name: str, titles: Sequence[str], rows: Iterable[Sequence[Cell]], lang: str
) -> Response:
    """A CSV file that a spreadsheet of that language opens with a double click.

    Parameters
    ----------
    name
        Name to save it under.
    rows
        Texts and figures; None is a blank cell. In French semicolons part the cells and commas
        the decimals.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";" if lang == "fr" else ",", lineterminator="\r\n")
    writer.writerow(titles)
    writer.writerows([_cell(cell, lang) for cell in row] for row in rows)
    return Response(
        "\ufeff" + out.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _cell(cell: Cell, lang: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return guard(cell)
    text = f"{cell:.6g}" if isinstance(cell, float) and abs(cell) < 1e6 else f"{cell:.0f}"
    return text.replace(".", ",") if lang == "fr" else text
