"""Sign-in by an OpenID Connect provider, against a provider that stands in the test."""

import base64
import hashlib
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from sqlalchemy import select
from support.portal.opened import Portal, open_portal

from eit.portal.invitations import Post
from eit.portal.oidc import Provider
from eit.store.models import AccountRow

ISSUER = "https://login.example"
SETTINGS = {
    "oidc_issuer": ISSUER,
    "oidc_client_id": "portal",
    "oidc_client_secret": "hush",
    "oidc_label": "Exemple Connect",
}
EMAIL = "anna@firme.example"


@dataclass
class Stub:
    """A provider: answers to discovery, keys and codes, and can be told to misbehave."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    signs_with: RSAKey | None = None
    claims: dict[str, object] = field(default_factory=dict)
    down: bool = False
    challenges: dict[str, dict[str, str]] = field(default_factory=dict)

    def visit(self, address: str) -> str:
        """What a person does there: sign in, and come back with a code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = asked
        return f"/oidc/return?state={asked['state']}&code={code}"

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            return httpx2.Response(503)
        match request.url.path:
            case "/.well-known/openid-configuration":
                return httpx2.Response(
                    200,
                    json={
                        "issuer": ISSUER,
                        "authorization_endpoint": f"{ISSUER}/authorize",
                        "token_endpoint": f"{ISSUER}/token",
                        "jwks_uri": f"{ISSUER}/keys",
                    },
                )
            case "/keys":
                return httpx2.Response(200, json=KeySet([self.key]).as_dict(private=False))
            case "/token":
                return self.token({k: v[0] for k, v in parse_qs(request.content.decode()).items()})
        return httpx2.Response(404)

    def token(self, form: dict[str, str]) -> httpx2.Response:
        asked = self.challenges.pop(form["code"], None)
        verifier = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge:
            return httpx2.Response(400, json={"error": "invalid_grant"})
        moment = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "portal",
            "sub": "s-1",
            "nonce": asked["nonce"],
            "iat": moment,
            "exp": moment + 300,
            "email": EMAIL,
            "email_verified": True,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        signer = self.signs_with or self.key
        text = jwt.encode({"alg": "RS256", "kid": "k1"}, kept, signer)
        return httpx2.Response(
            200, json={"access_token": "a", "token_type": "Bearer", "id_token": text}
        )


@pytest.fixture
def stub():
    return Stub()


@pytest.fixture
def portal(tmp_path, stub):
    with open_portal(tmp_path, **SETTINGS) as opened:
        settings = opened.app.state.settings
        opened.app.state.oidc = Provider(settings, httpx2.MockTransport(stub.answer))
        yield opened


def travel(portal: Portal, stub: Stub):
    client = portal.client()
    set_out = client.get("/oidc/start?next=/account")
    assert set_out.status_code == 303
    return client, client.get(stub.visit(set_out.headers["location"]))


def test_it_is_off_by_default(tmp_path):
    with open_portal(tmp_path) as portal:
        assert portal.client().get("/oidc/start").status_code == 404
        assert "/oidc/" not in portal.client().get("/sign-in").text


def test_the_sign_in_page_names_the_provider(portal):
    assert "Exemple Connect" in portal.client().get("/sign-in").text


def test_whom_the_provider_vouches_for_comes_in_and_is_known_again_by_subject(portal, stub):
    territory = portal.territory()
    account = portal.account(EMAIL, Post("facilitator", territory.id))
    client, back = travel(portal, stub)
    assert (back.status_code, back.headers["location"]) == (303, "/account")
    assert client.get("/account").status_code == 200
    with portal.store.reading() as session:
        assert session.get_one(AccountRow, account).oidc_subject == f"{ISSUER}#s-1"
    stub.claims = {"email": "moved@firme.example", "email_verified": False}
    assert travel(portal, stub)[1].headers["location"] == "/account"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"sub": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": "nobody@firme.example"},
    ],
    ids=str,
)
def test_what_the_provider_says_must_hold(portal, stub, claims):
    portal.account(EMAIL)
    stub.claims = claims
    client, back = travel(portal, stub)
    assert back.status_code == 422
    assert client.get("/account").status_code == 303


def test_a_signature_by_another_key_is_worth_nothing(portal, stub):
    portal.account(EMAIL)
    stub.signs_with = RSAKey.generate_key(2048, {"kid": "k1"})
    assert travel(portal, stub)[1].status_code == 422


def test_a_code_is_worth_nothing_in_another_browser_or_twice(portal, stub):
    portal.account(EMAIL)
    mine = portal.client()
    way_back = stub.visit(mine.get("/oidc/start").headers["location"])
    assert portal.client().get(way_back).status_code == 422
    other = portal.client()
    other.get("/oidc/start")
    assert other.get(way_back).status_code == 422
    assert mine.get(way_back).status_code == 303
    assert mine.get(way_back).status_code == 422


def test_a_second_provider_account_does_not_take_over_the_first(portal, stub):
    portal.account(EMAIL)
    travel(portal, stub)
    stub.claims = {"sub": "s-2"}
    assert travel(portal, stub)[1].status_code == 422


def test_a_disabled_account_stays_out_and_a_provider_that_is_down_is_told(portal, stub):
    account = portal.account(EMAIL)
    chief = portal.client(portal.account("chief@portail.example", administrator=True))
    chief.post(f"/admin/accounts/{account}/disable")
    assert travel(portal, stub)[1].status_code == 422
    stub.down = True
    portal.app.state.oidc = Provider(portal.app.state.settings, httpx2.MockTransport(stub.answer))
    assert portal.client().get("/oidc/start").status_code == 422


def test_a_provider_that_names_itself_otherwise_is_not_believed(portal, stub):
    changed = portal.app.state.settings
    assert changed.oidc_issuer == ISSUER
    stub_answer = stub.answer

    def lying(request: httpx2.Request) -> httpx2.Response:
        answer = stub_answer(request)
        if request.url.path.startswith("/.well-known"):
            return httpx2.Response(200, json={**answer.json(), "issuer": "https://evil.example"})
        return answer

    portal.app.state.oidc = Provider(changed, httpx2.MockTransport(lying))
    assert portal.client().get("/oidc/start").status_code == 422
    with portal.store.reading() as session:
        assert session.scalars(select(AccountRow)).all() == []
