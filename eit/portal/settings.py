"""What an operator decides: where data lies, which names the portal answers to, limits."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

PREFIX = "EIT_PORTAL_"
MEBIBYTE = 1 << 20
LOCAL = ("localhost", "127.0.0.1", "[::1]")
TRUE, FALSE = ("1", "yes", "true", "on"), ("0", "no", "false", "off", "")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one portal; each may come from ``EIT_PORTAL_<NAME>`` in the environment.

    Attributes
    ----------
    data
        Folder of the database, the queue and the runs.
    database_url
        SQLAlchemy address; blank: ``portal.sqlite`` in the data folder.
    lang
        Language of pages for people who have not chosen one.
    secure_cookies
        Cookies only over TLS; set it behind a proxy that ends TLS.
    upload_limit_bytes
        Longest body of a request.
    hosts
        Host names the portal answers to, besides this machine's own.
    workers
        Optimisations computed at once.
    base_url
        Address people reach the portal by, for links printed outside a page.
    proxies
        Addresses of proxies whose ``X-Forwarded-*`` headers are believed.
    oidc_issuer, oidc_client_id, oidc_client_secret, oidc_label
        Sign-in by an OpenID Connect provider; off while the issuer is blank.
    """

    data: Path
    database_url: str = ""
    lang: str = "fr"
    secure_cookies: bool = False
    upload_limit_bytes: int = 32 * MEBIBYTE
    hosts: tuple[str, ...] = ()
    workers: int = 1
    base_url: str = "http://localhost:8000"
    proxies: str = "127.0.0.1"
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_label: str = ""

    def __post_init__(self) -> None:
        if self.lang not in ("fr", "en"):
            raise ValueError(f"lang must be fr or en; got {self.lang!r}")
        if self.upload_limit_bytes < MEBIBYTE or self.workers < 1:
            raise ValueError("upload_limit_bytes must be >= 1 MiB, and workers >= 1")
        if not self.database_url:
            path = Path(self.data).resolve() / "portal.sqlite"
            object.__setattr__(self, "database_url", f"sqlite:///{path}")

    @property
    def known_hosts(self) -> frozenset[str]:
        """Every host name answered to, without a port."""
        return frozenset(host.lower() for host in (*LOCAL, *self.hosts))


def read_settings(
    data: Path, environment: Mapping[str, str] | None = None, **given: object
) -> Settings:
    """Settings from the environment, over which what is given and not None prevails.

    Raises
    ------
    ValueError
        If a variable cannot be read as its setting.
    """
    variables = os.environ if environment is None else environment
    found: dict[str, object] = {}
    for field in fields(Settings):
        text = variables.get(PREFIX + field.name.upper())
        if text is not None and field.name != "data":
            found[field.name] = _parse(field.name, text)
    found.update({name: value for name, value in given.items() if value is not None})
    return replace(Settings(data=data), **{"database_url": "", **found})  # type: ignore[arg-type]


def _parse(name: str, text: str) -> object:
    if name in ("upload_limit_bytes", "workers"):
        if not text.isdecimal():
            raise ValueError(f"{PREFIX}{name.upper()} must be a whole number; got {text!r}")
        return int(text)
    if name == "secure_cookies":
        if text.lower() not in TRUE + FALSE:
            raise ValueError(f"{PREFIX}{name.upper()} must be yes or no; got {text!r}")
        return text.lower() in TRUE
    if name == "hosts":
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text
