"""What programs are told about where to get tokens, and that it is so."""

from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from app.domain.user import User
from app.settings import settings
from tests.oauth_program import BACK, OAuthProgram, notes_of


async def fetched(server: str, path: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=server, trust_env=False) as stranger:
        answer = await stranger.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] in ("application/json", "application/vnd.oai.openapi+json")
    told: dict[str, Any] = answer.json()
    return told


async def test_the_server_describes_itself_as_rfc_8414_has_it(server: str, db: None) -> None:
    told = await fetched(server, "/.well-known/oauth-authorization-server")
    base = settings().base_url
    assert told["issuer"] == base
    assert told["authorization_endpoint"] == f"{base}/oauth/authorize"
    assert (told["token_endpoint"], told["revocation_endpoint"]) == (f"{base}/oauth/token", f"{base}/oauth/revoke")
    assert told["jwks_uri"] == f"{base}/.well-known/jwks.json"
    assert set(told["grant_types_supported"]) == {"authorization_code", "refresh_token", "password"}
    assert told["response_types_supported"] == ["code"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["scopes_supported"] == ["chat", "feedback", "admin"]
    assert told["token_endpoint_auth_methods_supported"] == ["none"]


async def test_others_can_check_our_access_tokens_by_the_published_keys(server: str, ana: User) -> None:
    async with OAuthProgram(server, await notes_of(ana)) as notes:
        tokens = await notes.enter(ana)
    published = await fetched(server, "/.well-known/jwks.json")
    assert all({"kty", "crv", "x", "y", "kid", "use", "alg"} == set(key) for key in published["keys"]), "nothing private"
    read = jwt.decode(tokens["access_token"], KeySet.import_key_set(published), algorithms=["ES256"])  # type: ignore[arg-type]
    assert read.header["typ"] == "at+jwt"
    assert {key["kid"] for key in published["keys"]} >= {read.header["kid"]}
    said = read.claims
    assert set(said) == {"iss", "aud", "sub", "sid", "iat", "exp", "client_id", "scope", "jti"}
    assert (said["iss"], said["aud"], said["sub"]) == (settings().base_url, "parley", str(ana.id))
    assert (said["client_id"], said["scope"], said["exp"] - said["iat"]) == (notes.client_id, "chat feedback admin", 600)


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
async def test_openapi_tells_what_is_sent_and_answered(server: str, db: None, path: str) -> None:
    document = await fetched(server, "/schema/openapi.json")
    told = document["paths"][path]["post"]
    (sent,) = told["requestBody"]["content"].items()
    assert sent[0] == "application/x-www-form-urlencoded"
    fields = resolved(sent[1]["schema"], document)
    assert fields["required"] == (["grant_type"] if path == "/oauth/token" else ["token"])
    assert set(told["responses"]) == {"200", "400", "401", "413", "429", "503"}
    for status in ("400", "401", "429"):
        refusal = resolved(told["responses"][status]["content"]["application/json"]["schema"], document)
        assert set(refusal["properties"]) == {"error", "error_description"}


async def test_openapi_names_the_fields_of_the_tokens(server: str, ana: User) -> None:
    document = await fetched(server, "/schema/openapi.json")
    answer = document["paths"]["/oauth/token"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    async with OAuthProgram(server) as program:
        assert set(resolved(answer, document)["properties"]) == set(await program.enter(ana))
    for path in ("/.well-known/jwks.json", "/.well-known/oauth-authorization-server"):
        assert "get" in document["paths"][path]
    assert BACK not in str(document)
