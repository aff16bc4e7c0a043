"""Random files of tables as people, programs and spoilsports write them, from a seed."""

import random
from collections.abc import Sequence

from eit.tables import Schema, schema

PLAIN_NUMBERS = (
    *("0", "1", "2", "90", "418.500", "27.617", "0.245", "0,5", "12,75", "-3", "+4", "-0", "007"),
    *("1.", ".5", "100000", "123456789012345", "0.000000000000001", "999999999999999", "5", ""),
)
OTHER_NUMBERS = (
    *("", " ", "1 234,5", "1\u202f234", "1,234", "1,234.5", "1.234,5", "1.234.567", "1e5", "1E-3"),
    *("1e400", "1e-1000", "inf", "-Infinity", "nan", "NaN", "1_000", "--1", "+-2", "-", "+", "."),
    *(",", "12 %", "80%", "t", "3 t", "0x10", "\u0661\u0662", "\u22125", "'-5", "'=1", "1 2"),
    *("1234567890123456", "12345678901234567890", "0.1234567890123456789", "1..2", "1,2,3", "5-"),
    *("0" * 40, " 5", "5 ", "\u00a05", "1.5.", "five", "\u00bd", "1'000", "=1+1", "\t3", "-.5"),
)
WORDS = (
    *("", " ", "D1", "S0000981", "wood_12", "191201", "19 12 01*", "1e5", "007", "Bois trié", "œ"),
    *("oui", "Non", "yes", "x", "1", "0", "vrai", "need", "Besoin", "résidu", "an", "mois", "t"),
    *("kg", "m3", "2024-01-31", "31/01/2024", "2024-02-30", "08:30", "all", "9-12,1", "sept-déc"),
    *("moisture_pct<=15", "chlorine_ppm=300", "35600000049837", "3,56E+13", "356000000", "1234"),
    *("'=SUM(A1)", "=1+1", "'", "nan", "None", "NULL", "true", "\u00a0", "  a  ", "日本", "é" * 9),
    *("a" * 8, "a" * 16, "a" * 31, "a" * 32, "a" * 33, "b" * 300, "2.5", "46.2", "EPSG:2154"),
    *("exact", "candidate", "both", "37261", "1A004", "2A004", "02A04", "road", "x\x0by", "x\x85"),
)
NUMBERS = frozenset({"number", "positive", "nonnegative", "share", "count"})


def hostile_table(seed: int) -> tuple[str, bytes]:
    """Name of a declared table, and a file of it."""
    draw = random.Random(seed)
    declared = schema(draw.choice(["declarations"] * 4 + ["sites", "links", "hubs", "vehicles"]))
    separator = draw.choice([";", ";", ",", ",", "\t", "|"])
    titles = _titles(draw, declared)
    columns = [_column(draw, declared, title, separator) for title in titles]
    rows = [list(row) for row in zip(*columns, strict=True)]
    if draw.random() < 0.3:
        _spoil(draw, rows, titles)
    lines = [separator.join(row) for row in (titles, *rows)]
    end = draw.choice(["\n", "\n", "\r\n", "\r"])
    text = end.join(lines) + draw.choice([end, end, "", end + end])
    if separator == "|" or draw.random() < 0.05:
        text = f"sep={separator}{end}{text}"
    if draw.random() < 0.05:
        at = draw.randrange(len(text))
        text = text[:at] + draw.choice(["\0", '"', "\r", "\n", separator, "\ufeff"]) + text[at:]
    encoding = draw.choice(["utf-8"] * 5 + ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
    return declared.name, text.encode(encoding, errors="replace")


def _titles(draw: random.Random, declared: Schema) -> list[str]:
    known = [draw.choice([one.name, *one.aliases]) for one in declared.columns]
    kept = draw.sample(known, draw.randint(1, min(12, len(known))))
    if draw.random() < 0.8:
        kept = list(dict.fromkeys([declared.columns[0].name, *kept]))
    for title, chance in (("remark", 0.1), ("", 0.1), (kept[-1].upper(), 0.1)):
        if draw.random() < chance:
            kept.insert(draw.randint(1, len(kept)), title)
    return kept


def _column(draw: random.Random, declared: Schema, title: str, separator: str) -> Sequence[str]:
    """Cells of a column: mostly of one kind, so that whole columns are clean."""
    column = declared.recognise(title)
    rows = 12
    if column is not None and column.type in NUMBERS:
        pools = [PLAIN_NUMBERS[:4], PLAIN_NUMBERS, PLAIN_NUMBERS, OTHER_NUMBERS]
    elif column is not None and column.type in ("id", "key"):
        pools = [[f"D{at:08d}" for at in range(rows)]] * 3 + [WORDS]
    elif column is not None and column.choices:
        names = [name for one in column.choices.items() for name in (one[0], *one[1])]
        pools = [names, names, [*names, ""], WORDS]
    else:
        pools = [WORDS[:12], WORDS[1:], WORDS]
    pool = draw.choice(pools)
    cells = draw.sample(pool, rows) if len(pool) == rows else draw.choices(pool, k=rows)
    if draw.random() < 0.05:
        cells[draw.randrange(rows)] = draw.choice([*OTHER_NUMBERS, *WORDS])
    return [cell.replace(separator, "") for cell in cells]


def _spoil(draw: random.Random, rows: list[list[str]], titles: Sequence[str]) -> None:
    """Make a file of rows something else than a rectangle."""
    at = draw.randrange(len(rows))
    match draw.randrange(6):
        case 0:
            rows.insert(at, [""] * draw.randint(1, len(titles)))
        case 1:
            rows.insert(at, list(titles))
        case 2:
            rows[at].append(draw.choice(["", "", "more"]))
        case 3:
            del rows[at][draw.randint(1, len(titles)) :]
        case 4:
            rows[at][-1] = f'"{rows[at][-1]}"'
        case _:
            rows.insert(0, [""])
