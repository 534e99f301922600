"""Programs are told what becomes of requests, in order, signed, and again when they ask for it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from app.clock import iso, now, shift
from app.database import sql
from app.domain.user import User
from app.domain.webhook_endpoint import WebhookEndpoint, endpoint_failed
from tests.api.asking import answer_to, ask
from tests.channels.engine import at_rest, reached_by, work_until
from tests.channels.fickle import Fickle
from tests.channels.receiver import Receiver, receiving
from tests.programs import Program

ALL = ["feedback.requested", "feedback.settled", "feedback.unreached"]
SHAPE = {"id", "url", "events", "status", "failing_since", "last_error", "last_ok_at", "created_at"}


@pytest.fixture
async def receiver(db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    async with receiving(monkeypatch) as receiver:
        yield receiver


async def add(program: Program, url: str, events: list[str] = ALL) -> tuple[str, str]:
    """A new endpoint's path and secret."""
    added = await program.post("/api/webhooks", {"url": url, "events": events})
    assert added.status_code == 201, added.text
    told = added.json()
    assert set(told) == SHAPE | {"secret"}
    return f"/api/webhooks/{told['id']}", told["secret"]


async def deliveries(program: Program, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await program.get(f"{path}/deliveries")).json()["items"]
    return items


async def test_a_request_is_told_of_when_it_is_asked_and_when_it_is_settled(program: Program, receiver: Receiver) -> None:
    path, secret = await add(program, receiver.url)
    asked = await ask(program)
    await work_until(at_rest)
    await answer_to(program, asked, True, comment="Go")
    await work_until(at_rest)
    requested, settled = [post.verified(secret) for post in receiver.posts]
    assert (requested["type"], requested["data"]) == ("feedback.requested", asked)
    assert settled["type"] == "feedback.settled"
    assert settled["data"] == (await program.get(f"/api/feedback/{asked['id']}")).json(), "as the API tells it"
    assert settled["timestamp"].endswith("Z")
    endpoint = (await program.get(path)).json()
    assert (endpoint["status"], endpoint["last_error"], endpoint["last_ok_at"] is not None) == ("active", "", True)
    sent = await deliveries(program, path)
    assert [(one["event"], one["status"], one["attempts"]) for one in sent] == [
        ("feedback.settled", "accepted", 1), ("feedback.requested", "accepted", 1),
    ]  # fmt: skip
    assert [one["id"] for one in sent] == [post.id for post in receiver.posts][::-1]


async def test_only_who_may_see_a_request_is_told_and_only_what_they_want(
    program: Program, bens: Program, receiver: Receiver
) -> None:
    await add(program, f"{receiver.url}/ana", ["feedback.settled"])
    await add(bens, f"{receiver.url}/ben", ALL)
    await ask(program)
    asked = await ask(program, to="ben@example.com")
    await answer_to(bens, asked, False)
    await work_until(at_rest)
    told = [(post.path, post.told["type"], post.told["data"]["id"]) for post in receiver.posts]
    assert sorted(told) == [
        ("/hook/ana", "feedback.settled", asked["id"]),
        ("/hook/ben", "feedback.requested", asked["id"]),
        ("/hook/ben", "feedback.settled", asked["id"]),
    ]
    bens_timeline = (await bens.get(f"/api/feedback/{asked['id']}/timeline")).json()["items"]
    assert {one["person"] for one in bens_timeline if one["channel"] == "webhook"} == {"Ben"}, "to each their own"


async def test_an_alarm_is_told(program: Program, ana: User, receiver: Receiver) -> None:
    await add(program, receiver.url, ["feedback.unreached"])
    await reached_by(ana, slack=Fickle(lambda: "no"))
    asked = await ask(program)

    async def told() -> bool:
        return receiver.events() == ["feedback.unreached"]

    await work_until(told)
    assert receiver.posts[0].told["data"]["id"] == asked["id"]


