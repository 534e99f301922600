"""The account page: a person's name and zone, password, devices, and data."""

import pytest

from app.domain.device import device_words
from app.domain.user import User
from tests.browsing import Browser
from tests.conftest import PASSWORD


async def test_a_person_changes_their_name_and_zone(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert "As my device" in (await browser.get("/account")).text
        answer = await browser.post("/account/profile", {"name": " Ana L. ", "time_zone": "Asia/Kolkata"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=profile#profile")
        page = (await browser.open(answer.headers["location"])).text
        assert 'value="Ana L."' in page
        assert "<option selected>Asia/Kolkata</option>" in page
        assert 'data-time-zone="Asia/Kolkata"' in page
        assert "Saved." in page


async def test_a_name_or_a_zone_that_can_not_be_is_said_beside_its_field(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        for wrong, field in [({"name": ""}, "name"), ({"name": "x\ny"}, "name"), ({"name": "x" * 201}, "name"),
                             ({"time_zone": "Mars/Olympus"}, "time_zone"), ({"time_zone": "../../etc/passwd"}, "time_zone"),
                             ({"time_zone": "Etc/GMT+1"}, "time_zone")]:  # fmt: skip
            answer = await browser.post("/account/profile", {"name": "Ana", "time_zone": "", **wrong})
            assert answer.status_code == 422, wrong
            assert f'id="{field}-error"' in answer.text, wrong
    assert (await User.objects().get(User.id == ana.id)).time_zone == ""  # type: ignore[union-attr]


async def test_a_new_password_signs_every_other_device_out(server: str, ana: User) -> None:
    new = "an altogether other phrase"
    async with Browser(server) as laptop, Browser(server) as phone:
        await laptop.enter(ana)
        await phone.enter(ana)
        assert (await phone.get("/chat")).status_code == 200
        answer = await laptop.post("/account/password", {"present": PASSWORD, "password": new})
        assert answer.headers["location"] == "/account?done=password#password"
        assert (await laptop.get("/chat")).status_code == 200
        assert (await phone.get("/chat")).status_code == 303
        assert (await phone.sign_in("Ana")).status_code == 422
        assert (await phone.sign_in("Ana", password=new)).status_code == 303


async def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        wrong = await browser.post("/account/password", {"present": "x", "password": "an altogether other phrase"})
        assert (wrong.status_code, 'id="present-error"' in wrong.text) == (422, True)
        short = await browser.post("/account/password", {"present": PASSWORD, "password": "short"})
        assert (short.status_code, 'id="new-password-error"' in short.text) == (422, True)
    assert (await User.objects().get(User.id == ana.id)).password_hash == ana.password_hash  # type: ignore[union-attr]


async def test_a_device_is_signed_out_from_another_and_nobody_elses_can_be(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as laptop, Browser(server) as phone, Browser(server) as bens:
        await laptop.enter(ana)
        on_phone = await phone.enter(ana)
        on_bens = await bens.enter(ben)
        page = (await laptop.get("/account")).text
        assert page.count("This device") == 1
        assert page.count("/end") == 3
        assert (await laptop.post(f"/account/devices/{on_bens.id}/end")).status_code == 404
        assert (await bens.get("/chat")).status_code == 200
        assert (await laptop.post(f"/account/devices/{on_phone.id}/end")).status_code == 303
        assert (await phone.get("/chat")).status_code == 303
        assert (await laptop.get("/account")).text.count("/end") == 1
        assert (await laptop.post(f"/account/devices/{on_phone.id}/end")).status_code == 404


async def test_signing_out_everywhere_else_and_then_here(server: str, ana: User) -> None:
    async with Browser(server) as laptop, Browser(server) as phone, Browser(server) as tablet:
        here = await laptop.enter(ana)
        for other in (phone, tablet):
            await other.enter(ana)
        assert (await laptop.post("/account/devices/end")).status_code == 303
        assert [(await one.get("/chat")).status_code for one in (laptop, phone, tablet)] == [200, 303, 303]
        answer = await laptop.post(f"/account/devices/{here.id}/end")
        assert answer.headers["location"] == "/sign-in"
        assert "access" not in laptop.cookies


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
         "Chrome on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1",
         "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5", "curl"),
        ("Backup robot/1", "Backup robot"), ("", "An unknown device"), ("/" * 200, "An unknown device"),
    ],
)  # fmt: skip
def test_a_device_is_named_in_words(user_agent: str, words: str) -> None:
    assert device_words(user_agent) == words


async def test_the_export_holds_all_of_ones_own_and_nothing_secret(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as browser, Browser(server) as bens:
        await bens.enter(ben)
        await bens.open_chat("a secret of ben's")
        await browser.enter(ana)
        session_id = await browser.open_chat("hello from ana")
        answer = await browser.get("/account/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="parley-ana.json"'
    told = answer.json()
    assert told["person"]["email"] == "ana@example.com"
    assert [one["id"] for one in told["chat_sessions"]] == [session_id]
    assert [one["text"] for one in told["messages"]] == ["hello from ana"]
    assert len(told["sign_ins"]) == 1
    assert "ben" not in answer.text
    assert ana.password_hash not in answer.text
