import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eit.declarations import COLUMNS, read_declarations
from eit.declarations.quantities import read_measure, to_year
from eit.tables import read_table, schema

SITES = pd.DataFrame(
    {"siret": ["44306184100047", "35600000049837", "35600000049837", ""]},
    index=pd.Index(["S1", "S2", "S3", "S4"], name="site_id"),
)
HEAD = (
    "id_declaration;action;declare_le;id_site;siret;nature;ressource;quantite;unite;par;"
    "quantite_min;quantite_max;mois;cout_actuel;part_max;lot_min;partenaires_max;stockage;"
    "qualite;dangereux;valide_du;valide_au"
)
NAMES = [schema("declarations").recognise(title).name for title in HEAD.split(";")]


def row(**cells: str) -> str:
    """A row under `HEAD`; by default a sound residue without an identifier."""
    sound = {"site_id": "S1", "kind": "résidu", "resource": "19 12 01", "quantity": "12"}
    return ";".join((sound | cells).get(name, "") for name in NAMES)


def table(*rows: str, file: str = "acme.csv", encoding: str = "utf-8"):
    text = "\r\n".join([HEAD, *rows]) + "\r\n"
    return read_table(text.encode(encoding), "declarations", file=file)


def ledger(*rows: str, **options):
    return read_declarations([table(*rows)], sites=SITES, year=2026, **options)


def codes(said) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.code) for one in said]


def only(*rows: str, **options) -> pd.Series:
    read = ledger(*rows, **options)
    assert read.faults == ()
    assert len(read.live) == 1
    return read.live.iloc[0]


# The heart: many mistakes at once


TWENTY = [
    (row(declaration_id="", label="sans identifiant"), "declaration_id", "blank"),
    (row(declaration_id="F2", quantity="-3,5"), "quantity", "positive"),
    (row(declaration_id="F3", quantity="douze"), "quantity", "number"),
    (row(declaration_id="F4", quantity=""), "quantity", "blank"),
    (row(declaration_id="F5", resource="17 01 1é"), "resource", "resource"),
    (row(declaration_id="F6", kind="besoin", resource="plaquettes"), "resource", "need"),
    (row(declaration_id="F7", site_id="S11"), "site_id", "site"),
    (row(declaration_id="F8", site_id=""), "site_id", "site_missing"),
    (row(declaration_id="F9", site_id="", siret="4,43062E+13"), "siret", "siret_scientific"),
    (row(declaration_id="F10", siret="35600000049837"), "siret", "site_disagrees"),
    (row(declaration_id="F11", unit="tonnnes"), "unit", "unit"),
    (row(declaration_id="F12", per="trimestre"), "per", "choice"),
    (
        row(declaration_id="F13", quantity_low="5", quantity_high="4,5"),
        "quantity_high",
        "range_order",
    ),
    (row(declaration_id="F14", quantity_high="11,9"), "quantity", "range"),
    (row(declaration_id="F15", months="9-13"), "months", "months"),
    (row(declaration_id="F16", max_partners="1,5"), "max_partners", "count"),
    (row(declaration_id="F17", quality="humidité<=15"), "quality", "quality_of_residue"),
    (
        row(declaration_id="F18", valid_from="31/12/2026", valid_to="1/1/2026"),
        "valid_to",
        "valid_order",
    ),
    (row(declaration_id="OK1"), "declaration_id", "create_live"),
    (row(declaration_id="F20", action="annuler"), "declaration_id", "cancel_unknown"),
]


def test_a_file_with_twenty_mistakes_gives_exactly_twenty_faults_on_their_lines():
    rows, expected = [row(declaration_id="OK0", quantity="1 234,5")], []
    rows.append(row(declaration_id="OK1", quality='"humidité=12\r\nchlore=3"', months="sept-déc"))
    line = 4  # OK1 stands on two lines
    for at, (mistake, column, code) in enumerate(TWENTY):
        rows += [mistake, row(declaration_id=f"OK{at + 2}", resource="10408")]
        expected.append((line + 1, column, code))
        line += 2

    read = read_declarations(
        [table(*rows, encoding="cp1252")], sites=SITES, year=2026, builtin_rules=True
    )

    assert codes(read.faults) == expected
    assert sorted(read.live.index) == sorted(f"OK{at}" for at in range(22))
    assert read.sound == 22
    assert read.live.loc["OK0", "quantity"] == 1234.5


