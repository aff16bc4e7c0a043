"""The rooms of a territory that a person may enter, as links below the header of each page."""

from dataclasses import dataclass

from eit.portal.rights import Place, permits
from eit.portal.viewer import Viewer
from eit.store.models import TerritoryRow


@dataclass(frozen=True, slots=True)
class Room:
    """A link of a territory's pages; its words are under ``key``."""

    href: str
    key: str
    current: bool


def rooms(viewer: Viewer, territory: TerritoryRow, path: str) -> list[Room]:
    """Links to the rooms of a territory, the one being looked at marked.

    Parameters
    ----------
    path
        Address of the page that shows them.
    """
    base = f"/t/{territory.slug}"
    here = Place(territory.id, viewer.firm_ids(territory.id))
    firms = viewer.firm_ids(territory.id)
    parks = sorted({one.park_id for one in viewer.within(territory.id) if one.park_id})
    links = [(f"{base}/", "portal.room.home")]
    if len(firms) == 1:
        links.append((f"{base}/firms/{firms[0]}/declarations", "portal.room.declarations"))
    links += [(f"{base}/parks/{park}", "portal.room.park") for park in parks[:1]]
    wanted = (
        ("jobs", "list", "jobs"),
        ("synergies", "list", "synergies"),
        ("firms", "list", "firms"),
        ("people", "list", "memberships"),
        ("files", "list", "territory_files"),
        ("audit", "list", "audit"),
    )
    for room, action, resource in wanted:
        if permits(viewer, action, resource, here):
            links.append((f"{base}/{room}", f"portal.room.{room}"))
    found = [link for link in links[1:] if path == link[0] or path.startswith(f"{link[0]}/")]
    current = max(found, key=lambda link: len(link[0]), default=links[0])
    return [Room(href, key, (href, key) == current) for href, key in links]
