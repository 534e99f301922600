"""The account page: what a person is called, and how they see times."""

from app.domain.user import User
from tests.browsing import Browser


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
