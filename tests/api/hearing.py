"""What a program makes of the events of a conversation, however it hears them. It checks that nothing comes twice."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from tests.browsing import events_of
from tests.programs import Program


@dataclass
class Heard:
    """Messages by their id, in the order they came; `cursor` is where to go on."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    cursor: str = ""
    status: str = ""
    title: str = ""

    def hear(self, kind: str, data: dict[str, Any], cursor: str = "") -> None:
        """Take in one event."""
        self.kinds.append(kind)
        self.cursor = cursor or self.cursor
        match kind:
            case "message.created":
                assert data["id"] not in self.messages, "begun twice"
                assert data["seq"] == len(self.messages) + 1, "in the order of the log"
                self.messages[data["id"]] = data
            case "message.delta":
                assert data["text"]
                self.messages[data["id"]]["text"] += data["text"]
            case "message.replaced":
                self.messages[data["id"]]["text"] = data["text"]
            case "message.completed":
                assert self.messages[data["id"]]["status"] == "streaming", "completed twice"
                self.messages[data["id"]] = data
            case "message.changed":
                assert data["id"] in self.messages
                self.messages[data["id"]] = data
            case "agent.status":
                self.status = data["status"]
            case "session.changed":
                self.title = data["title"]
            case "channel.changed" | "closed":
                pass
            case _:
                raise AssertionError(kind)

    @property
    def text(self) -> str:
        """Of the newest answer."""
        return [str(one["text"]) for one in self.messages.values() if one["author"] == "agent"][-1]

    @property
    def done(self) -> bool:
        last = list(self.messages.values())[-1] if self.messages else {}
        return (last.get("author"), last.get("status")) == ("agent", "complete")


@asynccontextmanager
async def streaming(program: Program, session: str, heard: Heard, after: str = "0") -> AsyncIterator[AsyncIterator[str]]:
    """Hear by the stream from where `heard` is; the kind of each event as it comes."""
    headers = {"Last-Event-ID": heard.cursor} if heard.cursor else {}
    url = f"{session}/events?after={after}"
    async with program.client.stream("GET", url, headers=headers) as answer:
        assert answer.status_code == 200, answer.status_code

        async def kinds() -> AsyncIterator[str]:
            async for event in events_of(answer.aiter_lines()):
                heard.hear(event.kind, json.loads(event.data), event.id)
                yield event.kind

        yield kinds()


@asynccontextmanager
async def socket(program: Program, session: str, after: str = "0", **headers: str) -> AsyncIterator[ClientConnection]:
    """An open socket."""
    url = f"{program.client.base_url}".replace("http", "ws", 1).rstrip("/") + f"{session}/socket?after={after}"
    sent = {"Authorization": f"Bearer {program.token}"} | headers
    async with websockets.connect(url, additional_headers=sent, proxy=None) as connection:
        yield connection


async def socketed(connection: ClientConnection, heard: Heard) -> str:
    """Hear the next frame; its type."""
    frame = json.loads(await connection.recv())
    heard.hear(frame["type"], frame["data"], frame.get("cursor", ""))
    return str(frame["type"])
