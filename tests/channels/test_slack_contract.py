"""The contract of every channel, kept by Slack: the real client, and a stand-in that speaks its protocol."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import Field

from app.channels.protocol import Letter
from app.channels.slack import Slack
from app.channels.slack_place import Copy
from app.database import sql
from app.domain.channel import ChannelType
from app.sandbox.faults import Faults, Kind
from app.sandbox.slack import web_api
from app.sandbox.slack.call import Call, Refused
from app.sandbox.slack.methods import chat
from app.sandbox.slack.world import Json
from tests.channels.contract import ChannelContract, Side
from tests.channels.slack_side import SlackSide, slack_beside

POST = "chat.postMessage"
WORDS = {"no": "restricted_action", "gone": "account_inactive"}
OUTCOME = re.compile(r"Approved by .+?\.")


class Scripted(Faults):
    """What becomes of the next posts, and of no other call."""

    moods: list[str] = Field(default_factory=list)

    def draw(self, method: str) -> Kind | None:
        if method != POST or not self.moods or self.moods[0] in WORDS:
            return None
        return Kind(self.moods.pop(0))


class SandboxSide:
    """The sandbox's Slack."""

    name = ChannelType.SLACK
    down = "uncertain"  # a 500 says nothing of what was done

    def __init__(self, slack: SlackSide, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slack, self.channel, self.address = slack, Slack(), str(slack.who("ana"))
        self.faults = slack.sandbox.workspace.faults = Scripted()
        monkeypatch.setitem(web_api.METHODS, POST, web_api.Method(self._post, None, web_api.WRITE))

    async def _post(self, call: Call) -> Json:
        if self.faults.moods and self.faults.moods[0] in WORDS:
            raise Refused(WORDS[self.faults.moods.pop(0)])
        return await chat.post(call)

    async def next(self, *moods: str) -> None:
        self.faults.moods = list(moods)

    async def standing(self) -> dict[str, dict[str, Any]]:
        place, found = self.slack.direct("ana"), {}
        for one in self.slack.heard_by("ana"):
            (row,) = await sql("SELECT * FROM deliveries WHERE id = $1", one.metadata["event_payload"]["delivery"])
            key = str(Copy(place.id, (one.ts,)))
            request = {"request": str(row["request"]), "outcome": ""}
            found[key] = {**request, "kind": row["kind"], "copy": ""}
            if outcome := OUTCOME.search(str(one.blocks)):
                found[f"of {key}"] = {**request, "kind": "settle", "copy": key, "outcome": outcome[0]}
        return found

    async def arrive(self, letter: Letter) -> str:
        return await self.channel.send(letter)


class TestSlack(ChannelContract):
    @pytest.fixture
    async def side(self, db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Side]:
        async with slack_beside(monkeypatch) as slack:
            yield SandboxSide(slack, monkeypatch)
