"""The sandbox Slack beside a Parley within the tests: what people do there, and what stands there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from app.channels import slack_client
from app.channels.slack_place import Who
from app.channels.slack_workspace import adopt_token
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.user import User
from app.sandbox.slack import speaking
from app.sandbox.slack.interactions import click_in_message, submit
from app.sandbox.slack.options import Addresses
from app.sandbox.slack.viewing import shown
from app.sandbox.slack.world import Place, Said, View
from app.settings import settings
from tests.sandbox.running import Running, running_sandbox
from tests.waiting import until

Json = dict[str, Any]


@dataclass
class SlackSide:
    """`await slack.writes("ana", "Hello")`: somebody there does something, and Parley hears of it."""

    sandbox: Running

    def who(self, name: str) -> Who:
        return Who(self.sandbox.secrets.team_id, self.sandbox.secrets.people[name])

    def direct(self, name: str) -> Place:
        """Their conversation with Parley."""
        return self.sandbox.place(name)

    async def writes(self, name: str, text: str, *, place: Place | None = None, thread: str = "") -> Said:
        """Say something, to Parley unless it is said in another place."""
        workspace, place = self.sandbox.workspace, place or self.direct(name)
        said = Said(ts=workspace.new_ts(), user=self.who(name).user, text=text, thread_ts=thread)
        return speaking.say(workspace, place, said)

    async def clicks(self, name: str, said: Said, field: str, form: Any = None, place: Place | None = None) -> None:
        """Use what a message of Parley's has."""
        workspace = self.sandbox.workspace
        await click_in_message(workspace, self.who(name).user, place or self.direct(name), said, field, form or {})

    async def window(self, name: str) -> View:
        """What opens for them."""
        found = await until(lambda: _there(shown(self.sandbox.workspace, self.who(name).user)))
        return found  # type: ignore[no-any-return]

    async def sends(self, name: str, view: View, form: Any) -> None:
        """Fill the window and send it."""
        await submit(self.sandbox.workspace, self.who(name).user, view, form)

    def heard_by(self, name: str, place: Place | None = None) -> list[Said]:
        """What Parley has said there, to all or to them."""
        bot, there = self.sandbox.secrets.bot_user, place or self.direct(name)
        return [one for one in there.said.values() if one.user == bot and one.only_for in ("", self.who(name).user)]

    async def hears(self, name: str, words: str, place: Place | None = None) -> Said:
        """A message of Parley's with these words, once it is there."""

        async def found() -> Said | None:
            said = [one for one in self.heard_by(name, place) if words in f"{one.text} {one.blocks}"]
            return said[-1] if said else None

        message: Said = await until(found)
        return message


async def _there(what: Any) -> Any:
    return what


async def reach(person: User, slack: SlackSide, name: str) -> None:
    """Let a person be asked there first."""
    channel = await CommunicationChannel.add(person.id, ChannelType.SLACK, str(slack.who(name)), label=f"{name} in Sandbox")
    others = [one.id for one in await CommunicationChannel.of(person.id) if one.id != channel.id]
    await CommunicationChannel.reorder(person.id, [channel.id, *others])


@asynccontextmanager
async def slack_beside(monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[SlackSide]:
    """A sandbox that the settings name, where Parley is installed."""
    ours = settings()
    async with running_sandbox(**({"addresses": Addresses.of(ours.base_url)} | options)) as sandbox:
        known = sandbox.secrets
        for name, value in {
            "slack_api_url": sandbox.api_url, "slack_client_id": known.client_id, "slack_client_secret": known.client_secret,
            "slack_signing_secret": known.signing_secret, "slack_bot_token": known.bot_token, "sandbox": False,
        }.items():  # fmt: skip
            monkeypatch.setattr(ours, name, value)
        await adopt_token()
        yield SlackSide(sandbox)
        await slack_client.close()
