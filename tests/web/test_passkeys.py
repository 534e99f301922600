"""Passkeys: a way in of their own and a second step, each challenge once, and no copy of a key."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.auth.passkeys import origin, site
from app.database import sql
from app.domain.passkey import Passkey
from app.domain.user import User
from app.settings import settings
from tests.authenticator import Authenticator
from tests.browsing import Browser
from tests.conftest import PASSWORD
from tests.web.test_second_factor import code_of, turn_on

STEP = "/sign-in/second-step"


@pytest.fixture
def device(migrated: None) -> Authenticator:
    return Authenticator(origin())


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        yield browser


@pytest.fixture
async def stranger(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        yield browser


async def asked(browser: Browser, where: str, **form: str) -> dict[str, Any]:
    """The options and the challenge that this browser is given."""
    answer = await browser.post(f"{where}/challenge", form)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def add(browser: Browser, device: Authenticator, name: str = "Phone", **more: str) -> Any:
    given = await asked(browser, "/account/passkeys")
    form = {"challenge": given["challenge"], "credential": device.create(given["options"]), "name": name}
    return await browser.post("/account/passkeys", form | more)


async def show(browser: Browser, device: Authenticator, where: str = "/sign-in/passkey", **more: str) -> Any:
    given = await asked(browser, where)
    form = {"challenge": given["challenge"], "credential": device.get(given["options"])}
    return await browser.post(where, form | more)


async def is_let_in(browser: Browser) -> bool:
    return (await browser.get("/chat")).status_code == 200


async def kept() -> int:
    count: int = (await sql("SELECT count(*) FROM passkeys"))[0][0]
    return count


async def test_a_passkey_signs_in_without_a_password_or_a_second_step(
    browser: Browser, stranger: Browser, device: Authenticator
) -> None:
    assert (await add(browser, device, "  Ana's   phone ")).headers["location"] == "/account?done=passkey-added#passkeys"
    assert "Ana&#39;s phone</strong><span>Not used yet" in (await browser.get("/account")).text
    await turn_on(browser)
    given = await asked(stranger, "/sign-in/passkey")
    assert (given["options"]["rpId"], given["options"]["userVerification"]) == ("localhost", "required")
    assert not given["options"].get("allowCredentials"), "a stranger is told of nobody's passkeys"
    answer = await show(stranger, device, next="/feedback")
    assert (answer.status_code, answer.headers["location"]) == (303, "/feedback")
    assert await is_let_in(stranger)
    assert "Last used" in (await browser.get("/account")).text.partition('id="passkeys"')[2].partition('id="devices"')[0]


async def test_it_stands_for_the_code_of_the_second_step_but_only_its_persons(
    browser: Browser, stranger: Browser, server: str, device: Authenticator, ben: User
) -> None:
    await add(browser, device)
    secret, _ = await turn_on(browser)
    bens = Authenticator(device.origin)
    async with Browser(server) as his:
        await his.enter(ben)
        await add(his, bens)
    assert (await stranger.sign_in("Ana", next="/feedback")).headers["location"] == STEP
    assert "Use a passkey instead" in (await stranger.get(STEP)).text
    given = await asked(stranger, f"{STEP}/passkey")
    assert [one["id"] for one in given["options"]["allowCredentials"]] == [json.loads(device.get(given["options"]))["id"]]
    answer = await show(stranger, bens, f"{STEP}/passkey")
    assert (answer.status_code, "does not know that passkey" in answer.text) == (422, True)
    assert not await is_let_in(stranger)
    assert (await show(stranger, device, f"{STEP}/passkey")).headers["location"] == "/feedback"
    assert await is_let_in(stranger)
    await stranger.sign_out()
    await stranger.sign_in("Ana")
    assert (await stranger.post(STEP, {"code": code_of(secret)})).status_code == 303, "a code still does"
    assert (await stranger.post(f"{STEP}/passkey/challenge")).status_code == 422
    assert (await stranger.post(f"{STEP}/passkey")).headers["location"] == "/sign-in"


async def test_a_passkey_alone_asks_nobody_for_a_second_step(
    browser: Browser, stranger: Browser, device: Authenticator
) -> None:
    await add(browser, device)
    assert (await stranger.sign_in("Ana")).headers["location"] == "/chat"


async def test_a_challenge_counts_once_in_its_browser_for_its_purpose_and_for_five_minutes(
    browser: Browser, stranger: Browser, server: str, device: Authenticator
) -> None:
    await add(browser, device)
    given = await asked(stranger, "/sign-in/passkey")
    form = {"challenge": given["challenge"], "credential": device.get(given["options"])}
    async with Browser(server) as other:
        assert (await other.post("/sign-in/passkey", form)).status_code == 422
    assert (await stranger.post("/sign-in/passkey", form)).status_code == 303
    await stranger.sign_out()
    answer = await stranger.post("/sign-in/passkey", form)
    assert (answer.status_code, "took too long, or was sent twice" in answer.text) == (422, True)
    to_add = await asked(browser, "/account/passkeys")
    given = await asked(stranger, "/sign-in/passkey")
    wrong = [("", given["options"]), ("x", given["options"]), (to_add["challenge"], given["options"]),
             (given["challenge"], to_add["options"])]  # fmt: skip
    for challenge, options in wrong:
        form = {"challenge": challenge, "credential": device.get(options)}
        assert (await stranger.post("/sign-in/passkey", form)).status_code == 422
    given = await asked(stranger, "/sign-in/passkey")
    clock.shift(timedelta(minutes=5, seconds=1))
    form = {"challenge": given["challenge"], "credential": device.get(given["options"])}
    assert (await stranger.post("/sign-in/passkey", form)).status_code == 422
    assert not await is_let_in(stranger)
    assert (await show(stranger, device)).status_code == 303


async def test_one_answer_of_a_passkey_lets_one_in_however_often_it_is_sent(
    browser: Browser, stranger: Browser, device: Authenticator
) -> None:
    await add(browser, device)
    given = await asked(stranger, "/sign-in/passkey")
    form = {"challenge": given["challenge"], "credential": device.get(given["options"])}
    csrf = await stranger.csrf()
    answers = await asyncio.gather(*(stranger.post("/sign-in/passkey", form, csrf=csrf) for _ in range(5)))
    assert [answer.status_code for answer in answers].count(303) == 1


async def test_a_copy_of_a_key_is_found_by_its_count(browser: Browser, stranger: Browser, device: Authenticator) -> None:
    device.count = 7
    await add(browser, device)
    for count, status in [(7, 422), (8, 303), (8, 422), (3, 422), (0, 422), (100, 303)]:
        device.count = count
        answer = await show(stranger, device)
        assert answer.status_code == status, count
        assert status == 303 or "seems to have a copy" in answer.text
        await stranger.sign_out()
    uncounted = Authenticator(device.origin, count=0)
    await add(browser, uncounted)
    for _ in range(2):
        assert (await show(stranger, uncounted)).status_code == 303, "what is kept in a password manager does not count"
        await stranger.sign_out()


async def test_what_is_not_as_it_should_be_lets_nobody_in(
    browser: Browser, stranger: Browser, device: Authenticator, ben: User
) -> None:
    await add(browser, device)
    for wrong, value in [
        ("origin", settings().base_url), ("origin", "https://localhost"), ("origin", "http://evil.example"),
        ("site", "127.0.0.1"), ("site", "evil.example"), ("verifies", False), ("handle", ben.id.bytes),
        ("type", "webauthn.create"), ("key", Authenticator("").key), ("id", b"nobody's"), ("id", b""),
    ]:  # fmt: skip
        right = getattr(device, wrong)
        setattr(device, wrong, value)
        answer = await show(stranger, device)
        assert answer.status_code == 422, (wrong, value)
        assert 'role="alert"' in answer.text
        setattr(device, wrong, right)
    assert (await show(stranger, device)).status_code == 303


HOSTILE = [
    "", "x", "[]", "null", "{}", '{"id": 1}', "é" * 100, "[" * 5000, "\x00",
    '{"id":"a","rawId":"a","type":"public-key","response":{}}', '{"id":"YQ","rawId":"YQ","type":"x","response":{}}',
    '{"id":"YQ","rawId":"YQ","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"",'
    '"userHandle":"*","attestationObject":"gA"}}',
]  # fmt: skip


async def test_what_no_browser_sends_is_refused_in_words(browser: Browser, stranger: Browser) -> None:
    for credential in HOSTILE:
        given = await asked(stranger, "/sign-in/passkey")
        form = {"challenge": given["challenge"], "credential": credential}
        assert (await stranger.post("/sign-in/passkey", form)).status_code == 422, credential[:80]
        given = await asked(browser, "/account/passkeys")
        form = {"challenge": given["challenge"], "credential": credential, "name": "x"}
        assert (await browser.post("/account/passkeys", form)).status_code == 422, credential[:80]
    too_long = {"challenge": "x", "credential": "x" * 30_000}
    assert (await stranger.post("/sign-in/passkey", too_long)).status_code == 422
    assert await kept() == 0


async def test_only_who_has_shown_that_it_is_them_adds_one(browser: Browser, device: Authenticator) -> None:
    given = await asked(browser, "/account/passkeys")
    assert given["options"]["authenticatorSelection"]["residentKey"] == "required"
    assert given["options"]["authenticatorSelection"]["userVerification"] == "required"
    clock.shift(timedelta(minutes=11))
    assert 'name="passkey_password"' in (await browser.get("/account/passkeys/new")).text
    for password in ("", "not hers"):
        answer = await browser.post("/account/passkeys/challenge", {"passkey_password": password})
        assert (answer.status_code, answer.json()) == (422, {"error": "That is not your password."})
    given = await asked(browser, "/account/passkeys", passkey_password=PASSWORD)
    form = {"challenge": given["challenge"], "credential": device.create(given["options"]), "name": "Phone"}
    assert (await browser.post("/account/passkeys", form)).status_code == 303
    given = await asked(browser, "/account/passkeys", passkey_password=PASSWORD)
    assert [one["id"] for one in given["options"]["excludeCredentials"]] == [(await Passkey.objects())[0].credential_id]


async def test_a_key_that_has_not_checked_its_person_or_is_not_new_is_not_added(
    browser: Browser, server: str, device: Authenticator, ben: User
) -> None:
    assert (await add(browser, Authenticator(device.origin, verifies=False))).status_code == 422
    assert (await add(browser, Authenticator("https://evil.example"))).status_code == 422
    for name in ("", "x" * 101, "x\x7fy"):
        assert (await add(browser, device, name)).status_code == 422, name
    assert (await add(browser, device)).status_code == 303
    async with Browser(server) as his:
        await his.enter(ben)
        answer = await add(his, device)
        assert (answer.status_code, "is here already" in answer.text) == (422, True)
        given = await asked(browser, "/account/passkeys")
        form = {"challenge": given["challenge"], "credential": Authenticator(device.origin).create(given["options"])}
        assert (await his.post("/account/passkeys", form | {"name": "x"})).status_code == 422, "ana's challenge"
    assert await kept() == 1


async def test_one_that_is_removed_lets_nobody_in_and_the_last_way_in_stays(
    browser: Browser, stranger: Browser, server: str, device: Authenticator, ben: User
) -> None:
    await add(browser, device)
    (passkey,) = await Passkey.objects()
    page = f"/account/passkeys/{passkey.id}"
    async with Browser(server) as his:
        await his.enter(ben)
        assert [(await his.get(page)).status_code, (await his.post(f"{page}/delete")).status_code] == [404, 404]
    await sql("UPDATE users SET password_hash = NULL")
    answer = await browser.post(f"{page}/delete")
    assert (answer.status_code, "You could not sign in without it." in answer.text) == (422, True)
    await sql("UPDATE users SET password_hash = $1", ben.password_hash)
    clock.shift(timedelta(minutes=11))
    assert (await browser.post(f"{page}/delete")).status_code == 422
    assert "Phone" in (await browser.get(page)).text
    assert (await browser.post(f"{page}/delete", {"removal_password": PASSWORD})).status_code == 303
    answer = await show(stranger, device)
    assert (answer.status_code, "does not know that passkey" in answer.text) == (422, True)


async def test_whose_account_was_closed_gets_in_by_none(browser: Browser, stranger: Browser, device: Authenticator) -> None:
    await add(browser, device)
    await sql("UPDATE users SET disabled_at = now()")
    answer = await show(stranger, device)
    assert (answer.status_code, "This account was closed" in answer.text) == (422, True)


async def test_the_export_names_them_and_nothing_of_them_is_secret(browser: Browser, device: Authenticator) -> None:
    await add(browser, device)
    (told,) = (await browser.get("/account/export")).json()["passkeys"]
    assert (told["name"], told["sign_count"]) == ("Phone", 1)


@pytest.mark.parametrize(("base_url", "where"), [
    ("https://parley.example.com", ("parley.example.com", "https://parley.example.com")),
    ("https://parley.example.com:8443", ("parley.example.com", "https://parley.example.com:8443")),
    ("http://localhost:8000", ("localhost", "http://localhost:8000")),
    ("http://[::1]:8000", ("localhost", "http://localhost:8000")),
    ("https://192.0.2.1", ("", "https://")),
])  # fmt: skip
def test_passkeys_are_bound_to_the_name_that_people_type(
    monkeypatch: pytest.MonkeyPatch, base_url: str, where: tuple[str, str]
) -> None:
    monkeypatch.setattr(settings(), "base_url", base_url)
    assert (site(), origin()) == where
