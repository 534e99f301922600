"""Programs and API keys on the account page."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from app import clock
from app.database import sql
from app.domain.api_key import PREFIX, ApiKey
from app.domain.oauth_client import OAuthClient
from app.domain.scope import Scope
from app.domain.sign_in import SignIn
from app.domain.user import User
from tests.browsing import Browser
from tests.conftest import PASSWORD
from tests.oauth_program import BACK, OAuthProgram, notes_of

PROGRAM = {"program_name": "Notes", "redirect_uris": f"{BACK}\n\nhttp://127.0.0.1/", "program_scopes": ["chat", "feedback"]}
KEY = {"key_name": "Nightly report", "key_scopes": "chat"}


async def section(browser: Browser, name: str) -> str:
    """What stands in a section of the account page."""
    page = unescape((await browser.get("/account")).text)
    return page.split(f'<section class="panel" id="{name}"')[1].split("</section>")[0]


async def test_a_program_is_made_known_seen_and_removed(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as bens, Browser(server) as anas:
        await bens.enter(ben)
        await anas.enter(ana)
        answer = await bens.post("/account/programs", PROGRAM)
        assert answer.headers["location"] == "/account?done=program#known-programs"
        (client,) = await OAuthClient.objects()
        assert (client.owner, client.name, client.scopes) == (ben.id, "Notes", ["chat", "feedback"])
        assert client.redirect_uris == [BACK, "http://127.0.0.1/"]
        for browser, other in ((bens, ""), (anas, "Ben's")):
            shown = await section(browser, "known-programs")
            for told in ("Notes", str(client.id), BACK, "Conversations, Requests", other):
                assert told in shown, "an admin sees everybody's"
        asked = await bens.get(f"/account/programs/{client.id}")
        assert "The program “Notes”" in asked.text
        assert "what people let it do ends at once" in asked.text
        assert f'href="/account/programs/{client.id}"' in await section(bens, "known-programs")
        clock.shift(timedelta(minutes=11))
        refused = await bens.post(f"/account/programs/{client.id}/delete", {"removal_password": "wrong"})
        assert (refused.status_code, await OAuthClient.exists()) == (422, True), "whoever sits at her screen removes none"
        clock.shift(timedelta())
        assert (await bens.post(f"/account/programs/{client.id}/delete")).status_code == 303
        assert not await OAuthClient.exists()
        assert (await bens.post(f"/account/programs/{client.id}/delete")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"program_name": " "}, "program_name"), ({"program_name": "x" * 81}, "program_name"),
     ({"program_name": "a\u202eb"}, "program_name"), ({"redirect_uris": "http://notes.example/"}, "redirect_uris"),
     ({"redirect_uris": ""}, "redirect_uris"), ({"program_scopes": []}, "program_scopes"),
     ({"program_scopes": ["admin"]}, "program_scopes"), ({"program_scopes": ["everything"]}, "program_scopes")],
)  # fmt: skip
async def test_what_does_not_fit_is_said_beside_its_field(
    server: str, ben: User, changes: dict[str, Any], field: str
) -> None:
    async with Browser(server) as browser:
        await browser.enter(ben)
        answer = await browser.post("/account/programs", PROGRAM | changes)
        assert answer.status_code == 422
        assert re.findall(r'id="(\w+)-error"', answer.text) == [field]
        assert "http://127.0.0.1/" in answer.text or "redirect_uris" in changes, "what was typed stays"
    assert not await OAuthClient.exists()


async def test_what_was_allowed_is_seen_by_program_and_taken_back_by_oneself(server: str, ana: User, ben: User) -> None:
    client = await notes_of(ana)
    async with Browser(server) as bens, Browser(server) as anas, OAuthProgram(server, client) as notes:
        await bens.enter(ben)
        await anas.enter(ana)
        tokens = [await notes.enter(who, *scopes) for who, scopes in ((ben, (Scope.CHAT,)), (ben, ()), (ana, (Scope.CHAT,)))]
        shown = await section(bens, "programs")
        assert shown.count("Take back") == 1
        assert "Conversations, Requests" in shown
        assert (await section(bens, "devices")).count("Sign out</button>") == 1, "a program is no device"
        assert (await bens.post(f"/account/programs/{client.id}/take-back")).status_code == 303
        assert [await notes.status(one["access_token"]) for one in tokens] == [401, 401, 200]
        assert "Take back" not in await section(bens, "programs")
        assert (await bens.post(f"/account/programs/{client.id}/take-back")).status_code == 404
        assert (await bens.get(f"/account/programs/{client.id}")).status_code == 404, "it is ana's"
        assert (await bens.post(f"/account/programs/{client.id}/delete")).status_code == 404
        assert (await anas.post(f"/account/programs/{client.id}/delete")).status_code == 303
        assert await notes.status(tokens[2]["access_token"]) == 401


async def test_what_is_on_its_way_to_a_program_is_taken_back_too(server: str, ana: User, ben: User) -> None:
    client = await notes_of(ana)
    async with Browser(server) as bens, OAuthProgram(server, client) as notes:
        await bens.enter(ben)
        await notes.enter(ben)
        code = await notes.is_allowed_by(bens)
        await bens.post(f"/account/programs/{client.id}/take-back")
        assert (await notes.redeem(code)).json()["error"] == "invalid_grant"


async def test_a_program_of_our_own_stands_among_the_devices(server: str, ben: User) -> None:
    async with Browser(server) as browser, OAuthProgram(server) as ours:
        await browser.enter(ben)
        token = (await ours.enter(ben))["access_token"]
        (sign_in,) = [one for one in await SignIn.of(ben) if one.client_id == "parley"]
        assert (await browser.post(f"/account/devices/{sign_in.id}/end")).status_code == 303
        assert await ours.status(token) == 401


async def test_a_key_is_shown_once_works_and_is_removed(server: str, ben: User) -> None:
    async with Browser(server) as browser, OAuthProgram(server) as program:
        await browser.enter(ben)
        answer = await browser.post("/account/api-keys", KEY)
        (key,) = re.findall(rf"<code>({PREFIX}[\w-]+)</code>", answer.text)
        assert answer.headers["cache-control"] == "no-store"
        assert "not used yet" in await section(browser, "api_keys")
        assert await program.status(key) == 200
        shown = await section(browser, "api_keys")
        assert "Nightly report" in shown
        assert "last used" in shown
        assert key not in shown
        (kept,) = await ApiKey.of(ben)
        assert (await browser.post(f"/account/api-keys/{kept.id}/delete")).status_code == 303
        assert await program.status(key) == 401
        assert not await ApiKey.of(ben)


async def test_a_key_is_made_only_by_who_shows_that_it_is_them(server: str, ben: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ben)
        await sql("UPDATE sign_ins SET created_at = created_at - interval '11 minutes'")
        refused = await browser.post("/account/api-keys", KEY)
        assert (refused.status_code, 'id="api_keys_password-error"' in refused.text) == (422, True)
        assert PREFIX not in refused.text
        assert PREFIX in (await browser.post("/account/api-keys", {**KEY, "api_keys_password": PASSWORD})).text
        wrong = {"key_name": "", "key_scopes": "admin"}
        answer = await browser.post("/account/api-keys", {**wrong, "api_keys_password": PASSWORD})
        assert set(re.findall(r'id="(\w+)-error"', answer.text)) == {"key_name", "key_scopes"}
    assert await ApiKey.count() == 1


async def test_nobody_removes_another_persons_key(server: str, ana: User, ben: User) -> None:
    await ApiKey.make(ben, name="ben's", scopes=["chat"])
    (kept,) = await ApiKey.of(ben)
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert "ben's" not in await section(browser, "api_keys")
        assert (await browser.post(f"/account/api-keys/{kept.id}/delete")).status_code == 404
    assert await ApiKey.exists()


async def test_the_export_names_programs_and_keys_and_erasure_removes_them(server: str, ben: User) -> None:
    from app.domain.erasure import erase
    from app.domain.export import export

    client = await notes_of(ben, "chat")
    key = await ApiKey.make(ben, name="report", scopes=["chat"])
    async with Browser(server) as browser, OAuthProgram(server, client) as notes:
        await browser.enter(ben)
        code = await notes.is_allowed_by(browser)
        told = str(await export(ben))
        assert "report" in told
        assert BACK in told
        assert await notes.status(key) == 200
    kept = await sql("SELECT hash FROM oauth_codes UNION SELECT hash FROM api_keys")
    assert not [secret for secret in (key, code, *(row["hash"] for row in kept)) if secret in told]
    await sql("UPDATE users SET left_at = now() - interval '8 days' WHERE id = $1", ben.id)
    await erase(ben.id)
    for table in (OAuthClient, ApiKey):
        assert not await table.exists()
    assert await sql("SELECT id FROM oauth_codes") == []
