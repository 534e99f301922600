"""The page of the audit trail, and that what is done on other pages stands there."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape

import pytest

from app import clock
from app.admins import create_admin
from app.database import connect, sql
from app.domain.audit import Action
from app.domain.user import Role, User
from app.web.pages import environment
from tests.browsing import Browser, csrf_in
from tests.conftest import PASSWORD
from tests.waiting import until
from tests.web.test_invitations import link_in
from tests.web.test_second_factor import STEP, code_of, turn_on

NEW = "an altogether other phrase"
ENTRY = re.compile(r'<div class="what"><strong>(.*?)</strong>\s*<span>(?:([^<]*) · )?<local-time', re.S)


@pytest.fixture
async def admin(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server, **{"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}) as browser:
        await browser.enter(ana)
        yield browser


def sentences(html: str) -> list[str]:
    """What the page says was done, the latest first."""
    found = [": ".join(part for part in parts if part) for parts in ENTRY.findall(html)]
    return [" ".join(unescape(re.sub(r"<[^>]*>", "", one)).split()) for one in found]


async def told(admin: Browser, query: str = "") -> list[str]:
    return sentences((await admin.get(f"/admin/audit{query}")).text)


def test_every_action_has_words() -> None:
    words = environment().get_template("audit/_words.html").module.words  # type: ignore[attr-defined]
    assert set(words) == {*Action}


async def test_every_admin_sees_it_and_nobody_else(admin: Browser, server: str, ben: User) -> None:
    async with Browser(server) as bens:
        await bens.enter(ben)
        assert (await bens.get("/admin/audit")).status_code == 404
        await ben.become(Role.ADMIN)

        async def is_shown() -> bool:
            return (await bens.get("/admin/audit")).status_code == 200

        await until(is_shown)
    assert 'href="/admin/audit" aria-current="page"' in (await admin.get("/admin/audit")).text


async def test_it_tells_who_did_what_from_where(admin: Browser, ana: User, ben: User) -> None:
    await admin.post(f"/admin/users/{ben.id}/role", {"role": "admin"})
    page = (await admin.get("/admin/audit")).text
    assert sentences(page)[0] == "Ana changed the role of Ben: admin"
    assert f'<a href="/admin/users/{ben.id}" title="ben@example.com">Ben</a>' in page
    assert re.search(r"</local-time> · 127\.0\.0\.1 · Firefox on Linux</span>", page)
    await ana.describe(name="Ana <b>", time_zone="Asia/Kolkata")
    page = (await admin.get("/admin/audit?q=<i>")).text
    assert "<i>" not in page
    await admin.post(f"/admin/users/{ben.id}/role", {"role": "member"})
    page = (await admin.get("/admin/audit")).text
    assert sentences(page)[0] == "Ana <b> changed the role of Ben: member"
    assert "<b>" not in page
    assert re.search(r"\d\d:\d\d IST</local-time>", page), "times in the reader's zone"


async def test_it_is_filtered_by_person_and_by_action(admin: Browser, ana: User, ben: User) -> None:
    await admin.post(f"/admin/users/{ben.id}/disable")
    await admin.post(f"/admin/users/{ben.id}/enable")
    assert await told(admin, "?q=ben@&action=disabled") == ["Ana disabled Ben"]
    assert await told(admin, "?q=BEN") == ["Ana enabled Ben again", "Ana disabled Ben", "Ben joined: member"]
    assert await told(admin, "?q=127.0.0.1&action=enabled") == ["Ana enabled Ben again"]
    assert len(await told(admin, "?action=nonsense")) == 5
    for odd in ("%00", "%25", "_", "'", "x" * 5000):
        assert "Nothing of that kind" in (await admin.get(f"/admin/audit?q=zz{odd}")).text
    await ben.describe(name="Benno", time_zone="")
    assert len(await told(admin, "?q=Benno")) == 3, "by the name of today too"


async def test_it_is_paged_and_keeps_the_filter(admin: Browser) -> None:
    await sql("""INSERT INTO audit_entries (id, action, by_name, about_name, address, device, detail, created_at)
                 SELECT gen_random_uuid(), 'joined', 'Cleo ' || n, '', '', '', '', now() FROM generate_series(1, 110) n""")
    pages = [await told(admin, f"?q=cleo&action=joined&p={number}") for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [50, 50, 10, 0]
    html = (await admin.get("/admin/audit?q=cleo&action=joined")).text
    assert "/admin/audit?action=joined&amp;q=cleo&amp;p=2" in html
    assert '<option value="joined" selected>' in html


async def test_what_a_person_does_about_getting_in_stands_there(admin: Browser, server: str, ben: User) -> None:
    async with Browser(server) as bens, Browser(server) as others:
        await bens.sign_in("Ben", password="wrong password")
        await bens.sign_in("Ben")
        await others.sign_in("Ben")
        await bens.post("/account/devices/end")
        secret, _ = await turn_on(bens)
        await bens.post("/account/recovery-codes")
        await others.sign_in("Ben")
        await others.post(STEP, {"code": "000000"})
        await others.post(STEP, {"code": code_of(secret)})
        await others.sign_out()
        await bens.post("/account/authenticator/delete", {"second_factor_password": PASSWORD})
        await bens.post("/account/password", {"present": "wrong", "password": NEW})
        await bens.post("/account/password", {"present": PASSWORD, "password": NEW})
        await bens.get("/account/export")
        await bens.post("/account/leaving", {"password": NEW})
        await bens.sign_in("Ben", password=NEW)
        await bens.post("/account/leaving/end")
    assert (await told(admin, "?q=ben"))[::-1] == [
        "Ben joined: member", "Sign-in failed for Ben: wrong password", "Ben signed in: password", "Ben signed in: password",
        "Ben signed out: everywhere else", "Ben added a second factor: authenticator app", "Ben made new recovery codes",
        "Sign-in failed for Ben: wrong code", "Ben signed in: two steps", "Ben signed out",
        "Ben removed a second factor: authenticator app",
        "Sign-in failed for Ben: wrong password, by somebody signed in", "Ben chose another password",
        "Ben exported their data", "Ben asked to be erased", "Ben signed in: password", "Ben kept their account",
    ]  # fmt: skip


async def test_what_an_admin_does_stands_there(admin: Browser, server: str, ben: User) -> None:
    await admin.post("/admin/invitations", {"email": "cleo@example.com"})
    row = (await sql("SELECT id FROM invitations"))[0]["id"]
    await admin.post(f"/admin/invitations/{row}/end")
    async with Browser(server) as bens:
        theirs = await bens.enter(ben)
        await admin.post(f"/admin/sessions/{theirs.id}/end")
        link = link_in((await admin.post(f"/admin/users/{ben.id}/new-password")).text)
        form = {"token": link.partition("token=")[2], "password": NEW}
        await bens.post("/new-password", form, csrf=csrf_in((await bens.get(link)).text))
    assert (await told(admin))[:-2][::-1][1:] == [
        "Ana invited cleo@example.com", "Ana took the invitation of cleo@example.com back", "Ben signed in",
        "Ana signed Ben out", "Ana made a link to a new password for Ben", "Ben chose another password: by a link",
    ]  # fmt: skip


async def test_a_name_that_has_no_account_is_not_kept(admin: Browser, server: str) -> None:
    async with Browser(server) as stranger:
        await stranger.sign_in("", "my secret pass phrase")
    assert (await told(admin))[0] == "Sign-in failed for an unknown name: no such account"
    assert "secret" not in str([tuple(row) for row in await sql("SELECT * FROM audit_entries")])
    assert "secret" not in str([tuple(row) for row in await sql("SELECT * FROM gate_tries")])


async def test_an_admin_made_at_the_command_line_stands_there(admin: Browser, ben: User) -> None:
    assert await create_admin("ben@example.com", NEW) == "ben@example.com is an admin."
    await connect()
    assert "changed the role of Ben: admin with a new password, by parley create-admin" in (await told(admin))[0]


async def test_who_was_erased_is_somebody_who_left(admin: Browser, ben: User) -> None:
    from app.jobs.erase_who_left import erase_all

    await ben.leave()
    clock.shift(timedelta(days=8))
    await erase_all()
    clock.shift(timedelta())
    page = (await admin.get("/admin/audit")).text
    assert sentences(page)[0] == "The account of somebody who left was erased"
    assert f"/admin/users/{ben.id}" not in page