def test_each_of_the_twenty_is_a_fault_by_itself_and_has_a_mend_of_its_own():
    mends = set()
    for mistake, column, code in TWENTY:
        read = ledger(row(declaration_id="OK1"), mistake)
        assert codes(read.faults) == [(3, column, code)]
        mends.add(read.faults[0].mend("fr"))
        assert read.faults[0].text("en") != read.faults[0].text("fr")
    assert len(mends) == 20


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(range(20)), unique=True), st.randoms(use_true_random=False))
def test_faults_never_cost_a_sound_row_whatever_the_order(chosen, random):
    rows = [row(declaration_id="OK1", declared_at="2020-01-01")]
    rows += [TWENTY[at][0] for at in chosen]
    rows += [row(declaration_id=f"OK{at}") for at in range(2, 6)]
    random.shuffle(rows)
    # the repeat of OK1 is the one without a date only if it stands first: keep it dated after
    rows = [r.replace("OK1;;;", "OK1;;2021-01-01;") for r in rows]

    read = ledger(*rows)

    assert set(read.live.index) == {f"OK{at}" for at in range(1, 6)}
    assert len(read.faults) == len(chosen)


# Single checks


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"site_id": "", "siret": "73282932000074"}, "siret", "siret_unknown"),
        ({"site_id": "", "siret": "35600000049837"}, "siret", "siret_ambiguous"),
        ({"siret": "44306184100048"}, "siret", "siret_key"),
        ({"months": "0|" * 11 + "0"}, "months", "months_empty"),
        ({"months": "1|1"}, "months", "months_weights"),
        ({"kind": "besoin", "max_share": "1,2"}, "max_share", "share"),
        ({"min_lot": "-1"}, "min_lot", "nonnegative"),
        ({"storage": "-1"}, "storage", "nonnegative"),
        ({"max_partners": "0"}, "max_partners", "count"),
        ({"quality": "humidité"}, "quality", "quality"),
        ({"kind": "besoin", "quality": "a=3"}, "quality", "quality_of_need"),
        ({"kind": "besoin", "quality": '"a<=3;a>=4"'}, "quality", "quality_contradiction"),
        ({"resource": "19 12 11*", "hazardous": "non"}, "hazardous", "hazardous"),
        ({"valid_from": "31/02/2026"}, "valid_from", "date_impossible"),
        ({"kind": "déchets verts"}, "kind", "choice"),
        ({"kind": ""}, "kind", "blank"),
        ({"resource": ""}, "resource", "blank"),
        ({"unit": "t/mois", "per": "an"}, "unit", "unit_per"),
        ({"action": "replace"}, "declaration_id", "replace_unknown"),
    ],
)
def test_each_mistake_is_one_fault_of_its_own(cells, column, code):
    assert codes(ledger(row(declaration_id="D1", **cells)).faults) == [(2, column, code)]


def test_faults_show_the_cell_as_it_was_sent_and_name_the_nearest():
    read = ledger(row(declaration_id="D1", site_id="S 1", resource="19.12.1", quantity_low="12,5"))

    assert [(f.column, f.value) for f in read.faults] == [
        *[("resource", "19.12.1"), ("quantity", "12"), ("site_id", "S 1")]
    ]
    assert "S1" in read.faults[2].mend("en")
    assert "12,5" in read.faults[1].wanted("en")


def test_a_siret_names_its_site():
    assert only(row(declaration_id="D1", site_id="", siret="443 061 841 00047"))["site_id"] == "S1"
    both = only(row(declaration_id="D1", site_id="S4", siret="73282932000074"))
    assert both["site_id"] == "S4"  # sites.csv does not know its SIRET: nothing to disagree with


def test_references_are_not_checked_where_sites_are_not_known():
    read = read_declarations([table(row(declaration_id="D1", site_id="anywhere"))])

    assert read.faults == ()
    assert read.live["site_id"].tolist() == ["anywhere"]


