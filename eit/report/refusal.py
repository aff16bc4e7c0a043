"""The page of a run without a plan: why there is none, and what would have to give way."""

from pathlib import Path

import jinja2

from eit.results import Plan, say_conflicts
from eit.territory import Territory
from eit.texts import say


def write_refusal(territory: Territory, plan: Plan, path: Path, lang: str) -> None:
    """Write the report of a run without a plan as one HTML page without any outside file.

    Parameters
    ----------
    territory, plan
        What was read, and why it ended without a plan.
    path
        The page to write.
    lang
        ``fr`` or ``en``.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("refusal.html.jinja").render(
        lang=lang,
        say=lambda key: say(f"refusal.{key}", lang),
        report=lambda key, **values: say(f"report.{key}", lang, **values),
        territory=territory,
        plan=plan,
        conflicts=_paragraphs(plan, lang),
    )
    path.write_text(page, encoding="utf-8", newline="\n")


def _paragraphs(plan: Plan, lang: str) -> list[dict[str, object]]:
    """Head, members and closing line of each conflict, and what proves it."""
    said = zip(plan.conflicts, say_conflicts(plan.conflicts, lang), strict=True)
    return [
        {
            "head": head,
            "members": lines[: len(conflict["members"])],
            "rest": lines[len(conflict["members"]) :],
            "proof": say(f"conflict.proof.{conflict['proof']}", lang),
        }
        for conflict, (head, *lines) in said
    ]
