"""Installing the app and signing in, as a browser and slack_sdk do it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from slack_sdk.oauth import AuthorizeUrlGenerator, OpenIDConnectAuthorizeUrlGenerator

from tests.sandbox.running import Running
from tests.sandbox.slack.test_web_api import error_of

BACK = "http://127.0.0.1:8000/slack/callback"


async def sent_back(sandbox: Running, url: str, *, user: str = "ana", decision: str = "allow") -> dict[str, str]:
    """What comes back to the app when somebody has answered the page at `url`."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    kind = "openid" if "openid" in url else "install"
    form = {"kind": kind, "user": sandbox.secrets.people[user], "decision": decision} | asked
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as page:
            assert page.status == 200
            assert "form-action 'self' http://127.0.0.1:8000" in page.headers["Content-Security-Policy"]
        async with session.post(f"{sandbox.base_url}/oauth/answer", data=form, allow_redirects=False) as answer:
            assert answer.status == 302
            return {name: one[0] for name, one in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def install_url(sandbox: Running) -> str:
    return AuthorizeUrlGenerator(
        client_id=sandbox.secrets.client_id, redirect_uri=BACK, scopes=["chat:write", "im:history"],
        user_scopes=["users:read"], authorization_url=f"{sandbox.base_url}/oauth/v2/authorize",
    ).generate("s1")  # fmt: skip


def as_client(sandbox: Running, **more: Any) -> dict[str, Any]:
    return {"client_id": sandbox.secrets.client_id, "client_secret": sandbox.secrets.client_secret} | more


async def test_a_code_becomes_a_token_that_is_renewed(sandbox: Running) -> None:
    back = await sent_back(sandbox, install_url(sandbox))
    assert back["state"] == "s1"
    given = as_client(sandbox, code=back["code"], redirect_uri=BACK)
    told = await sandbox.client.oauth_v2_access(**given)
    assert (told["scope"], told["bot_user_id"]) == ("chat:write,im:history", sandbox.secrets.bot_user)
    assert told["authed_user"]["id"] == sandbox.secrets.people["ana"]
    assert told["authed_user"]["scope"] == "users:read"
    assert await error_of(sandbox.client.oauth_v2_access(**given)) == "invalid_code"
    again = as_client(sandbox, grant_type="refresh_token", refresh_token=told["refresh_token"])
    renewed = await sandbox.client.oauth_v2_access(**again)
    assert await error_of(sandbox.client.oauth_v2_access(**again)) == "invalid_refresh_token"
    sandbox.workspace.clock.shift(told["expires_in"] - 60)
    assert (await sandbox.client_with(told["access_token"]).auth_test())["ok"]
    sandbox.workspace.clock.shift(61)
    assert await error_of(sandbox.client_with(told["access_token"]).auth_test()) == "token_expired"
    assert renewed["access_token"] != told["access_token"]


async def test_who_says_no_is_sent_back_without_a_code(sandbox: Running) -> None:
    assert await sent_back(sandbox, install_url(sandbox), decision="deny") == {"state": "s1", "error": "access_denied"}


async def test_a_code_is_for_its_client_and_address_only(sandbox: Running) -> None:
    code = (await sent_back(sandbox, install_url(sandbox)))["code"]
    access = sandbox.client.oauth_v2_access
    assert await error_of(access(client_id="x", client_secret="y", code=code)) == "invalid_client_id"
    assert await error_of(access(**as_client(sandbox, client_secret="y", code=code))) == "bad_client_secret"
    assert await error_of(access(**as_client(sandbox, code=code, redirect_uri=f"{BACK}2"))) == "bad_redirect_uri"


@pytest.mark.parametrize("back", ["http://evil.example/", ""])
async def test_people_are_sent_to_this_machine_only(sandbox: Running, back: str) -> None:
    url = install_url(sandbox).replace(BACK, back)
    async with aiohttp.ClientSession() as session, session.get(url) as page:
        assert page.status == 400


async def test_an_id_token_says_who_somebody_is(sandbox: Running) -> None:
    url = OpenIDConnectAuthorizeUrlGenerator(
        client_id=sandbox.secrets.client_id, redirect_uri=BACK, scopes=["openid", "email", "profile"],
        authorization_url=f"{sandbox.base_url}/openid/connect/authorize",
    ).generate("s1", nonce="n1")  # fmt: skip
    code = (await sent_back(sandbox, url, user="carla"))["code"]
    told = await sandbox.client.openid_connect_token(**as_client(sandbox, code=code, redirect_uri=BACK))
    async with aiohttp.ClientSession(sandbox.base_url) as session:
        async with session.get("/.well-known/openid-configuration") as answer:
            known = await answer.json()
        async with session.get(known["jwks_uri"]) as answer:
            keys = KeySet.import_key_set(await answer.json())
    claims = jwt.decode(told["id_token"], keys, algorithms=["RS256"]).claims
    carla = sandbox.secrets.people["carla"]
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (sandbox.base_url, sandbox.secrets.client_id, "n1")
    assert claims["sub"] == claims["https://slack.com/user_id"] == carla
    assert (claims["email"], claims["email_verified"], claims["name"]) == ("carla@example.com", False, "Carla Moreau")
    about = await sandbox.client_with(told["access_token"]).openid_connect_userInfo()
    assert (about["sub"], about["https://slack.com/team_id"]) == (carla, sandbox.secrets.team_id)