def test_resources_of_the_territory_are_known_and_any_is_without_the_built_in_rules():
    mine = row(declaration_id="D1", resource="Our_Sludge")

    assert codes(ledger(mine).faults) == [(2, "resource", "resource")]
    assert only(mine, known_resources={"our_sludge"})["resource"] == "our_sludge"
    assert only(mine, builtin_rules=False)["resource"] == "our_sludge"


def test_hazard_comes_from_the_row_else_from_the_code():
    def hazardous(**cells):
        return bool(only(row(declaration_id="D1", **cells))["hazardous"])

    assert hazardous(resource="191211")
    assert not hazardous(resource="19 12 01")
    assert not hazardous(resource="19 12 01*")
    assert hazardous(resource="19 12 01", hazardous="oui")


def test_missing_columns_are_one_fault_each_and_only_where_a_row_needs_them():
    lacking = read_table(b"declaration_id;kind\nD1;need\nD2;need\n", "declarations", file="a.csv")
    cancels = read_table(b"declaration_id;action\nD9;cancel\n", "declarations", file="b.csv")

    read = read_declarations([lacking, cancels], sites=SITES)

    assert [(f.file, f.line, f.column) for f in read.faults if f.code == "column_missing"] == [
        *[("a.csv", 1, "resource"), ("a.csv", 1, "quantity"), ("a.csv", 1, "site_id")]
    ]
    assert codes(f for f in read.faults if f.file == "b.csv") == [
        *[(2, "declaration_id", "cancel_unknown")]
    ]
    assert read.sound == 0


# Notices


def test_what_does_not_apply_or_cannot_bind_is_a_notice():
    read = ledger(
        row(declaration_id="D1", max_share="0,5"),
        row(declaration_id="D2", min_lot="13"),
        row(declaration_id="D3", kind="besoin", max_share="0,5", min_lot="7"),
        row(declaration_id="D4", unit="m3"),
        row(declaration_id="D5", min_lot="12"),
    )

    assert read.faults == ()
    assert codes(read.notices) == [
        (2, "max_share", "not_for_kind"),
        (3, "min_lot", "lot_large"),
        (4, "min_lot", "lot_large"),
        (5, "unit", "unit_kind"),
    ]
    assert read.sound == 5


def test_a_row_outside_the_year_is_left_out_with_a_notice():
    read = ledger(
        row(declaration_id="D1", valid_to="31/12/2025"),
        row(declaration_id="D2", valid_from="2027-01-01"),
        row(declaration_id="D3", valid_from="31.12.26"),
        row(declaration_id="D4", valid_from="1/1/2020", valid_to="1/1/2026"),
    )

    assert codes(read.notices) == [
        (2, "declaration_id", "outside_year"),
        (3, "declaration_id", "outside_year"),
    ]
    assert list(read.live.index) == ["D3", "D4"]
    assert read.sound == 4


# Quantities


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"quantity": "1500", "unit": "kg"}, 1.5),
        ({"quantity": "2", "per": "mois"}, 24),
        ({"quantity": "2", "per": "mois", "months": "9-12"}, 8),
        ({"quantity": "2", "per": "semaine"}, 104),
        ({"quantity": "2", "per": "semaine", "months": "1-6"}, 52),
        ({"quantity": "2", "per": "jour", "months": "1|0,5|0|0|0|0|0|0|0|0|0|3"}, 2 * 365 * 3 / 12),
        ({"quantity": "2", "per": "une fois", "months": "1-6"}, 2),
        ({"quantity": "2", "per": "an", "months": "1-6"}, 2),
        ({"quantity": "2", "unit": "t/mois"}, 24),
        ({"quantity": "500", "unit": "kg par jour"}, 182.5),
    ],
)
def test_quantities_become_canonical_and_yearly(cells, expected):
    assert only(row(declaration_id="D1", **cells))["quantity"] == pytest.approx(expected, rel=1e-12)


