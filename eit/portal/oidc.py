"""Sign-in by an OpenID Connect provider: code flow with PKCE, state and nonce, through authlib.

Off unless an issuer is configured. The provider says who someone is; accounts are still made by
invitation alone, and found by the provider's subject, or once by an address it has verified.
"""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any, Self

import httpx2
from itsdangerous import BadData, URLSafeTimedSerializer

from eit.portal.refusals import Unsound
from eit.portal.settings import Settings

log = logging.getLogger(__name__)

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
SCOPE = "openid email profile"
TIMEOUT_S = 10.0
LEEWAY_S = 60


@dataclass(frozen=True, slots=True)
class Journey:
    """One trip to the provider and back: what must be the same at both ends."""

    state: str
    nonce: str
    verifier: str
    next: str
    back: str

    @classmethod
    def begin(cls, next: str, back: str) -> Self:
        """Set out, with fresh secrets."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, next, back)


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of a person; ``email`` is blank unless it has verified it."""

    issuer: str
    subject: str
    email: str

    @property
    def known_as(self) -> str:
        """The person, among all providers."""
        return f"{self.issuer}#{self.subject}"


class Provider:
    """A configured provider; its own addresses are asked for when first needed.

    Parameters
    ----------
    settings
        With issuer and client.
    transport
        How its addresses are reached; by default over the network.
    """

    def __init__(self, settings: Settings, transport: httpx2.BaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport
        self._seal = URLSafeTimedSerializer(secrets.token_hex(32), salt="oidc")
        self._described: dict[str, Any] | None = None

    def address(self, journey: Journey) -> str:
        """Where the browser is sent to sign in.

        Raises
        ------
        Unsound
            If the provider does not answer.
        """
        with _answering(), self._client(journey) as client:
            url, _ = client.create_authorization_url(
                self._metadata(client)["authorization_endpoint"],
                state=journey.state,
                nonce=journey.nonce,
                code_verifier=journey.verifier,
            )
        return str(url)

    def claims(self, journey: Journey, *, state: str, code: str) -> Claims:
        """Exchange the code that came back for what the provider says, and check its signature.

        Raises
        ------
        Unsound
            If the state is another journey's, or anything the provider says does not hold.
        """
        if not secrets.compare_digest(state.encode(), journey.state.encode()) or not code:
            raise Unsound("oidc")
        with _answering(), self._client(journey) as client:
            described = self._metadata(client)
            token = client.fetch_token(
                described["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                code_verifier=journey.verifier,
            )
            keys = (
                client.request("GET", described["jwks_uri"], withhold_token=True)
                .raise_for_status()
                .json()
            )
            return self._judged(token["id_token"], keys, journey)

    def _judged(self, token: str, keys: Any, journey: Journey) -> Claims:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.jwk import KeySet

        decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self._settings.oidc_issuer},
                "aud": {"essential": True, "value": self._settings.oidc_client_id},
                "nonce": {"essential": True, "value": journey.nonce},
            },
            {"nonce": journey.nonce, "client_id": self._settings.oidc_client_id},
        )
        claims.validate(leeway=LEEWAY_S)
        verified = claims.get("email_verified") is True
        return Claims(
            issuer=str(claims["iss"]),
            subject=str(claims["sub"]),
            email=str(claims.get("email", "")).strip().lower() if verified else "",
        )

    def _metadata(self, client: Any) -> dict[str, Any]:
        if self._described is None:
            address = self._settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration"
            found = client.request("GET", address, withhold_token=True).raise_for_status().json()
            if found["issuer"] != self._settings.oidc_issuer:
                raise Unsound("oidc")
            self._described = found
        return self._described

    def _client(self, journey: Journey) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            self._settings.oidc_client_id,
            self._settings.oidc_client_secret,
            scope=SCOPE,
            redirect_uri=journey.back,
            code_challenge_method="S256",
            timeout=TIMEOUT_S,
            transport=self._transport,
        )

    def seal(self, journey: Journey) -> str:
        """A journey as the browser keeps it meanwhile, signed."""
        sealed = self._seal.dumps(asdict(journey))
        return sealed if isinstance(sealed, str) else sealed.decode()

    def unseal(self, text: str, seconds: int) -> Journey:
        """The journey that a browser comes back with.

        Raises
        ------
        Unsound
            If it was not sealed here, or too long ago.
        """
        try:
            return Journey(**self._seal.loads(text, max_age=seconds))
        except (BadData, TypeError) as error:
            raise Unsound("oidc") from error


def open_provider(settings: Settings) -> Provider | None:
    """The configured provider, or None.

    Raises
    ------
    ImportError
        If one is configured and the extra ``oidc`` is not installed.
    """
    if not settings.oidc_issuer:
        return None
    if find_spec("authlib") is None:
        raise ImportError("sign-in by OpenID Connect needs: pip install eit[oidc]")
    return Provider(settings)


@contextmanager
def _answering() -> Iterator[None]:
    """Whatever the provider answers that does not hold is one error to people."""
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError

    try:
        yield
    except (AuthlibBaseError, JoseError, httpx2.HTTPError, KeyError, ValueError) as error:
        log.warning("the OpenID Connect provider: %s", type(error).__name__)
        raise Unsound("oidc") from error
