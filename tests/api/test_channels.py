"""Programs see and change where and when a person is reached."""

from typing import Any
from uuid import uuid4

import pytest

from app.channels.letters import letter_of
from app.database import sql
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.user import User
from tests.browsing import Browser
from tests.channels.engine import at_rest, reached_by, work_until
from tests.channels.fickle import Fickle
from tests.programs import Program

SHAPE = {"id", "type", "address", "status", "position", "last_error"}


async def listed(program: Program) -> dict[str, Any]:
    answer = await program.get("/api/channels")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_the_page_and_the_sign_up_address_stand_there_from_the_start(program: Program) -> None:
    told = await listed(program)
    assert [(one["type"], one["address"], one["status"], one["position"]) for one in told["items"]] == [
        ("web", "", "active", 0), ("email", "ana@example.com", "disconnected", 1),
    ]  # fmt: skip
    assert all(set(one) == SHAPE for one in told["items"])
    assert (told["next"], told["quiet_hours"], told["time_zone"]) == (None, None, "")


async def test_an_added_address_is_used_once_its_link_was_followed_and_posted(
    server: str, program: Program, ana: User
) -> None:
    added = await program.post("/api/channels", {"type": "email", "address": "Ana@Work.example"})
    assert (added.status_code, added.json()["status"], added.json()["address"]) == (201, "disconnected", "ana@work.example")
    (delivery,) = await Delivery.objects().where(Delivery.kind == DeliveryKind.CONFIRM)
    link = (await letter_of(delivery)).payload["url"].removeprefix(server)
    assert link.removeprefix("/channels/confirm/") not in str(await sql("SELECT d::text FROM deliveries d"))
    async with Browser(server) as browser:
        await browser.enter(ana)
        assert (await browser.get(link)).status_code == 200
        assert (await listed(program))["items"][2]["status"] == "disconnected", "a machine that opens it confirms nothing"
        await browser.post(link)
    assert (await listed(program))["items"][2]["status"] == "active"


@pytest.mark.parametrize(
    ("body", "status"),
    [({"type": "email", "address": "no address"}, 422), ({"type": "pigeon", "address": "x"}, 422), ({"type": "email"}, 422),
     ({"type": "web", "address": ""}, 409), ({"type": "slack", "address": "U1"}, 409),
     ({"type": "email", "address": "ana@example.com"}, 409)],
)  # fmt: skip
async def test_what_can_not_be_added_is_refused(program: Program, body: dict[str, Any], status: int) -> None:
    assert (await program.post("/api/channels", body)).status_code == status
    assert len((await listed(program))["items"]) == 2


async def test_order_quiet_hours_and_time_zone_are_changed_each_alone(program: Program) -> None:
    web, mail = [one["id"] for one in (await listed(program))["items"]]
    changed = await program.client.put("/api/channels", json={"order": [mail, web]})
    assert [one["id"] for one in changed.json()["items"]] == [mail, web]
    night = {"from": "22:00", "to": "08:00"}
    for body, quiet, zone in [
        ({"quiet_hours": night}, night, ""), ({"time_zone": "Europe/Berlin"}, night, "Europe/Berlin"),
        ({}, night, "Europe/Berlin"), ({"quiet_hours": None}, None, "Europe/Berlin"),
    ]:  # fmt: skip
        told = (await program.client.put("/api/channels", json=body)).json()
        assert (told["quiet_hours"], told["time_zone"]) == (quiet, zone), body
        assert await listed(program) == told
        assert [one["id"] for one in told["items"]] == [mail, web]


@pytest.mark.parametrize(
    "body",
    [{"order": []}, {"order": [str(uuid4())]}, {"time_zone": "Moon/Base"}, {"quiet_hours": {"from": "25:00", "to": "08:00"}},
     {"quiet_hours": {"from": "22:00"}}, {"time_zone": "Europe/Berlin", "order": ["x"]}],
)  # fmt: skip
async def test_what_does_not_fit_changes_nothing(program: Program, body: dict[str, Any]) -> None:
    before = await listed(program)
    assert (await program.client.put("/api/channels", json=body)).status_code == 422
    assert await listed(program) == before


async def test_a_test_is_sent_there_and_says_that_it_is_one(program: Program, ana: User) -> None:
    slack = Fickle()
    await reached_by(ana, slack=slack)
    first = (await listed(program))["items"][0]
    assert (await program.post(f"/api/channels/{first['id']}/test")).status_code == 202
    await work_until(at_rest)
    assert [(letter.kind, letter.address) for letter in slack.copies.values()] == [("test", "slack of Ana")]


async def test_a_test_of_an_unconfirmed_address_sends_its_link_once_more_but_not_again_and_again(program: Program) -> None:
    web, mail = [one["id"] for one in (await listed(program))["items"]]
    assert (await program.post(f"/api/channels/{mail}/test")).status_code == 202
    assert (await program.post(f"/api/channels/{mail}/test")).status_code == 409
    assert await Delivery.count().where(Delivery.kind == DeliveryKind.CONFIRM) == 1
    assert (await program.post(f"/api/channels/{web}/test")).status_code == 409


async def test_an_address_is_removed_and_the_page_stays(program: Program) -> None:
    web, mail = [one["id"] for one in (await listed(program))["items"]]
    assert (await program.client.delete(f"/api/channels/{web}")).status_code == 409
    assert (await program.client.delete(f"/api/channels/{mail}")).status_code == 204
    assert [one["id"] for one in (await listed(program))["items"]] == [web]


async def test_what_is_another_persons_looks_like_what_does_not_exist(program: Program, bens: Program) -> None:
    channel = await CommunicationChannel.add(program.user.id, ChannelType.SLACK, "U1", ChannelStatus.ACTIVE)
    for method, more in [("DELETE", ""), ("POST", "/test")]:
        answers = [await bens.client.request(method, f"/api/channels/{id}{more}") for id in (channel.id, uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    order = [one["id"] for one in (await listed(bens))["items"]]
    assert (await bens.client.put("/api/channels", json={"order": [*order, str(channel.id)]})).status_code == 422
