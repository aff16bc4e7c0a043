"""Third-party scripts and styles: fetched by the set-up at pinned versions, inlined into pages.

``package.json`` names them, ``package-lock.json`` holds their hashes, ``npm ci`` fetches them, and
``python -m maps.bundle`` copies the few files that pages use into ``maps/assets/``, with their
licences. Nothing of it is committed; the wheel carries it.
"""

import argparse
import base64
import re
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
COMPLETE = ".complete"
SOURCES = {
    "leaflet.js": "leaflet/dist/leaflet.js",
    "leaflet.css": "leaflet/dist/leaflet.css",
    "leaflet.LICENSE": "leaflet/LICENSE",
    "d3-array.js": "d3-array/dist/d3-array.min.js",
    "d3-array.LICENSE": "d3-array/LICENSE",
    "d3-path.js": "d3-path/dist/d3-path.min.js",
    "d3-path.LICENSE": "d3-path/LICENSE",
    "d3-shape.js": "d3-shape/dist/d3-shape.min.js",
    "d3-shape.LICENSE": "d3-shape/LICENSE",
    "d3-sankey.js": "d3-sankey/dist/d3-sankey.min.js",
    "d3-sankey.LICENSE": "d3-sankey/LICENSE",
    "internmap.LICENSE": "internmap/LICENSE",
}
_SOURCE_MAP = re.compile(r"\n?//# sourceMappingURL=.*\s*$")
_STYLE_URL = re.compile(r"url\(([^)]+)\)")


def read(name: str, folder: Path = ASSETS) -> str:
    """Text of one bundled file.

    Raises
    ------
    FileNotFoundError
        If the set-up has not fetched it.
    """
    file = folder / name
    if not file.is_file():
        raise FileNotFoundError(f"maps/assets/{name} is missing: run `make install` to fetch it")
    return file.read_text(encoding="utf-8")


def licence(*packages: str) -> str:
    """Licences of bundled packages, as they may stand in a comment of a page."""
    texts = [f"{name}\n\n{read(f'{name}.LICENSE').strip()}" for name in packages]
    return "\n\n".join(texts).replace("--", "- -") + "\n"


def copy(packages: Path, folder: Path = ASSETS) -> list[Path]:
    """Copy what pages use out of ``node_modules``, each file made self-contained.

    Raises
    ------
    FileNotFoundError
        If a package was not fetched.
    ValueError
        If a script could close the element that it is to be inlined in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, source in SOURCES.items():
        if not (packages / source).is_file():
            raise FileNotFoundError(f"{packages / source} is missing: run `npm ci` first")
        target = folder / name
        target.write_text(_self_contained(packages / source), encoding="utf-8")
        written.append(target)
    (folder / COMPLETE).write_text("", encoding="utf-8")
    return written


def _self_contained(file: Path) -> str:
    """Text of a file without a reference to another file."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".js":
        text = _SOURCE_MAP.sub("\n", text)
        if "</script" in text.lower():
            raise ValueError(f"{file} holds </script and cannot be inlined")
    if file.suffix == ".css":
        text = _STYLE_URL.sub(lambda found: _data_url(file.parent, found[1]), text)
    return text


def _data_url(folder: Path, reference: str) -> str:
    """``url(...)`` of an image beside a style sheet, as data; of anything else, nothing."""
    image = folder / reference.strip("\"' ")
    if image.suffix != ".png":
        return "none"
    return f"url(data:image/png;base64,{base64.b64encode(image.read_bytes()).decode('ascii')})"


def main() -> None:
    """Copy from the ``node_modules`` of the working folder, or of the folder given."""
    parser = argparse.ArgumentParser(prog="python -m maps.bundle", description=copy.__doc__)
    parser.add_argument("packages", type=Path, nargs="?", default=Path("node_modules"))
    copy(parser.parse_args().packages)


if __name__ == "__main__":
    main()
