"""What every page has: its template, its own scripts and styles inside, its policy."""

import base64
import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import jinja2

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    trim_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; "
    "img-src data:{hosts}; base-uri 'none'; form-action 'none'"
)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FOREIGN = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)\s*=", re.IGNORECASE)


def static(name: str) -> str:
    """Text of one of our own scripts or styles."""
    return (STATIC / name).read_text(encoding="utf-8")


def sealed(html: str, hosts: Sequence[str] = ()) -> str:
    """The page with its policy: these scripts by hash, images from these hosts alone.

    Raises
    ------
    ValueError
        If an element outside the scripts would fetch something.
    """
    bare = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", "", html, flags=re.DOTALL)
    if found := _FOREIGN.search(bare):
        raise ValueError(f"a page must be self-contained; it holds {found[0]}")
    digests = (hashlib.sha256(text.encode("utf-8")).digest() for text in _SCRIPT.findall(html))
    hashes = " ".join(f"'sha256-{base64.b64encode(d).decode('ascii')}'" for d in digests)
    policy = _POLICY.format(scripts=hashes, hosts="".join(f" {host}" for host in hosts))
    return html.replace("{{policy}}", policy, 1)
