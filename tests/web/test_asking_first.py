"""A person wants to be asked before the agent goes on: on its message, from a page or by the API."""

import asyncio
from uuid import UUID

import pytest

from app.agent.model import Model
from app.agent.turn import Answers
from app.domain.channel import ChannelType
from app.domain.errors import Conflict
from app.domain.feedback_log import ask_before_going_on
from app.domain.inbox import waiting_for
from app.domain.message import Message
from app.domain.session import ChatSession
from app.domain.turn import Turn
from app.domain.user import User
from tests.browsing import Browser
from tests.programs import Program
from tests.stub_llm import StubLLM

PLAN = "## The plan\n\n1. Delete the `old` backups\n2. Tell *nobody*"


async def said(ana: User, text: str = PLAN) -> tuple[ChatSession, Message]:
    """A conversation, and what the agent said in it."""
    session = await ChatSession.open(ana)
    await session.say("What will you do?", by=ana, via=ChannelType.WEB)
    turn = await Turn.claim(session.id, 10)
    assert turn
    await turn.finish(text)
    return session, turn.message


async def test_pressed_without_a_script_it_asks_for_approval_of_what_was_said(server: str, ana: User) -> None:
    session, message = await said(ana)
    async with Browser(server) as browser:
        await browser.enter(ana)
        page = (await browser.get(f"/chat/{session.id}")).text
        assert f'action="/chat/{session.id}/messages/{message.id}/request"' in page
        for _ in range(2):
            answer = await browser.post(f"/chat/{session.id}/messages/{message.id}/request", {})
            assert (answer.status_code, answer.headers["location"]) == (303, f"/chat/{session.id}")
        page = (await browser.get(f"/chat/{session.id}")).text
    [request] = await waiting_for(ana.id)
    assert (request.type, request.question, request.context) == ("approval", "Shall I go on? “The plan”", PLAN)
    assert f'id="request-{request.id}"' in page
    assert (await session.agent()).status == "waiting"
    [*_, entry] = await session.entries()
    assert (entry.id, entry.about) == (request.id, message.id)


async def test_pressed_twenty_times_at_once_it_asks_once_and_again_when_that_is_settled(ana: User) -> None:
    session, message = await said(ana)
    asked = await asyncio.gather(*(ask_before_going_on(session, message.id, of=ana) for _ in range(20)))
    assert len({request.id for request in asked}) == 1
    await asked[0].respond(ana, True, ChannelType.WEB)
    assert (await ask_before_going_on(session, message.id, of=ana)).id != asked[0].id


async def test_programs_can_ask_for_it_too(server: str, ana: User, ben: User) -> None:
    session, message = await said(ana)
    path = f"/api/sessions/{session.id}/messages/{message.id}/request"
    async with Program(server, ana) as program, Program(server, ben) as bens:
        answer = await program.post(path)
        assert answer.status_code == 201
        asked = answer.json()
        assert (asked["type"], asked["status"], asked["session_id"]) == ("approval", "open", str(session.id))
        assert [str(one.id) for one in await waiting_for(ana.id)] == [asked["id"]]
        assert (await bens.post(path)).status_code == 404
        own = (await session.entries())[0].id
        for other in (own, UUID(asked["id"]), UUID(int=0)):
            answer = await program.post(f"/api/sessions/{session.id}/messages/{other}/request")
            assert answer.status_code == 404, "only what the agent said"


async def test_while_it_talks_there_is_nothing_to_decide_yet(ana: User) -> None:
    session = await ChatSession.open(ana)
    await session.say("Hm?", by=ana, via=ChannelType.WEB)
    turn = await Turn.claim(session.id, 10)
    assert turn
    with pytest.raises(Conflict):
        await ask_before_going_on(session, turn.message.id, of=ana)


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("***", "Shall I go on? “***”"),
        ("word " * 40, f"Shall I go on? “{'word ' * 11}word…”"),
        ("x" * 30_000, f"Shall I go on? “{'x' * 60}…”"),
        ("\n\n> quoted\nmore", "Shall I go on? “quoted”"),
    ],
)
async def test_whatever_it_said_can_be_asked_about(ana: User, words: str, question: str) -> None:
    session, message = await said(ana, words)
    request = await ask_before_going_on(session, message.id, of=ana)
    assert request.question == question
    assert words.startswith(request.context.strip()) or request.context.strip() == words.strip()


async def test_the_model_is_told_what_became_of_it(ana: User, llm: StubLLM) -> None:
    session, message = await said(ana)
    request = await ask_before_going_on(session, message.id, of=ana)
    await request.respond(ana, True, ChannelType.WEB, "[[say=Done.]]")
    model = Model()
    await Answers(model).answer(session.id)
    await model.close()
    sent = llm.requests[-1]["messages"]
    assert [(one["role"], one["content"]) for one in sent[-2:]] == [
        ("assistant", PLAN),
        (
            "user",
            f"[Parley] {request.code}: your person wants to decide whether you go on as you said before.\n\n"
            f"[Parley] {request.code} (Shall I go on? “The plan”): Approved by Ana on the page: [[say=Done.]].",
        ),
    ]
