"""Where secrets are not, once more: those of second factors, links and programs (promises.md, security 8 and 15)."""

import re
from pathlib import Path

import pytest
import websockets

from app.auth.reset import reset_url
from app.domain.api_key import ApiKey
from app.domain.user import User
from tests.browsing import Browser
from tests.conftest import PASSWORD
from tests.oauth_program import OAuthProgram, notes_of
from tests.test_secrets import FORMATS, WORDS, tables_without, web_process
from tests.web.test_second_factor import STEP, code_of, turn_on

LINK = re.compile(r"/sign-up\?invitation=([\w-]+)")


async def invitation(admin: Browser) -> str:
    """The token of a link for somebody new."""
    found = LINK.search((await admin.post("/admin/invitations", {"email": "cleo@example.com"})).text)
    assert found
    return found[1]


def reset_token(user: User) -> str:
    return reset_url(user).partition("token=")[2]


async def test_a_scan_of_the_database_finds_no_secret_of_second_factors_and_links(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        secret, codes = await turn_on(browser)
        assert (await browser.post(f"/admin/users/{ben.id}/new-password")).status_code == 200
        found = [secret, *codes, *(code.replace("-", "") for code in codes)]
        found += [await invitation(browser), reset_token(ben), reset_token(ben).rpartition(".")[2]]
        assert len(found) == 24
    assert {"totps", "recovery_codes", "invitations", "audit_entries"} <= await tables_without(found)


async def use_all(address: str, ana: User, ben: User) -> list[str]:
    """Come in by every secret that there is, rightly and wrongly, and break things while it is at hand; the secrets."""
    notes = await notes_of(ana)
    async with Browser(address) as browser, OAuthProgram(address, notes) as program, OAuthProgram(address) as ours:
        await browser.enter(ana)
        secret, codes = await turn_on(browser)
        code = await program.is_allowed_by(browser)
        tokens = (await program.redeem(code)).json()
        await program.redeem(code)  # once more: what it gave ends
        own = (await ours.sign_in(ben)).json()
        await ours.sign_in(ben, password=f"{PASSWORD} wrong")
        again = (await ours.refresh(own["refresh_token"])).json()
        key = await ApiKey.make(ben, name="x", scopes=["chat"])
        invited, reset = await invitation(browser), reset_token(ben)
        found = [secret, *codes, code, program.verifier, key, PASSWORD, WORDS, invited, reset]
        found += [one[name] for one in (tokens, own, again) for name in ("access_token", "refresh_token")]
        await browser.get(f"/sign-up?invitation={invited}")
        await browser.get(f"/new-password?token={reset}")
        await browser.get(f"/sign-in/google/callback?state={key}&code={code}")
        for bearer in (key, again["access_token"]):
            await speak(ours, bearer)
        await ours.revoke(again["refresh_token"])
    async with Browser(address) as stranger:
        await stranger.sign_in("Ana")
        used = [code_of(secret), codes[0]]
        for word in (used[0], f"{codes[0]}x", used[1]):
            await stranger.post(STEP, {"code": word})
    return found


async def speak(program: OAuthProgram, bearer: str) -> None:
    """Say things by the API and by its socket; some break it."""
    headers = {"Authorization": f"Bearer {bearer}"}
    opened = await program.http.post("/api/sessions", json={}, headers=headers)
    assert opened.status_code == 201, opened.text
    path = f"/api/sessions/{opened.json()['id']}"
    statuses = [
        (await program.http.post(f"{path}/messages", json={"text": f"{word} {WORDS}"}, headers=headers)).status_code
        for word in ("say", "break", "away")
    ]
    assert statuses == [202, 500, 503]
    address = f"{program.http.base_url}".replace("http", "ws", 1).rstrip("/") + f"{path}/socket"
    async with websockets.connect(address, additional_headers=headers, proxy=None) as socket:
        await socket.send(f'{{"type": "message", "text": "break {WORDS}"}}')
        await socket.recv()
    await program.status(f"{bearer}x")


@pytest.mark.parametrize("log_format", FORMATS)
async def test_no_log_line_tells_a_secret_of_programs_links_and_second_factors(
    migrated: None, tmp_path: Path, ana: User, ben: User, log_format: str
) -> None:
    async with web_process(tmp_path / "log", log_format) as address:
        found = await use_all(address, ana, ben)
    written = re.sub(r"[\s│]+", "", re.sub(r"\x1b\[[\d;]*m", "", (tmp_path / "log").read_text()))
    assert "brokenonpurpose" in written
    assert [secret for secret in found if re.sub(r"\s+", "", secret) in written] == []
    assert "@example.com" not in written
