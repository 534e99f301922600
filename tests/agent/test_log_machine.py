"""promises.md 10: whatever is said, answered, switched, taken back, postponed or killed, and in whichever order, the log
has no gap and the agent is given the same context by every process, whichever channel it went through."""

import os

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from app.agent.context import context
from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.errors import Conflict
from app.domain.feedback import FeedbackRequest
from app.domain.message import Message, MessageStatus, MessageType
from app.domain.session import ChatSession, notice_of
from app.domain.turn import Superseded, Turn
from app.domain.user import User
from tests.channels.engine import Shall, ask

RUNS = 2000 if os.environ.get("WHOLE_RUNS") else 50
STEPS = [
    "say", "say by slack", "edit", "take back", "claim", "kill", "late answer", "answer", "fail", "retry", "postpone",
    "stale answer", "switch", "ask", "respond", "respond by mail",
]  # fmt: skip
CHANNELS = {"say": ChannelType.WEB, "say by slack": ChannelType.SLACK}
RESPONSES = {"respond": (ChannelType.WEB, "on the page"), "respond by mail": (ChannelType.EMAIL, "by e-mail")}


class Machine:
    """A conversation, and beside it what its log should hold."""

    def __init__(self, ana: User, session: ChatSession) -> None:
        self.ana, self.session = ana, session
        self.turn: Turn | None = None
        self.late: Turn | None = None
        self.stale: list[Turn] = []
        self.log: list[list[str]] = []  # [role, text, status]
        self.open: list[FeedbackRequest] = []
        self.count = 0

    async def step(self, name: str) -> None:
        match name:
            case "say" | "say by slack":
                self.count += 1
                await self.session.say(f"words {self.count}", by=self.ana, via=CHANNELS[name])
                self.log.append(["user", f"words {self.count}", "queued"])
            case "edit" | "take back":
                await self.change(name)
            case "ask":
                self.open.append(await ask(self.ana, session=self.session))
                self.log.append(["assistant", Shall.question, "complete"])
            case "respond" | "respond by mail" if self.open:
                await self.respond(*RESPONSES[name])
            case "switch":
                to = ChannelType.WEB if self.session.channel == ChannelType.EMAIL else ChannelType.EMAIL
                await self.session.switch(to)
                self.log.append(["notice", notice_of(to, self.ana.email if to == ChannelType.EMAIL else ""), "complete"])
            case "claim":
                await self.claim()
            case "kill" if self.turn:
                await sql("UPDATE agent_states SET lease_until = now() - interval '1 s' WHERE session = $1", self.session.id)
                self.late, self.turn = self.turn, None
            case "late answer" if self.late:  # its lease has ended, but nobody has taken over: its words count
                self.turn, self.late = self.late, None
                await self.end("late", MessageStatus.COMPLETE)
            case "answer" if self.turn:
                await self.end(f"answer {self.turn.fence}", MessageStatus.COMPLETE)
            case "fail" if self.turn:
                await self.end("half", MessageStatus.FAILED)
            case "postpone" if self.turn:
                await self.turn.postpone(0, "away", counts=False)
                self.stale.append(self.turn)
                self.turn = None
            case "retry":
                from app.domain.agent_state import AgentState

                await AgentState.retry(self.session.id)
            case "stale answer" if self.stale:
                with pytest.raises(Superseded):
                    await self.stale[-1].finish("stale")

    async def respond(self, channel: ChannelType, words: str) -> None:
        await self.open.pop(0).respond(self.ana, True, channel)
        self.log.append(["user", f"Approved by Ana {words}.", "queued"])

    async def claim(self) -> None:
        turn = await Turn.claim(self.session.id, 60)
        if turn is None:
            return
        assert self.turn is None, "two workers at once"
        if self.late:
            self.stale.append(self.late)
        self.turn, self.late = turn, None
        if turn.message.seq > len(self.log):
            self.log.append(["assistant", "", "streaming"])
        for entry in self.log[: turn.message.seq - 1]:
            if entry[2] == "queued":
                entry[2] = "complete"
        self.log[turn.message.seq - 1][2] = "streaming"

    async def end(self, text: str, status: MessageStatus) -> None:
        assert self.turn
        await self.turn.finish(text, status)
        self.log[self.turn.message.seq - 1][1:] = [text, status]
        self.stale.append(self.turn)
        self.turn = None

    async def change(self, name: str) -> None:
        entries = await self.session.entries()
        asked = [entry for entry in entries if entry.author == "person"]
        if not asked:
            return
        entry = asked[-1]
        expected = self.log[entry.seq - 1]
        text = "edited" if name == "edit" else ""
        change = self.session.edit(entry.id, text) if name == "edit" else self.session.take_back(entry.id)
        try:
            await change
        except Conflict:
            assert expected[2] != "queued"
        else:
            assert expected[2] == "queued"
            expected[1:] = [text, "queued" if name == "edit" else "complete"]

    async def check(self) -> None:
        entries = await self.session.entries()
        assert [entry.seq for entry in entries] == list(range(1, len(self.log) + 1))
        assert [[entry.text, entry.status] for entry in entries if entry.status != "streaming"] == [
            entry[1:] for entry in self.log if entry[2] != "streaming"
        ]
        assert given_to_the_model(entries) == given_to_the_model(await elsewhere(self.session))
        unswitched = [entry for entry in entries if entry.type != MessageType.NOTICE]
        assert given_to_the_model(entries) == given_to_the_model(unswitched), "whichever channel it went through"
        assert sum(entry.status == "streaming" for entry in entries) <= 1


def given_to_the_model(entries: list[Message]) -> list[tuple[str, str]]:
    return [(said.role, said.text) for said in context(entries, 4000)]


async def elsewhere(session: ChatSession) -> list[Message]:
    """The log as another process reads it."""
    again = await ChatSession.objects().get(ChatSession.id == session.id)
    assert again
    return await again.entries()


@pytest.mark.sized
@pytest.mark.timeout(900)
@seed(20261122)
@settings(max_examples=RUNS, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(steps=st.lists(st.sampled_from(STEPS), max_size=16))
async def test_the_log_holds_in_any_order(ana: User, steps: list[str]) -> None:
    await CommunicationChannel.confirm(ana.id, ana.email)
    machine = Machine(ana, await ChatSession.open(ana))
    for step in steps:
        await machine.step(step)
        await machine.check()
