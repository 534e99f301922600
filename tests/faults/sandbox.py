"""The sandbox's Slack in a fault run: a process of its own, reached by the real channel, seen as the other providers are."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app.channels.slack_place import Who
from app.database import sql
from app.domain.user import User
from app.sandbox.slack.keeping import secrets_in
from app.sandbox.slack.options import Secrets
from tests.conftest import free_port
from tests.parley import ROOT
from tests.waiting import until

RATE = 20  # times what Slack allows: at its 50 looks into conversations a minute, what is uncertain would take its time


@dataclass
class SandboxFar:
    """`Far` for the sandbox. `settings` are those of who is to reach it."""

    control: httpx.AsyncClient
    secrets: Secrets
    faults: dict[str, Any] = field(default_factory=dict)

    name = f"the sandbox's Slack at {RATE} times its rates"

    @property
    def settings(self) -> dict[str, str]:
        known = self.secrets
        return {
            "slack_api_url": f"{self.control.base_url}/api/", "slack_client_id": known.client_id, "sandbox": "false",
            "slack_client_secret": known.client_secret, "slack_bot_token": known.bot_token,
        }  # fmt: skip

    async def welcome(self, people: Sequence[User]) -> None:
        """Let these have accounts there, by which they are reached."""
        for one in people:
            told = (await self.control.post("/sandbox/slack/people", json={"name": one.name, "email": one.email})).json()
            address = str(Who(told["team"], told["user"]))
            await sql(
                "UPDATE communication_channels SET address = $2 WHERE type = 'slack' AND \"user\" = $1", one.id, address
            )

    async def fail(self, **faults: Any) -> None:
        """From now on; see `Faults` of the sandbox."""
        if "dead" in faults:
            faults["dead"] = "refuses" if faults["dead"] else ""
        self.faults |= faults
        answer = await self.control.post("/sandbox/slack/faults", json=self.faults)
        assert answer.status_code == 200, answer.text

    async def record(self) -> dict[str, Any]:
        """Every call and how it ended, and what stands there."""
        told: dict[str, Any] = (await self.control.get("/sandbox/slack/record")).json()
        calls = [(one["at"], f"{name} {one['outcome']}") for name, each in told["calls"].items() for one in each]
        return told | {"by_method": told["calls"], "calls": sorted(calls)}

    async def kept(self, kind: str = "request") -> list[dict[str, Any]]:
        """All that has ever arrived, also what was removed: its `letter`, `at` and `removed_at`."""
        calls = (await self.record())["by_method"]
        known = await letters(kind)
        arrived = []
        for call in calls.get("chat.postMessage", []):
            letter = known.get(_delivery(call["given"].get("metadata")))
            if call["outcome"] == "ok" and letter:
                place = call["given"]["channel"]
                arrived.append({"letter": letter, "at": call["at"], "removed_at": None, "place": place})
        for call in calls.get("chat.delete", []):
            there = [one for one in arrived if one["place"] == call["given"]["channel"]]
            if call["outcome"] == "ok" and there:
                stamp = float(call["given"]["ts"])
                min(there, key=lambda one: abs(one["at"] - stamp))["removed_at"] = call["at"]
        return arrived

    async def standing(self, kind: str = "request") -> Counter[str]:
        """How many copies of each request stand there now."""
        known = await letters(kind)
        messages = (await self.record())["messages"]
        found = [known.get(_delivery(one["metadata"])) for one in messages if not one["deleted"]]
        return Counter(letter["request"] for letter in found if letter)


async def letters(kind: str, via: str = "slack") -> dict[str, dict[str, Any]]:
    """All that this way was to bring, by their ids."""
    rows = await sql("SELECT id, request FROM deliveries WHERE kind = $1 AND via = $2", kind, via)
    return {str(row["id"]): {"id": str(row["id"]), "request": str(row["request"]), "kind": kind} for row in rows}


def _delivery(metadata: Any) -> str:
    told = json.loads(metadata) if isinstance(metadata, str) else metadata
    return str((told or {}).get("event_payload", {}).get("delivery", ""))


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[SandboxFar]:
    """One of its own."""
    known, port = secrets_in(folder), free_port()
    told = ["--port", str(port), "--folder", str(folder), "--base-url", "http://127.0.0.1:1", "--rate", str(RATE)]
    process = subprocess.Popen([sys.executable, "-m", "app", "sandbox", *told], cwd=ROOT)  # noqa: ASYNC220
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client:
            await until(lambda: _listens(client), 30, every=0.1)
            yield SandboxFar(client, known)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 10)


async def _listens(client: httpx.AsyncClient) -> bool:
    with suppress(httpx.HTTPError):
        return (await client.get("/sandbox/slack/record")).status_code == 200
    return False