def test_every_figure_of_a_row_follows_its_unit():
    live = only(
        row(
            declaration_id="D1",
            kind="besoin",
            resource="heat" if "heat" in known() else "electricity",
            quantity="36",
            unit="GJ",
            per="mois",
            quantity_low="18",
            quantity_high="72",
            current_cost_eur_per_unit="10",
            min_lot="3,6",
            storage="7,2",
        )
    )

    assert live["unit"] == "MWh"
    assert live["quantity"] == pytest.approx(120)
    assert live[["quantity_low", "quantity_high"]].tolist() == pytest.approx([60, 240])
    assert live["current_cost_eur_per_unit"] == pytest.approx(36)
    assert live[["min_lot", "storage"]].tolist() == pytest.approx([1, 2])
    assert live[["declared_quantity", "declared_unit", "per"]].tolist() == [36, "GJ", "month"]


def known() -> set[str]:
    from eit.nomenclature import resources

    return {name for name, unit in resources()["unit"].items() if unit == "MWh"}


@given(
    st.sampled_from(["year", "month", "week", "day", "once"]),
    st.lists(st.sampled_from([0, 1, 2.5]), min_size=12, max_size=12).filter(any),
)
def test_the_year_of_a_row_is_that_of_the_contract(per, weights):
    months = "|".join(f"{weight:g}" for weight in weights)
    active = sum(weight > 0 for weight in weights)
    expected = {"year": 1, "once": 1, "month": active, "week": 52 * active / 12}
    expected["day"] = 365 * active / 12

    assert to_year(pd.Series([per]), pd.Series([months]))[0] == pytest.approx(expected[per])


def test_a_unit_with_its_period_is_read_only_if_both_are_known():
    assert read_measure("t/an").per == "year"
    assert read_measure("kWh per month").per == "month"
    assert read_measure("t/truc").unit is None
    assert read_measure("truc/an").unit is None


def test_missing_text_is_blank_and_missing_numbers_are_nan():
    live = only(row(declaration_id="D1"))

    assert list(live.index) == list(COLUMNS)
    assert np.isnan(live[["current_cost_eur_per_unit", "max_partners"]].astype(float)).all()
    assert live[["label", "quality", "form"]].tolist() == ["", "", ""]
    assert live[["months", "confidentiality", "max_share", "min_lot"]].tolist() == [
        *("all", "restricted", 1.0, 0.0)
    ]
    assert ledger(row(declaration_id="D1")).live["required"].dtype == bool


# The ledger


def test_actions_apply_by_moment_then_file_then_line():
    first = table(
        row(declaration_id="D1", quantity="1", declared_at="2026-01-01"),
        row(declaration_id="D2", quantity="1", declared_at="2026-01-01"),
        row(declaration_id="D3", quantity="1"),
        file="b.csv",
    )
    second = table(
        row(declaration_id="D1", action="remplacer", quantity="3", declared_at="2026-03-01"),
        row(declaration_id="D1", action="remplacer", quantity="2", declared_at="2026-02-01"),
        row(declaration_id="D2", action="annuler", declared_at="01/02/2026 14h30"),
        row(declaration_id="D3", action="remplacer", quantity="4"),
        file="c.csv",
    )

    for order in ([first, second], [second, first]):
        read = read_declarations(order, sites=SITES)
        assert read.faults == ()
        assert read.live["quantity"].to_dict() == {"D1": 3, "D3": 4}
        assert read.sound == 7
    outcome = read.history.set_index(["file", "line"])["outcome"].to_dict()
    assert outcome["b.csv", 2] == "replaced"
    assert outcome["c.csv", 3] == "replaced"
    assert outcome["b.csv", 3] == "cancelled"
    assert outcome["c.csv", 4] == "cancels"


def test_a_cancelled_declaration_may_be_created_again():
    read = ledger(
        row(declaration_id="D1", quantity="1"),
        "D1;annuler" + ";" * (len(NAMES) - 2),
        row(declaration_id="D1", quantity="2"),
    )

    assert read.faults == ()
    assert read.live["quantity"].tolist() == [2]


@pytest.mark.parametrize("action", ["annuler", "remplacer"])
def test_what_comes_before_its_creation_or_after_its_end_is_a_fault(action):
    early = ledger(
        row(declaration_id="D1", action=action, declared_at="2026-01-01"),
        row(declaration_id="D1", declared_at="2026-02-01"),
    )
    late = ledger(
        row(declaration_id="D1"),
        row(declaration_id="D1", action="annuler"),
        row(declaration_id="D1", action=action),
    )

    assert codes(early.faults) == [(2, "declaration_id", "too_early")]
    assert list(early.live.index) == ["D1"]
    assert codes(late.faults) == [(4, "declaration_id", "cancelled_before")]
    assert len(late.live) == 0


