"""One self-contained page: a folium map in our frame, every script and style inside.

The page opens from disk without a network. A content security policy allows the page's own scripts
by their hashes and no other host, unless an online background is switched on. Texts from data
enter as JSON (`maps.sheet.as_json`), never as markup.
"""

from collections.abc import Iterator

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.map import Layer
from folium.template import Template

from maps import bundle
from maps.frame import ENVIRONMENT, sealed, static
from maps.sheet import Sheet, as_json

SCRIPTS = (
    *("base.js", "model.js", "curves.js", "lines.js", "places.js", "ground.js", "cards.js"),
    *("legend.js", "panel.js", "table.js", "page.js"),
)
STYLES = ("page.css", "map.css", "print.css")
BACKGROUNDS = {
    "osm": (
        "https://tile.openstreetmap.org",
        "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        "© OpenStreetMap",
    ),
    "ign": (
        "https://data.geopf.fr",
        "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
        "&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png"
        "&TILEMATRIXSET=PM&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
        "© IGN Géoplateforme",
    ),
}
BLANK_TILE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


class QuietMap(folium.Map):
    """A folium map with Leaflet alone: no jQuery, no Bootstrap, no icon fonts, no tiles."""

    default_js = [("leaflet", "bundle:leaflet.js")]  # noqa: RUF012 (folium wants lists)
    default_css = [("leaflet_css", "bundle:leaflet.css")]  # noqa: RUF012
    _template = Template(
        """
        {% macro html(this, kwargs) %}<div id="map"></div>{% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map("map", {{ this.options|tojavascript }});
        {% endmacro %}
        """
    )


class Drawing(Layer):
    """A kind of thing on the map, drawn whole by the page's own script from the page's data.

    Nothing from data passes through folium's templates: they would evaluate it.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = eit.{{ this.kind }}(page);
        {% endmacro %}
        """
    )

    def __init__(self, kind: str) -> None:
        super().__init__(name=kind)
        self._name = kind
        self.kind = kind


class Page(Figure):
    """The frame around a `QuietMap`: heading, panel, legend, table, and the data they show."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(title=sheet.title)
        self.sheet = sheet

    def render(self, **kwargs: object) -> str:
        """The page as HTML; the same sheet gives the same bytes."""
        for number, element in enumerate(_family(self)):
            element._id = str(number)
        for child in self._children.values():
            child.render(**kwargs)
        html = ENVIRONMENT.get_template("page.html").render(
            title=self.title,
            lang=self.sheet.lang,
            labels=self.sheet.labels,
            styles=[*self._bundled(CssLink), *map(static, STYLES)],
            scripts=[*self._bundled(JavascriptLink), *map(static, SCRIPTS)],
            data=as_json(self.sheet.data()),
            body=self.html.render(**kwargs),
            drawing=self.script.render(**kwargs),
            licence=bundle.licence("leaflet"),
        )
        hosts = [BACKGROUNDS[self.sheet.background][0]] if self.sheet.background else []
        return sealed(html, hosts)

    def _bundled(self, kind: type[Element]) -> list[str]:
        """Text of the linked files of one kind, from the bundle and from nowhere else."""
        texts = []
        for element in self.header._children.values():
            if isinstance(element, CssLink | JavascriptLink):
                scheme, _, name = element.url.partition(":")
                if scheme != "bundle":
                    raise ValueError(f"a page must be self-contained; it links {element.url}")
                if isinstance(element, kind):
                    texts.append(bundle.read(name))
        return texts


def render(sheet: Sheet) -> str:
    """One sheet as a self-contained HTML page.

    Raises
    ------
    FileNotFoundError
        If the set-up has not fetched the front-end files.
    ValueError
        If the page would link to anything outside itself, or the background is unknown.
    """
    if sheet.background is not None and sheet.background not in BACKGROUNDS:
        raise ValueError(f"background must be one of {[*BACKGROUNDS]}; got {sheet.background!r}")
    page = Page(sheet)
    sheet_map = QuietMap(
        tiles=None,
        zoom_snap=0.25,
        wheel_px_per_zoom_level=90,
        zoom_animation=False,
        fade_animation=False,
        zoom_control=False,
        max_zoom=19,
        world_copy_jump=False,
    )
    page.add_child(sheet_map)
    if sheet.background is not None:
        _, address, credit = BACKGROUNDS[sheet.background]
        tiles = folium.TileLayer(address, attr=credit, error_tile_url=BLANK_TILE, max_zoom=19)
        sheet_map.add_child(tiles)
    for kind in ("ground", "outlines", "places", "lines", "legend", "start"):
        sheet_map.add_child(Drawing(kind))
    return page.render()


def _family(element: Element) -> Iterator[Element]:
    """An element and all below it, in order of addition."""
    yield element
    for part in ("header", "html", "script"):
        if isinstance(element, Figure):
            yield from _family(getattr(element, part))
    for child in element._children.values():
        yield from _family(child)
