"""How a program gets at a mailbox of the sandbox, and how that ends."""

import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from googleapiclient.errors import HttpError

from tests.sandbox.mail.conftest import Gmail, known, tokens
from tests.sandbox.running import running_sandbox

BACK = "http://127.0.0.1:8000/gmail/callback"
VERIFIER = "v" * 50
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


async def code_of(gmail: Gmail, decision: str = "allow") -> dict[str, list[str]]:
    asked = {
        "client_id": gmail.office.world.client_id, "redirect_uri": BACK, "scope": "https://mail.google.com/", "state": "s",
        "access_type": "offline", "code_challenge": CHALLENGE, "response_type": "code",
    }  # fmt: skip
    async with httpx.AsyncClient(base_url=gmail.base_url, trust_env=False) as browser:
        page = await browser.get("/o/oauth2/v2/auth", params=asked)
        assert "https://mail.google.com/" in page.text
        assert "http://127.0.0.1:8000" in page.headers["content-security-policy"], "where its form leads"
        form = asked | {"address": gmail.office.world.ours, "decision": decision}
        sent = await browser.post("/o/oauth2/answer", data=form)
    back = urlsplit(sent.headers["location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
    return parse_qs(back.query)


async def test_a_code_is_good_once_for_who_asked(gmail: Gmail) -> None:
    ours, office = {"grant_type": "authorization_code", "redirect_uri": BACK}, gmail.office
    told = await code_of(gmail)
    assert told["state"] == ["s"]
    given = await tokens(gmail.base_url, code=told["code"][0], code_verifier=VERIFIER, **ours, **known(office))
    access = given.json()["access_token"]
    assert (await gmail.does(gmail.users.getProfile(userId="me"), access))["emailAddress"] == office.world.ours
    for code, verifier in ((told["code"][0], VERIFIER), ((await code_of(gmail))["code"][0], "another")):
        again = await tokens(gmail.base_url, code=code, code_verifier=verifier, **ours, **known(office))
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    wrong = known(office) | {"client_secret": "wrong"}
    assert (await tokens(gmail.base_url, grant_type="refresh_token", refresh_token="x", **wrong)).status_code == 401
    assert (await code_of(gmail, "deny"))["error"] == ["access_denied"]


async def test_what_was_taken_back_is_good_no_more(gmail: Gmail) -> None:
    refresh = next(one.secret for one in gmail.office.world.tokens.values() if one.kind == "refresh")
    async with httpx.AsyncClient(base_url=gmail.base_url, trust_env=False) as client:
        assert (await client.post("/revoke", data={"token": refresh})).status_code == 200
        assert (await client.post("/revoke", data={"token": "x"})).json() == {"error": "invalid_token"}
    again = await tokens(gmail.base_url, grant_type="refresh_token", refresh_token=refresh, **known(gmail.office))
    assert again.json()["error"] == "invalid_grant"
    with pytest.raises(HttpError):
        await gmail.does(gmail.users.getProfile(userId="me"))


async def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    async with running_sandbox(folder=tmp_path) as first:
        first.office.send(first.office.ours, b"To: ana@example.com\r\nSubject: Kept\r\n\r\nHello\r\n")
        secret = first.office.world.client_secret
    async with running_sandbox(folder=tmp_path) as second:
        assert second.office.world.client_secret == secret
        (mail,) = second.office.world.mailbox("ana@example.com").mails.values()
        assert mail.header("Subject") == "Kept"