def test_each_repeat_of_an_identifier_is_a_fault_across_files_too():
    read = read_declarations(
        [
            table(row(declaration_id="D1"), row(declaration_id="D1"), file="a.csv"),
            table(row(declaration_id="D1"), file="b.csv"),
        ]
    )

    assert [(f.file, f.line, f.code) for f in read.faults] == [
        ("a.csv", 3, "create_live"),
        ("b.csv", 2, "create_live"),
    ]
    assert "a.csv:2" in read.faults[1].mend("en")
    assert list(read.live.index) == ["D1"]


@pytest.mark.parametrize("action", ["annuler", "remplacer"])
@pytest.mark.parametrize(
    "faulty",
    [
        row(declaration_id="D1", quantity="x"),
        row(declaration_id="D1", site_id="S9"),
        row(declaration_id="D1", action="creeer"),
        row(declaration_id="D1", declared_at="demain"),
        row(declaration_id="D1") + ";lost",
        row(declaration_id="D1", label="x").replace("S1", '"S1'),
    ],
)
def test_a_faulty_creation_spreads_no_false_fault(faulty, action):
    read = ledger(faulty, row(declaration_id="D1", action=action, declared_at="2026-05-01"))

    assert len(read.faults) == 1
    assert read.faults[0].line == 2
    assert len(read.live) == (action == "remplacer")


def test_a_faulty_row_takes_part_in_nothing():
    read = ledger(
        row(declaration_id="D1", quantity="1"),
        row(declaration_id="D1", action="remplacer", quantity="x"),
        row(declaration_id="D2", quantity="2"),
        row(declaration_id="D2", action="annuler", declared_at="x"),
    )

    assert codes(read.faults) == [(3, "quantity", "number"), (5, "declared_at", "date")]
    assert read.live["quantity"].to_dict() == {"D1": 1, "D2": 2}


def test_a_cancellation_needs_only_its_identifier():
    read = read_declarations(
        [
            table(row(declaration_id="D1")),
            read_table(b"declaration_id,action\nD1,cancel\n", "declarations", file="z.csv"),
        ],
        sites=SITES,
    )

    assert read.faults == ()
    assert len(read.live) == 0
    assert read.sound == 2


def test_no_files_and_empty_files_leave_an_empty_ledger_with_every_column():
    for tables in ([], [table()]):
        read = read_declarations(tables, sites=SITES, year=2026)
        assert list(read.live.columns) == list(COLUMNS)
        assert len(read.live) == 0
        assert read.sound == 0


events = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from(["create", "replace", "cancel"])), max_size=8
)


@settings(max_examples=60, deadline=None)
@given(events)
def test_the_ledger_agrees_with_a_dictionary(told):
    """Sound rows whose actions are all possible, told by a plain dictionary."""
    held: dict[str, int] = {}
    rows = []
    for at, (name, action) in enumerate(told):
        if (action == "create") == (name in held):
            continue
        if action == "cancel":
            del held[name]
        else:
            held[name] = at + 1
        rows.append(row(declaration_id=name, action=action, quantity=str(at + 1)))

    read = ledger(*rows)

    assert read.faults == ()
    assert read.live["quantity"].to_dict() == held


def test_a_hundred_thousand_declarations_are_checked_within_seconds():
    rows = 100_000
    text = "declaration_id,site_id,kind,resource,quantity,unit,action\n" + "".join(
        f"D{at % 90_000},S{at % 4 + 1},residue,19 12 01,{at + 1},kg,"
        f"{'replace' if at >= 90_000 else 'create'}\n"
        for at in range(rows)
    )
    read = read_table(text.encode(), "declarations")
    start = time.process_time()

    result = read_declarations([read], sites=SITES, year=2026)

    assert result.faults == ()
    assert len(result.live) == 90_000
    assert time.process_time() - start < 5