async def test_what_one_endpoint_is_told_arrives_in_order_and_no_other_waits_for_it(
    program: Program, receiver: Receiver
) -> None:
    await add(program, f"{receiver.url}/slow", ["feedback.requested"])
    await add(program, f"{receiver.url}/well", ["feedback.requested"])
    failures = 2

    def answer(post: Any) -> int:
        nonlocal failures
        failures -= post.path.endswith("slow")
        return 503 if post.path.endswith("slow") and failures >= 0 else 204

    receiver.answer = answer
    asked = [await ask(program, question=f"Number {number}") for number in range(4)]
    await work_until(at_rest, workers=2)
    for name, tries in (("slow", 6), ("well", 4)):
        came = [post.told["data"]["id"] for post in receiver.posts if post.path.endswith(name)]
        assert len(came) == tries
        assert list(dict.fromkeys(came)) == [one["id"] for one in asked]


async def test_the_address_that_a_request_names_is_told_of_its_end_and_signed_by_the_persons_own_secret(
    program: Program, receiver: Receiver
) -> None:
    asked = await ask(program, webhook=f"{receiver.url}/resume?run=7")
    (signing,) = (await program.get("/api/webhooks")).json()["items"]
    assert (signing["url"], signing["events"]) == ("", [])
    secret = (await program.post(f"/api/webhooks/{signing['id']}/secret")).json()["secret"]
    assert "resume" not in str((await program.get(f"/api/feedback/{asked['id']}")).json()), "who is asked has no use for it"
    await answer_to(program, asked, True)
    await work_until(at_rest)
    (post,) = receiver.posts
    assert post.path == "/hook/resume"
    assert post.verified(secret)["data"]["id"] == asked["id"]


async def test_an_endpoint_that_a_request_names_is_told_once(program: Program, receiver: Receiver) -> None:
    _, secret = await add(program, receiver.url, ["feedback.settled"])
    _, quiet_secret = await add(program, f"{receiver.url}/quiet", [])
    for url in (receiver.url, f"{receiver.url}/quiet"):
        asked = await ask(program, webhook=url)
        await answer_to(program, asked, True)
    await work_until(at_rest)
    assert [post.path for post in receiver.posts if post.path.endswith("quiet")] == ["/hook/quiet"]
    assert [post.path for post in receiver.posts if post.path == "/hook"] == ["/hook", "/hook"]
    for post in receiver.posts:
        post.verified(quiet_secret if post.path.endswith("quiet") else secret)


async def test_a_test_is_posted_and_a_dead_one_says_why(program: Program, receiver: Receiver) -> None:
    path, secret = await add(program, receiver.url)
    receiver.answer = lambda post: web.Response(status=400, text="no such workflow")
    sent = (await program.post(f"{path}/test")).json()
    await work_until(at_rest)
    assert receiver.posts[0].verified(secret)["type"] == "test"
    (one,) = await deliveries(program, path)
    assert (one["id"], one["status"], one["error"]) == (sent["id"], "rejected", "HTTP 400 no such workflow")
    assert (await program.get(path)).json()["last_error"] == "HTTP 400 no such workflow"


async def test_one_or_all_since_a_time_are_posted_again_under_the_same_id(program: Program, receiver: Receiver) -> None:
    path, _ = await add(program, receiver.url, ["feedback.requested"])
    began = iso(now() - timedelta(minutes=1))
    for number in range(3):
        await ask(program, question=f"Number {number}")
    await work_until(at_rest)
    first = [post.id for post in receiver.posts]
    one = await program.post(f"{path}/replays", {"delivery": first[1]})
    assert (one.status_code, one.json()) == (202, {"count": 1})
    await work_until(at_rest)
    assert [post.id for post in receiver.posts[3:]] == [first[1]]
    later = iso(now() + timedelta(hours=1))
    for body, count in [({"since": began}, 3), ({"since": later}, 0), ({"delivery": str(uuid4())}, 0)]:
        assert (await program.post(f"{path}/replays", body)).json() == {"count": count}, body
        await work_until(at_rest)
    assert [post.id for post in receiver.posts[4:]] == first
    for wrong in ({}, {"since": "yesterday"}, {"delivery": first[0], "since": began}):
        assert (await program.post(f"{path}/replays", wrong)).status_code == 422, wrong


