"""Models and programs ask people by MCP, with the official client."""

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE
from contextlib import AsyncExitStack
from uuid import UUID

import httpx
import pytest

from app.auth.tokens import access_token
from app.domain.channel import ChannelType
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import Question
from app.domain.feedback_value import FeedbackType
from app.domain.inbox import request_for, waiting_for
from app.domain.session import ChatSession
from app.domain.sign_in import SignIn
from app.domain.user import User
from app.limits import settings
from tests.api.test_feedback_waiting import Waiting
from tests.browsing import Browser
from tests.mcp_program import LEGACY, Refused, call, key_of, mcp_client
from tests.parley import ROOT
from tests.timing import timed, within
from tests.waiting import until
from tests.web_processes import web_processes

INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
}  # fmt: skip
ACCEPT = {"Accept": "application/json, text/event-stream"}


async def answered(request_id: str, by: User, value: object, comment: str = "") -> None:
    await (await request_for(by.id, UUID(request_id))).respond(by, value, ChannelType.WEB, comment)


@timed
@pytest.mark.parametrize("mode", ["auto", LEGACY])
async def test_ask_wait_and_hear_the_answer(
    server: str, ana: User, ben: User, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    polls = Waiting(monkeypatch)
    async with mcp_client(server, await key_of(ana), mode) as parley:
        tools = {tool.name for tool in (await parley.list_tools()).tools}
        assert tools == {"ask_person", "get_answer", "notify_person", "list_requests"}
        asked = await call(parley, "ask_person", to="ben@example.com", type="choice", question="When?", options=["Mo", "Tu"])
        assert (asked["status"], asked["responses"], len(asked["code"])) == ("open", [], 4)
        [request] = await waiting_for(ben.id)
        assert (str(request.id), request.asked_by_name) == (asked["id"], "Ana")
        waiting = asyncio.create_task(call(parley, "get_answer", id=asked["id"], wait_seconds=20))
        await until(lambda: polls.polls and polls.hold_nothing)
        with within(0.5):
            await answered(asked["id"], ben, "Tu", "early")
            settled = await waiting
        assert settled["status"] == "answered"
        assert [(one["name"], one["value"], one["comment"], one["channel"]) for one in settled["responses"]] == [
            ("Ben", "Tu", "early", "web")
        ]
        listed = await call(parley, "list_requests", status="answered")
        assert [one["id"] for one in listed["items"]] == [asked["id"]]


async def test_without_a_name_one_asks_oneself_and_waiting_ends_when_it_was_said_to(server: str, ana: User) -> None:
    async with mcp_client(server, await key_of(ana)) as parley:
        asked = await call(parley, "ask_person", type="approval", question="Ship?", wait_seconds=0.2)
        assert asked["status"] == "open"
        assert [str(one.id) for one in await waiting_for(ana.id)] == [asked["id"]]


async def test_a_question_survives_the_process_that_took_it(server: str, ana: User) -> None:
    """Another one, which knows nothing of it, brings the answer: `server` is in this process."""
    key = await key_of(ana)
    async with AsyncExitStack() as afterwards:
        async with web_processes(1) as [url]:
            parley = await afterwards.enter_async_context(mcp_client(url, key))
            asked = await call(parley, "ask_person", type="text", question="Which name?", key="deploy 7")
            waiting = asyncio.create_task(call(parley, "get_answer", id=asked["id"], wait_seconds=30))
            await parley.list_tools()
        assert (await waiting)["status"] == "open", "the process that ends lets go of who waits"
    await answered(asked["id"], ana, "Spring")
    async with mcp_client(server, key) as parley:
        again = await call(parley, "ask_person", type="text", question="Which name?", key="deploy 7")
        settled = await call(parley, "get_answer", id=asked["id"], wait_seconds=5)
    assert again["id"] == asked["id"], "the same key asks once"
    assert settled["responses"][0]["value"] == "Spring"


async def test_the_program_in_the_readme_waits_for_the_decision(server: str, ana: User) -> None:
    [program] = re.findall(r"```python\n(import asyncio\n.*?from mcp import.*?)```", (ROOT / "README.md").read_text(), re.S)
    lines = [line for line in program.splitlines() if line.strip()]
    assert len(lines) <= 20
    environment = {"API_KEY": await key_of(ana), "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program.replace("http://127.0.0.1:8000", server), env=environment, stdout=PIPE
    )
    [request] = await until(lambda: waiting_for(ana.id), 30)
    await request.respond(ana, True, ChannelType.WEB)
    told, _ = await running.communicate()
    assert (told.decode().strip(), running.returncode) == ("Approved by Ana on the page.", 0)


async def test_a_note_stands_in_the_inbox_and_asks_nothing(server: str, ana: User, ben: User) -> None:
    async with mcp_client(server, await key_of(ana)) as parley:
        told = await call(parley, "notify_person", to=["ben@example.com"], text="Version 2 is out.\n<b>really</b>")
        assert told == {"to": [str(ben.id)]}
        with pytest.raises(Refused, match=r"2,000"):
            await call(parley, "notify_person", text="x" * 2001)
    async with Browser(server) as browser:
        await browser.enter(ben)
        first, second = [(await browser.get("/feedback")).text for _ in range(2)]
    assert "Version 2 is out.\n&lt;b&gt;really&lt;/b&gt;" in first
    assert (">New<" in first, ">New<" in second) == (True, False)
    assert not await waiting_for(ben.id)


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("ask_person", {"type": "choice", "question": "When?"}, "2 to 20 different options"),
        ("ask_person", {"type": "approval", "question": "Ship?", "to": "nobody@example.com"}, "Nobody here is called"),
        ("ask_person", {"type": "button", "question": "Ship?"}, "type"),
        ("ask_person", {"type": "approval", "question": "Ship?", "wait_seconds": 1e9}, "wait_seconds"),
        ("ask_person", {"type": "text", "question": "a\0b"}, "NUL"),
        ("ask_person", {"type": "text", "question": "a", "key": "é"}, "plain characters"),
        ("get_answer", {"id": "00000000-0000-0000-0000-000000000000"}, "There is no such request"),
    ],
)
async def test_what_can_not_be_is_told_in_words(
    server: str, ana: User, tool: str, arguments: dict[str, object], why: str
) -> None:
    async with mcp_client(server, await key_of(ana)) as parley:
        with pytest.raises(Refused, match=why):
            await call(parley, tool, **arguments)
    assert not await FeedbackRequest.count()


