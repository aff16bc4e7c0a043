"""What a facilitator reads and prints after a run: one self-contained HTML page."""

from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from babel import numbers

from eit import nomenclature
from eit.report.refusal import write_refusal
from eit.results import Plan
from eit.territory import Territory
from eit.texts import say

__all__ = ["write_refusal", "write_report"]

MOST_ROWS = 200


def write_report(territory: Territory, plan: Plan, path: Path, lang: str) -> None:
    """Write the report of a plan as one HTML page without any outside file.

    Parameters
    ----------
    territory, plan
        What was read, and what was decided.
    path
        The page to write.
    lang
        ``fr`` or ``en``.
    """
    folder = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = lambda value, digits=0: number(value, digits, lang)
    page = environment.get_template("report.html.jinja").render(
        lang=lang,
        say=lambda key, **values: say(f"report.{key}", lang, **values),
        territory=territory,
        plan=plan,
        totals=plan.totals,
        synergies=synergy_rows(territory, plan, lang),
        hubs=records(plan.hubs),
        families=family_rows(plan, lang),
        reasons=reason_rows(plan, lang),
        unmatched=unmatched_rows(territory, plan),
        assumptions=plan.assumptions,
        notices=[(n.file, n.line, n.text(lang)) for n in territory.notices],
    )
    path.write_text(page, encoding="utf-8", newline="\n")


def number(value: float, digits: int, lang: str) -> str:
    """A figure as people of that language write it; a missing one is a dash."""
    if value is None or pd.isna(value):
        return "–"
    rounded = round(float(value), digits) + 0.0
    return str(numbers.format_decimal(rounded, locale=lang, format=f"#,##0.{'#' * digits}"))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame as dictionaries by column."""
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]


def firm_names(territory: Territory) -> dict[str, str]:
    """The firm behind each declaration, and each hub's name, by id."""
    firms = territory.sites["firm"].where(territory.sites["firm"] != "", territory.sites.index)
    hubs = territory.hubs.drop_duplicates("hub_id").set_index("hub_id")["name"]
    names = territory.declarations["site_id"].map(firms).fillna("")
    return {str(one): str(name or one) for one, name in pd.concat([names, hubs]).items()}


def synergy_rows(territory: Territory, plan: Plan, lang: str) -> list[dict[str, Any]]:
    """Synergies by what the pair saves together, best first."""
    names = firm_names(territory)
    resources = territory.declarations["resource"]
    best = plan.synergies.sort_values("value_eur", ascending=False, kind="stable")
    return [
        {
            **row,
            "donor": names.get(row["donor_id"], row["donor_id"]),
            "receiver": names.get(row["receiver_id"], row["receiver_id"]),
            "through": ", ".join(names.get(hub, hub) for hub in str(row["via"]).split("|") if hub),
            "resource": nomenclature.label(resources.get(row["donor_id"], ""), lang),
        }
        for row in records(best.head(MOST_ROWS))
    ]


def family_rows(plan: Plan, lang: str) -> list[dict[str, Any]]:
    """What leaves residues, by family of resource and unit."""
    leaving = plan.flows[~plan.flows["from_id"].isin(plan.hubs["hub_id"])]
    family = leaving["resource"].map(nomenclature.family)
    sums = leaving.groupby([family.rename("family"), "unit"], sort=True)[["quantity", "co2e_kg"]]
    labels = nomenclature.families()[f"label_{lang}"]
    return [
        {**row, "label": labels.get(row["family"], row["family"])}
        for row in records(sums.sum().reset_index())
    ]


def reason_rows(plan: Plan, lang: str) -> list[dict[str, Any]]:
    """How many declarations are left over for each reason."""
    counts = plan.unmatched.groupby(["kind", "reason"], sort=True).size().rename("count")
    return [
        {**row, "label": say(f"report.reason.{row['reason']}", lang)}
        for row in records(counts.reset_index())
    ]


def unmatched_rows(territory: Territory, plan: Plan) -> list[dict[str, Any]]:
    """Declarations with something left, largest first within each kind."""
    names = firm_names(territory)
    order = plan.unmatched.sort_values(
        ["kind", "quantity_left", "declaration_id"], ascending=[False, False, True], kind="stable"
    )
    return [
        {**row, "firm": names.get(row["declaration_id"], "")}
        for row in records(order.head(MOST_ROWS))
    ]
