"""The admin's pages: people, what they may do, where they are signed in; for nobody else."""

import re
from datetime import timedelta
from uuid import uuid4

from app import clock
from app.database import sql
from app.domain.sign_in import SignIn
from app.domain.user import Role, User
from tests.browsing import Browser, csrf_in
from tests.conftest import PASSWORD
from tests.web.test_invitations import link_in
from tests.web.test_security_routes import routes

NEW = "an altogether other phrase"


async def test_for_members_no_admin_page_exists(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as browser, Browser(server) as anas:
        sign_in = await anas.enter(ana)
        await browser.enter(ben)
        csrf = await browser.csrf()
        seen = set()
        for method, path in routes():
            if not path.startswith("/admin"):
                continue
            for id in (ana.id, sign_in.id, uuid4()):
                where = re.sub(r"{\w+:uuid}", str(id), path)
                answer = await browser.client.request(method, where, data={"csrf": csrf, "role": "admin"})
                seen.add((answer.status_code, re.sub(r'"[^"]*"', "", answer.text)))
        assert len(seen) == 1
        assert (await browser.get("/admin/nothing-here")).status_code == 404
        assert "/admin" not in (await browser.get("/account")).text
        assert (await anas.get("/chat")).status_code == 200
    assert (await User.objects().get(User.id == ben.id)).role == Role.MEMBER  # type: ignore[union-attr]


async def test_people_are_listed_and_found(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert (await browser.get("/admin")).headers["location"] == "/admin/users"
        page = (await browser.get("/admin/users")).text
        assert "ana@example.com" in page
        assert "ben@example.com · never signed in" in page
        assert "last seen" in page
        assert page.count(">You</span>") == 1
        found = (await browser.get("/admin/users?q=BEN%40")).text
        assert "ben@example.com" in found
        assert "ana@example.com" not in found
        for odd in ("%00", "%25", "_", "'", "x" * 5000):
            assert "Nobody is called that" in (await browser.get(f"/admin/users?q=zz{odd}")).text


async def test_long_lists_are_paged(server: str, ana: User) -> None:
    await sql("""INSERT INTO users (id, name, email, role, created_at)
                 SELECT gen_random_uuid(), 'Person ' || n, n || '@example.com', 'member', now()
                 FROM generate_series(101, 210) n""")
    async with Browser(server) as browser:
        await browser.enter(ana)
        pages = [(await browser.get(f"/admin/users?p={number}")).text for number in (1, 2, 3, 4, -1)]
        counts = [len(re.findall(r"Person \d+</a>", page)) for page in pages]
    assert counts == [49, 50, 11, 0, 49]


async def test_a_disabled_person_is_out_at_once_and_in_again_when_enabled(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as admin, Browser(server) as bens:
        await admin.enter(ana)
        await bens.enter(ben)
        session_id, before = await bens.open_chat("hello"), bens.cookies
        async with bens.stream(session_id) as events:
            await anext(events)
            assert (await admin.post(f"/admin/users/{ben.id}/disable")).status_code == 303
            async for event in events:
                last = event
        assert last.kind == "signed-out"
        assert (await bens.get("/chat")).status_code == 303
        assert (await bens.sign_in("Ben")).status_code == 422
        assert "Disabled" in (await admin.get("/admin/users")).text
        assert (await admin.post(f"/admin/users/{ben.id}/enable")).status_code == 303
        bens.take(before)
        assert (await bens.get("/chat")).status_code == 303, "who had a sign-in of theirs does not have it again"
        assert (await bens.sign_in("Ben")).status_code == 303
        assert (await admin.post(f"/admin/users/{ana.id}/disable")).status_code == 409


async def test_roles_change_and_one_admin_is_left(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as admin, Browser(server) as bens:
        await admin.enter(ana)
        await bens.enter(ben)
        assert (await bens.get("/admin/users")).status_code == 404
        assert (await admin.post(f"/admin/users/{ana.id}/role", {"role": "member"})).status_code == 409
        assert (await admin.post(f"/admin/users/{ben.id}/role", {"role": "emperor"})).status_code == 422
        assert (await admin.post(f"/admin/users/{ben.id}/role", {"role": "admin"})).status_code == 303
        assert (await bens.get("/admin/users")).status_code == 200
        assert (await bens.post(f"/admin/users/{ana.id}/role", {"role": "member"})).status_code == 303
        assert (await admin.get("/admin/users")).status_code == 404


async def test_a_link_to_a_new_password_works_once_for_an_hour_and_signs_out(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as admin, Browser(server) as bens:
        await admin.enter(ana)
        await bens.enter(ben)
        link = link_in((await admin.post(f"/admin/users/{ben.id}/new-password")).text)
        for _ in range(3):  # looking at it spends nothing
            form = await bens.get(link)
            assert "ben@example.com" in form.text
        token = link.partition("token=")[2]
        short = await bens.post("/new-password", {"token": token, "password": "short"}, csrf=csrf_in(form.text))
        assert short.status_code == 422
        assert (await bens.get("/chat")).status_code == 200
        done = await bens.post("/new-password", {"token": token, "password": NEW}, csrf=csrf_in(form.text))
        assert done.headers["location"] == "/sign-in"
        assert (await bens.get("/chat")).status_code == 303
        again = await bens.post("/new-password", {"token": token, "password": PASSWORD})
        assert (again.status_code, "no longer good" in again.text) == (422, True)
        assert (await bens.sign_in("Ben", password=NEW)).status_code == 303


async def test_a_link_to_a_new_password_ends_after_an_hour_and_can_not_be_made_up(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as admin, Browser(server) as bens:
        await admin.enter(ana)
        late = link_in((await admin.post(f"/admin/users/{ben.id}/new-password")).text)
        clock.shift(timedelta(hours=1, seconds=1))
        for bad in (late, f"{late}x", "/new-password?token=", "/new-password?token=a.b.c", "/new-password"):
            assert "no longer good" in (await bens.get(bad)).text
        user_id, until, proof = late.partition("token=")[2].split(".")
        for bad in (f"{user_id}.{int(until) + 3600}.{proof}", f"{ana.id}.{until}.{proof}"):
            assert "no longer good" in (await bens.get(f"/new-password?token={bad}")).text


async def test_an_admin_sees_where_all_are_signed_in_and_ends_one(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as admin, Browser(server) as bens:
        await admin.enter(ana)
        sign_in = await bens.enter(ben)
        page = (await admin.get("/admin/sessions")).text
        assert page.count("/end") == 2
        assert (await admin.get("/admin/sessions?q=ben@")).text.count("/end") == 1
        assert (await bens.get("/chat")).status_code == 200
        assert (await admin.post(f"/admin/sessions/{sign_in.id}/end")).headers["location"] == "/admin/sessions"
        assert (await bens.get("/chat")).status_code == 303
        assert (await admin.post(f"/admin/sessions/{sign_in.id}/end")).status_code == 404
    assert await SignIn.of(ben) == []
