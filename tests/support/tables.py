"""Read a small table written out in a test, and what was said about it."""

from eit.tables import read_table

HEAD = "declaration_id;site_id;kind;resource;quantity;unit;months;comment"


def read(text: str, *, encoding: str = "utf-8", name: str = "declarations"):
    return read_table(text.encode(encoding), name, file="acme.csv")


def codes(said) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in said]