async def test_nobody_reads_or_asks_in_what_is_not_theirs(server: str, ana: User, ben: User) -> None:
    request = await FeedbackRequest.ask(Question(FeedbackType.APPROVAL, "Ship?"), of=[ana])
    session = await ChatSession.open(ana)
    async with mcp_client(server, await key_of(ben)) as parley:
        with pytest.raises(Refused, match="no such request"):
            await call(parley, "get_answer", id=str(request.id))
        with pytest.raises(Refused, match="no such conversation"):
            await call(parley, "ask_person", type="text", question="Hm?", session_id=str(session.id))
        assert (await call(parley, "list_requests"))["items"] == []


async def test_who_lacks_a_token_is_told_where_tokens_are(server: str, ana: User) -> None:
    async with httpx.AsyncClient(base_url=server, trust_env=False) as http:
        bare = await http.post("/mcp", json=INITIALIZE, headers=ACCEPT)
        wrong = await http.post("/mcp", json=INITIALIZE, headers={**ACCEPT, "Authorization": "Bearer parley_x"})
        key = await key_of(ana, "chat")
        narrow = await http.post("/mcp", json=INITIALIZE, headers={**ACCEPT, "Authorization": f"Bearer {key}"})
        told = bare.headers["www-authenticate"]
        where = told.partition('resource_metadata="')[2].partition('"')[0]
        metadata = (await http.get(where)).json()
        root = (await http.get("/.well-known/oauth-protected-resource")).json()
        issuer = (await http.get(f"{metadata['authorization_servers'][0]}/.well-known/oauth-authorization-server")).json()
    assert (bare.status_code, wrong.status_code, narrow.status_code) == (401, 401, 403)
    assert told.startswith('Bearer realm="parley", resource_metadata=')
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    assert 'error="insufficient_scope", scope="feedback", resource_metadata=' in narrow.headers["www-authenticate"]
    assert where == f"{server}/.well-known/oauth-protected-resource/mcp"
    assert metadata == root
    assert (metadata["resource"], metadata["scopes_supported"]) == (f"{server}/mcp", ["feedback"])
    assert issuer["issuer"] == metadata["authorization_servers"][0]


async def test_an_access_token_opens_the_door_until_its_sign_in_ends(server: str, ana: User) -> None:
    begun = await SignIn.begin(ana, "a program")
    token = access_token(ana.id, begun.id)
    async with mcp_client(server, token) as parley:
        assert (await call(parley, "list_requests"))["items"] == []
    await begun.end()
    async with httpx.AsyncClient(base_url=server, trust_env=False) as http:
        headers = {**ACCEPT, "Authorization": f"Bearer {token}"}

        async def shut() -> bool:
            return (await http.post("/mcp", json=INITIALIZE, headers=headers)).status_code == 401

        await until(shut, 1.5)


@pytest.mark.parametrize(
    ("origin", "status"), [(None, 200), ("own", 200), ("https://evil.example", 403), ("null", 403), ("http://[::1]:1", 403)]
)  # fmt: skip
async def test_a_foreign_page_gets_nothing(server: str, ana: User, origin: str | None, status: int) -> None:
    headers = {**ACCEPT, "Authorization": f"Bearer {await key_of(ana)}"}
    if origin:
        headers["Origin"] = server if origin == "own" else origin
    async with httpx.AsyncClient(base_url=server, trust_env=False) as http:
        assert (await http.post("/mcp", json=INITIALIZE, headers=headers)).status_code == status


async def test_there_is_nothing_else_behind_the_door(server: str, ana: User) -> None:
    headers = {"Authorization": f"Bearer {await key_of(ana)}"}
    async with httpx.AsyncClient(base_url=server, trust_env=False, headers=headers, timeout=5) as http:
        assert (await http.get("/mcp", headers={"Accept": "text/event-stream"})).status_code == 405
        assert (await http.delete("/mcp")).status_code == 405
        assert (await http.post("/mcp/other", json=INITIALIZE)).status_code == 404
        assert (
            await http.post("/mcp", content=b"{", headers={**ACCEPT, "Content-Type": "application/json"})
        ).status_code == 400
        large = json.dumps(INITIALIZE | {"x": "x" * 2_000_000})
        assert (
            await http.post("/mcp", content=large, headers={**ACCEPT, "Content-Type": "application/json"})
        ).status_code == 413


async def test_asking_and_telling_count_as_writes(server: str, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "rate_per_minute", 2)
    async with mcp_client(server, await key_of(ana)) as parley:
        await call(parley, "ask_person", type="approval", question="One?")
        await call(parley, "notify_person", text="Two")
        with pytest.raises(Refused, match=r"That was a lot at once\. You can go on in"):
            await call(parley, "ask_person", type="approval", question="Three?")
        assert len((await call(parley, "list_requests"))["items"]) == 1, "reading goes on"
