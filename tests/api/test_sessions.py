"""Conversations as programs see them."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest

from app.agent.turn import Answers
from app.domain.user import User
from tests.api.routes import api_routes, body_of, filled
from tests.browsing import Browser
from tests.programs import Program
from tests.waiting import until

NOT_REACHED = "There is no connection to Slack that is on. You choose it under Channels."
SHAPE = {"id", "title", "status", "channel", "agent", "last_seq", "created_at"}


async def test_a_conversation_is_opened_shown_renamed_and_deleted(program: Program) -> None:
    answer = await program.post("/api/sessions", {"title": " Plans \n for May "})
    assert answer.status_code == 201
    opened = answer.json()
    assert set(opened) == SHAPE
    assert (opened["title"], opened["status"], opened["channel"]) == ("Plans for May", "active", "web")
    assert (opened["agent"], opened["last_seq"]) == ({"status": "idle"}, 0)
    assert UUID(opened["id"]).version == 7
    assert datetime.fromisoformat(opened["created_at"]).utcoffset() is not None
    path = f"/api/sessions/{opened['id']}"
    assert (await program.get(path)).json() == opened
    renamed = await program.client.patch(path, json={"title": "Plans for June"})
    assert renamed.json() == {**opened, "title": "Plans for June"}
    gone = await program.client.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    for method, where in [("GET", path), ("GET", f"{path}/messages"), ("DELETE", path), ("POST", f"{path}/stop")]:
        assert (await program.client.request(method, where)).status_code == 404, (method, where)
    assert (await program.post(f"{path}/messages", {"text": "still there?"})).status_code == 404
    assert (await program.get("/api/sessions")).json() == {"items": [], "next": None}


async def test_nothing_need_be_said_to_open_one_and_its_first_words_make_its_title(program: Program) -> None:
    answer = await program.post("/api/sessions")
    assert answer.status_code == 201
    path = f"/api/sessions/{answer.json()['id']}"
    await program.say(path, "What is on today?")
    assert (await program.get(path)).json()["title"] == "What is on today?"


async def test_a_given_title_outlives_the_first_words(program: Program) -> None:
    path = await program.open("Mine")
    await program.say(path, "What is on today?")
    assert (await program.get(path)).json()["title"] == "Mine"


async def test_a_list_comes_in_parts_newest_first(program: Program, bens: Program) -> None:
    paths = [await program.open(str(n)) for n in range(5)]
    await bens.open("ben's")
    seen: list[str] = []
    part = {"items": [], "next": ""}
    while part["next"] is not None:
        after = {"after": part["next"]} if part["next"] else {}
        part = (await program.get("/api/sessions", limit=2, **after)).json()
        assert len(part["items"]) <= 2
        seen += [one["id"] for one in part["items"]]
    assert [f"/api/sessions/{one}" for one in seen] == paths[::-1]


async def test_a_page_sees_what_a_program_does_and_a_deleted_conversation_is_gone_there_too(
    server: str, program: Program, ana: User
) -> None:
    path = await program.open("Shared")
    await program.say(path, "by a program")
    async with Browser(server) as browser:
        await browser.enter(ana)
        page = f"/chat/{path.rpartition('/')[2]}"
        assert "by a program" in (await browser.get(page)).text
        await program.client.delete(path)
        assert (await browser.get(page)).status_code == 404
        assert "Shared" not in (await browser.get("/chat")).text


async def test_channels_by_which_nobody_is_reached_are_refused_with_a_reason(program: Program) -> None:
    path = await program.open()
    web = await program.client.put(f"{path}/channel", json={"type": "web"})
    assert (web.status_code, web.json()["channel"]) == (200, "web")
    slack = await program.client.put(f"{path}/channel", json={"type": "slack"})
    assert (slack.status_code, slack.json()["detail"]) == (409, NOT_REACHED)
    assert (await program.client.put(f"{path}/channel", json={"type": "pigeon"})).status_code == 422


async def test_a_stop_keeps_what_was_said(program: Program, worker: Answers) -> None:
    path = await program.open()
    await program.say(path, "[[tokens=1000 rate=50]]")

    async def answering() -> bool:
        return bool((await program.get(path)).json()["agent"]["status"] == "responding")

    await until(answering)
    assert (await program.post(f"{path}/stop")).status_code == 202

    async def stopped() -> bool:
        items = (await program.get(f"{path}/messages")).json()["items"]
        return bool(items[-1]["status"] == "stopped" and items[-1]["text"].startswith("tok0"))

    await until(stopped)


@pytest.mark.parametrize("body", [{"title": "x" * 201}, {"title": "a\0b"}, {"title": 5}, [], {}])
async def test_a_title_that_does_not_fit_is_refused(program: Program, body: object) -> None:
    path = await program.open("kept")
    answer = await program.client.patch(path, json=body)
    assert answer.status_code == 422, answer.text
    assert (await program.get(path)).json()["title"] == "kept"


async def test_what_is_another_persons_looks_like_what_does_not_exist(program: Program, bens: Program) -> None:
    path = await program.open("ana's")
    await program.say(path, "secret")
    ids = path.rpartition("/")[2], str(uuid4())
    walked = [(method, route, body_of(route)) for method, route in api_routes() if "{session_id" in route]
    for method, route, body in [*walked, ("POST", "/api/sessions/{session_id:uuid}/messages", {"text": ""})]:
        answers = [await bens.client.request(method, filled(route, session_id), json=body) for session_id in ids]
        assert [answer.status_code for answer in answers] == [404, 404], (method, route)
        assert answers[0].content == answers[1].content
    assert (await program.get(path)).json()["title"] == "ana's"
    assert len((await program.get(f"{path}/messages")).json()["items"]) == 1
