"""The agent answers whatever happens to its model, its worker or its database on the way."""

import asyncio

import pytest

from app.agent.model import Model
from app.agent.turn import FOLLOWERS_SECONDS, Answering, Answers
from app.database import sql
from app.domain.agent_state import AgentState
from app.domain.channel import ChannelType
from app.domain.message import Message
from app.domain.session import ChatSession
from app.domain.user import User
from tests.agent.crashing import Short, answer_until_crash
from tests.stub_llm import StubLLM
from tests.waiting import until

WEB = ChannelType.WEB


async def ask(ana: User, text: str, session: ChatSession | None = None) -> ChatSession:
    session = session or await ChatSession.open(ana)
    await session.say(text, by=ana, via=WEB)
    return session


async def answer(session: ChatSession) -> Message:
    """The agent's last words, once it has ended its turn."""

    async def done() -> Message | None:
        last = (await session.entries())[-1]
        return last if last.author == "agent" and last.status not in ("streaming", "queued") else None

    return await until(done)


async def test_the_model_is_given_the_whole_log(ana: User, worker: Answers, llm: StubLLM) -> None:
    session = await ask(ana, "[[say=My name is Parley.]] Who are you?")
    assert (await answer(session)).text == "My name is Parley."
    await ask(ana, "[[say=Yes.]] Sure?", session)
    assert (await answer(session)).text == "Yes."
    roles = [(said["role"], said["content"]) for said in llm.requests[-1]["messages"]]
    assert [role for role, _ in roles] == ["system", "user", "assistant", "user"]
    assert roles[2] == ("assistant", "My name is Parley.")


async def test_words_said_meanwhile_are_answered_together(ana: User, worker: Answers, llm: StubLLM) -> None:
    session = await ask(ana, "[[tokens=20 rate=50]]")
    await until(lambda: len(llm.requests) == 1)
    await ask(ana, "one", session)
    await ask(ana, "two [[say=both]]", session)
    await until(lambda: len(llm.requests) == 2)
    assert (await answer(session)).text == "both"
    last = llm.requests[1]["messages"][-1]
    assert last["role"] == "user"
    assert last["content"] == "one\n\ntwo [[say=both]]"
    assert [entry.seq for entry in await session.entries()] == [1, 2, 3, 4, 5]


async def test_stop_keeps_what_was_said(ana: User, worker: Answers, llm: StubLLM) -> None:
    session = await ask(ana, "[[tokens=1000 rate=100]]")
    await until(lambda: any(len(sent) > 20 for sent in llm.sent.values()))
    await AgentState.stop(session.id)
    message = await answer(session)
    assert message.status == "stopped"
    assert message.text.startswith("tok0 tok1 tok2")
    assert len(message.text.split()) < 500
    await until(lambda: "left" in llm.ended.values())


async def test_a_model_that_is_away_is_waited_for(ana: User, worker: Answers, llm: StubLLM) -> None:
    llm.away = True
    session = await ask(ana, "[[say=back]]")
    state = await until(lambda: away(session))
    assert state.as_dict()["retry_at"]
    llm.away = False
    assert (await answer(session)).text == "back"


async def away(session: ChatSession) -> AgentState | None:
    state = await session.agent()
    return state if state.waits else None


async def test_a_model_that_breaks_off_is_asked_again_up_to_five_times(ana: User, worker: Answers, llm: StubLLM) -> None:
    session = await ask(ana, "[[cut=3 rate=0]]")
    message = await answer(session)
    assert (message.status, message.seq) == ("failed", 2)
    assert len(llm.requests) == 5
    assert (await session.agent()).status == "failed"


async def test_a_refusal_is_told_and_can_be_retried(ana: User, worker: Answers, llm: StubLLM) -> None:
    session = await ask(ana, "[[status=400]]")
    message = await answer(session)
    assert message.status == "failed"
    assert "400" in message.error
    assert len(llm.requests) == 1, "what won't pass is not tried again"
    await sql("UPDATE messages SET text = '[[say=better]]' WHERE session = $1 AND seq = 1", session.id)
    assert await AgentState.retry(session.id)
    message = await until(lambda: completed(session))
    assert (message.text, message.seq, message.error) == ("better", 2, "")


async def completed(session: ChatSession) -> Message | None:
    last = (await session.entries())[-1]
    return last if last.status == "complete" else None


async def test_what_runs_beside_a_turn_does_not_hold_up_a_worker_that_ends(ana: User, llm: StubLLM) -> None:
    ended = list[str]()

    async def hangs(answering: Answering) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(answering.text)

    answers = Answers(Model(), beside=hangs)
    session = await ask(ana, "[[say=Yes.]] Sure?")
    answers.begin(session.id)
    assert (await answer(session)).text == "Yes."
    async with asyncio.timeout(FOLLOWERS_SECONDS + 2):
        await answers.leave()
    assert ended == ["Yes."]
    await answers.model.close()


async def test_forty_conversations_are_answered_at_once(ana: User, worker: Answers, llm: StubLLM) -> None:
    sessions = [await ask(ana, "[[tokens=10 rate=20]]") for _ in range(40)]
    async with asyncio.timeout(8):
        for session in sessions:
            assert len((await answer(session)).text.split()) == 10


async def test_nobody_nudges_and_it_is_found_all_the_same(
    ana: User, worker: Answers, llm: StubLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.domain.words.wake_agent", lambda *_: None)
    session = await ask(ana, "[[say=found]]")
    assert (await answer(session)).text == "found"


async def test_a_crash_after_any_statement_converges(ana: User, llm: StubLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    points = 0
    model = Model()
    monkeypatch.setattr("app.agent.turn.settings", lambda: Short())
    while True:
        session = await ask(ana, "[[tokens=8 rate=100]]")
        crashed = await answer_until_crash(session, model, points + 1, monkeypatch)
        if not crashed:
            break
        points += 1

        async def over(session: ChatSession = session) -> bool:
            """Looked for each second by every worker: what was cut off in its middle may be done a little later."""
            await Answers(model).answer(session.id)
            return bool((await session.agent()).status == "idle")

        await until(over)
        entries = await session.entries()
        assert [(entry.seq, entry.status) for entry in entries] == [(1, "complete"), (2, "complete")], points
        assert entries[1].text.split() == [f"tok{n}" for n in range(8)], points
    await model.close()
    print(f"{points} points")
    assert points >= 12
