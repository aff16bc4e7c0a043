"""Misspelt addresses against an address base made for the purpose: precision and recall.

The streets have names that French towns have; where they lie is made up, so that nothing needs
downloading. ``python -m bench.addresses`` prints the figures.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from eit.places.addresses import find_addresses, open_index

TOWNS = {  # commune: postcode, name, corner of the made-up streets
    "62498": ("62300", "Lens", 2.80, 50.42),
    "62510": ("62800", "Liévin", 2.75, 50.41),
    "62119": ("62400", "Béthune", 2.62, 50.52),
}
STREETS = (
    *("Rue Jean Jaurès", "Place Jean Jaurès", "Avenue Alfred Van Pelt", "Boulevard Émile Basly"),
    *("Rue du Général de Gaulle", "Rue du Maréchal Leclerc", "Route de Béthune", "Rue Victor Hugo"),
    *("Rue du 11 Novembre", "Rue du 8 Mai 1945", "Avenue du Président Kennedy", "Grand Place"),
    *("Rue Saint-Élie", "Rue Sainte-Barbe", "Chemin du Puits Numéro 4", "Impasse des Mineurs"),
    *(
        "Allée des Tilleuls",
        "Rue de la Gare",
        "Rue du Docteur Schaffner",
        "Rue de l'Abbé Popieluszko",
    ),
    *("Quai du Canal", "Rue Émile Zola", "Rue Henri Barbusse", "Boulevard Raymond Poincaré"),
    *(
        "Zone Industrielle de l'Alouette",
        "Zone d'Activités du Château",
        "Parc d'Activités des Moulins",
    ),
    *(
        "Rue Marie Curie",
        "Rue Pierre Curie",
        "Square Chochoy",
        "Faubourg d'Arras",
        "Rue des Fusillés",
    ),
)
NUMBERS = range(1, 60, 2)


@dataclass(frozen=True, slots=True)
class Case:
    """An address as somebody writes it, and the street and number meant (none: no such street)."""

    kind: str
    address: str
    postcode: str
    city: str
    street: str
    number: int


WRITTEN: dict[str, tuple[tuple[str, str, int], ...]] = {
    "as it is": tuple(
        (f"15 {street}", street, 0 if street.startswith(("Zone", "Parc")) else 15)
        for street in STREETS
    ),
    "abbreviated": (
        ("15 r Jean Jaurès", "Rue Jean Jaurès", 15),
        ("15 pl. Jean Jaures", "Place Jean Jaurès", 15),
        ("15 AV A. VAN PELT", "Avenue Alfred Van Pelt", 15),
        ("15 bd Emile Basly", "Boulevard Émile Basly", 15),
        ("15, bld E. Basly", "Boulevard Émile Basly", 15),
        ("15 rue du Gal de Gaulle", "Rue du Général de Gaulle", 15),
        ("15 r. Mal Leclerc", "Rue du Maréchal Leclerc", 15),
        ("15 rte de Béthune", "Route de Béthune", 15),
        ("15 av Pdt Kennedy", "Avenue du Président Kennedy", 15),
        ("15 rue St Elie", "Rue Saint-Élie", 15),
        ("15 rue Ste Barbe", "Rue Sainte-Barbe", 15),
        ("15 chem. du Puits n°4", "Chemin du Puits Numéro 4", 15),
        ("15 imp des Mineurs", "Impasse des Mineurs", 15),
        ("15 all. des Tilleuls", "Allée des Tilleuls", 15),
        ("15 rue Dr Schaffner", "Rue du Docteur Schaffner", 15),
        ("15 fbg d'Arras", "Faubourg d'Arras", 15),
        ("15 sq Chochoy", "Square Chochoy", 15),
        ("ZI de l'Alouette", "Zone Industrielle de l'Alouette", 0),
        ("Z.I. Alouette", "Zone Industrielle de l'Alouette", 0),
        ("ZA du Chateau", "Zone d'Activités du Château", 0),
        ("ZAC des Moulins", "Parc d'Activités des Moulins", 0),
        ("PA des Moulins, bâtiment B", "Parc d'Activités des Moulins", 0),
        ("Rue H Barbusse", "Rue Henri Barbusse", 0),
        ("15 bd R. Poincaré", "Boulevard Raymond Poincaré", 15),
    ),
    "misspelt": (
        ("15 rue Jean Jores", "Rue Jean Jaurès", 15),
        ("15 avenue Alfred Vanpelt", "Avenue Alfred Van Pelt", 15),
        ("15 boulevard Emil Basli", "Boulevard Émile Basly", 15),
        ("15 rue du General Degaulle", "Rue du Général de Gaulle", 15),
        ("15 rue du Marechal Leclrec", "Rue du Maréchal Leclerc", 15),
        ("15 route de Bethunes", "Route de Béthune", 15),
        ("15 rue Vitor Hugo", "Rue Victor Hugo", 15),
        ("15 avenue du Président Kenedy", "Avenue du Président Kennedy", 15),
        ("15 rue Saint Ellie", "Rue Saint-Élie", 15),
        ("15 impasse des Mineur", "Impasse des Mineurs", 15),
        ("15 allée des Tilleul", "Allée des Tilleuls", 15),
        ("15 rue du Docteur Shaffner", "Rue du Docteur Schaffner", 15),
        ("15 rue de l'Abbé Popielusko", "Rue de l'Abbé Popieluszko", 15),
        ("15 rue Emile Zolla", "Rue Émile Zola", 15),
        ("15 rue Henri Barbuse", "Rue Henri Barbusse", 15),
        ("15 bd Raymond Poincarré", "Boulevard Raymond Poincaré", 15),
        ("15 rue des Fusilies", "Rue des Fusillés", 15),
        ("Zone industrielle de l'Allouette", "Zone Industrielle de l'Alouette", 0),
        ("15 rue Marie Currie", "Rue Marie Curie", 15),
        ("15 square Chochois", "Square Chochoy", 15),
    ),
    "no number": tuple((street, street, 0) for street in STREETS),
    "more around it": (
        ("BP 45, 15 rue Victor Hugo", "Rue Victor Hugo", 15),
        ("15 rue Victor Hugo - CS 20045", "Rue Victor Hugo", 15),
        ("Bâtiment C, 15 rue Émile Zola", "Rue Émile Zola", 15),
        ("15 bis, rue Émile Zola", "Rue Émile Zola", 15),
        ("15-17 rue Émile Zola", "Rue Émile Zola", 15),
        ("15 rue Émile Zola 62300 LENS", "Rue Émile Zola", 15),
        ("ZI de l'Alouette, 15 rue Marie Curie", "Rue Marie Curie", 15),
        ("15 RUE DE LA GARE CEDEX", "Rue de la Gare", 15),
    ),
    "no such street": (
        ("15 rue des Acacias", "", 0),
        ("3 rue du 14 Juillet", "", 0),
        ("8 rue du 11 Octobre", "", 0),
        ("ZI des Cressonnières", "", 0),
        ("15 rue Louis Pasteur", "", 0),
        ("2 rue Paul Bert", "", 0),
        ("15 avenue de la République", "", 0),
        ("Lieu-dit Le Bois Carré", "", 0),
        ("15 rue Curie", "", 0),  # Marie or Pierre: nobody can tell
        ("ZI de la Gare", "", 0),  # a street of that name is no business park
        ("rue du 8 Novembre", "", 0),
    ),
}


def cases() -> Iterator[Case]:
    """Every case in every town, and with the postcode of another commune."""
    for postcode, city, *_ in TOWNS.values():
        for kind, written in WRITTEN.items():
            for address, street, number in written:
                yield Case(kind, address, postcode, city, street, number)
    for address, street, number in WRITTEN["abbreviated"]:
        yield Case("wrong postcode", address, "62000", "Lens", street, number)


def write_base(folder: Path) -> None:
    """Write the address base as published: one file, ``;`` between the columns."""
    rows = []
    for insee, (postcode, city, west, south) in TOWNS.items():
        for at, street in enumerate(STREETS):
            zone = street.startswith(("Zone", "Parc"))
            for number in [99999] if zone else NUMBERS:
                rows.append(
                    {
                        "id": f"{insee}_{at:04d}_{number:05d}",
                        "numero": number,
                        "rep": "",
                        "nom_voie": street,
                        "code_postal": postcode,
                        "code_insee": insee,
                        "nom_commune": city,
                        "lon": round(west + at % 8 * 0.01, 6),
                        "lat": round(south + at // 8 * 0.01 + number % 1000 * 1e-5, 6),
                    }
                )
    frame = pd.DataFrame(rows)
    frame.to_csv(folder / "adresses-62.csv", sep=";", index=False)


def judged() -> pd.DataFrame:
    """Every case with what was found: sure, right (street, and number where one is meant)."""
    asked = list(cases())
    rows = pd.DataFrame([(c.address, c.postcode, c.city) for c in asked])
    rows.columns = pd.Index(["address", "postcode", "city"])
    with tempfile.TemporaryDirectory() as folder:
        write_base(Path(folder))
        with closing(open_index(folder)) as index:
            answers = find_addresses(index, rows.assign(insee=""))
    found = []
    for case, answer in zip(asked, answers, strict=True):
        wanted = f"{case.street}, " if not case.number else f"{case.number} {case.street}, "
        bis = wanted.replace("15 ", "15 bis ", 1)
        right = bool(case.street) and answer.found.startswith((wanted, bis))
        right = right and case.city in answer.found
        found.append(
            (case.kind, case.address, case.street, answer.found, answer.score, answer.sure, right)
        )
    columns = ["kind", "address", "meant", "found", "score", "sure", "right"]
    return pd.DataFrame(found, columns=columns)


def figures(table: pd.DataFrame) -> tuple[float, float]:
    """Precision (right among those taken without a word) and recall (of the streets there are)."""
    sure, real = table["sure"], table["meant"] != ""
    hits = (sure & table["right"]).sum()
    shares = (hits / number if number else float("nan") for number in (sure.sum(), real.sum()))
    precision, recall = shares
    return float(precision), float(recall)


def line(kind: str, table: pd.DataFrame) -> str:
    precision, recall = figures(table)
    taken, wrong = int(table["sure"].sum()), int((table["sure"] & ~table["right"]).sum())
    counts = f"{kind:16} {len(table):4} cases, {taken:4} taken, {wrong} of them wrong"
    return f"{counts}, precision {precision:.3f}, recall {recall:.3f}"


def main() -> None:
    """Print precision and recall by kind of writing, and what was not right."""
    table = judged()
    for kind, group in table.groupby("kind", sort=False):
        print(line(str(kind), group))
    print(line("all", table))
    for row in table[(table["sure"] != table["right"])].drop_duplicates("address").itertuples():
        print(
            f"  {'taken' if row.sure else 'asked'} {row.score:.2f}  {row.address}  ->  {row.found}"
        )


if __name__ == "__main__":
    main()