async def test_one_that_is_gone_is_disabled_until_its_person_says_otherwise(program: Program, receiver: Receiver) -> None:
    path, _ = await add(program, receiver.url)
    receiver.answer = lambda post: 410
    await ask(program)
    await work_until(at_rest)
    assert (await program.get(path)).json()["status"] == "disabled"
    await ask(program)
    await work_until(at_rest)
    assert len(receiver.posts) == 1
    for what in ("test", "replays"):
        assert (await program.post(f"{path}/{what}", {"since": iso(now())})).status_code == 409
    receiver.answer = lambda post: 204
    again = await program.client.patch(path, json={"status": "active", "events": ["feedback.settled"]})
    assert (again.json()["status"], again.json()["events"]) == ("active", ["feedback.settled"])
    assert (await program.post(f"{path}/test")).status_code == 202
    await work_until(at_rest)
    assert receiver.events()[1:] == ["test"]


async def test_one_that_fails_for_three_days_is_disabled(program: Program, receiver: Receiver) -> None:
    path, _ = await add(program, receiver.url)
    endpoint_id = path.rpartition("/")[2]
    await endpoint_failed(endpoint_id, "HTTP 500")  # type: ignore[arg-type]
    shift(timedelta(days=2, hours=23))
    await endpoint_failed(endpoint_id, "HTTP 500")  # type: ignore[arg-type]
    (endpoint,) = await WebhookEndpoint.of(program.user.id)
    assert (endpoint.status, endpoint.last_error) == ("active", "HTTP 500")
    shift(timedelta(days=3, minutes=1))
    await endpoint_failed(endpoint_id, "HTTP 500")  # type: ignore[arg-type]
    (endpoint,) = await WebhookEndpoint.of(program.user.id)
    assert endpoint.status == "disabled"


@pytest.mark.parametrize(
    "body",
    [{"url": "http://example.com/"}, {"url": "https://127.0.0.1/"}, {"url": "https://example.com/", "events": ["x"]},
     {"events": ["feedback.settled"]}],
)  # fmt: skip
async def test_endpoints_that_can_not_be_are_refused(program: Program, body: dict[str, Any]) -> None:
    assert (await program.post("/api/webhooks", body)).status_code == 422
    assert (await program.get("/api/webhooks")).json() == {"items": [], "next": None}


async def test_each_address_stands_there_once_and_twenty_at_most(program: Program) -> None:
    for number in range(20):
        await add(program, f"https://example.com/{number}")
    for url in ("https://example.com/1", "https://example.com/20"):
        assert (await program.post("/api/webhooks", {"url": url})).status_code == 409
    path = f"/api/webhooks/{(await program.get('/api/webhooks')).json()['items'][0]['id']}"
    assert (await program.client.patch(path, json={"url": "https://example.com/1"})).status_code == 409
    assert (await program.client.patch(path, json={"url": "https://example.com/20"})).status_code == 200


async def test_a_removed_endpoint_is_told_nothing_more(program: Program, receiver: Receiver) -> None:
    path, _ = await add(program, receiver.url)
    await ask(program)
    assert (await program.client.delete(path)).status_code == 204
    await work_until(at_rest)
    assert receiver.posts == []
    assert (await program.get(path)).status_code == 404


async def test_what_is_another_persons_looks_like_what_does_not_exist(program: Program, bens: Program) -> None:
    path, _ = await add(program, "https://example.com/")
    for method, more, body in [
        ("GET", "", None), ("PATCH", "", {"events": []}), ("DELETE", "", None), ("POST", "/secret", None),
        ("POST", "/test", None), ("GET", "/deliveries", None), ("POST", "/replays", {"since": iso(now())}),
    ]:  # fmt: skip
        answers = [
            await bens.client.request(method, f"{where}{more}", json=body) for where in (path, f"/api/webhooks/{uuid4()}")
        ]
        assert [answer.status_code for answer in answers] == [404, 404], (method, more)
        assert answers[0].content == answers[1].content
    assert (await bens.get("/api/webhooks")).json()["items"] == []


async def test_no_secret_is_kept_in_the_clear_nor_shown_twice(program: Program) -> None:
    path, first = await add(program, "https://example.com/")
    second = (await program.post(f"{path}/secret", Idempotency_Key="k")).json()["secret"]
    third = (await program.post(f"{path}/secret", Idempotency_Key="k")).json()["secret"]
    assert len({first, second, third}) == 3, "answers that hold secrets are not kept"
    kept = str(await sql("SELECT e::text FROM webhook_endpoints e")) + str(await sql("SELECT k::text FROM kept_answers k"))
    assert [secret for secret in (first, second, third) if secret.removeprefix("whsec_") in kept] == []
    assert "secret" not in (await program.get(path)).json()
