"""What goes out to the app: events, interactions and commands, by Socket Mode where it is open, else as signed posts."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

import aiohttp

from app.sandbox.slack.clock import Clock
from app.sandbox.slack.options import Options
from app.sandbox.slack.record import Record, Sent
from app.sandbox.slack.signing import signed
from app.sandbox.slack.sockets import Sockets
from app.sandbox.slack.world import Json, World, new_id

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
Kind = Literal["events_api", "interactive", "slash_commands"]


@dataclass(frozen=True)
class Answer:
    """What the app said. `outcome` is "ok", or why there is no good answer, in the words of X-Slack-Retry-Reason."""

    outcome: str
    said: Json
    wants_no_retry: bool = False

    @property
    def well(self) -> bool:
        return self.outcome == "ok"


class Outward:
    def __init__(self, world: World, sockets: Sockets, record: Record, clock: Clock, options: Options) -> None:
        self._world = world
        self._sockets = sockets
        self._record = record
        self._clock = clock
        self._options = options
        self._session: aiohttp.ClientSession | None = None

    async def event(self, event: Json) -> None:
        """Tell of an event until the app has it: again at once, after a minute, after five more."""
        payload = self._event_callback(event)
        answer = await self._send("events_api", payload)
        for attempt, wait in enumerate(self._options.retry_seconds, 1):
            if answer.well or answer.wants_no_retry:
                return
            await asyncio.sleep(wait * self._options.retry_scale)
            answer = await self._send("events_api", payload, attempt, answer.outcome)

    async def interaction(self, payload: Json) -> Answer:
        """Tell of a click or a form; what the app answers counts."""
        return await self._send("interactive", payload)

    async def command(self, form: Json) -> Answer:
        """Tell of a slash command."""
        return await self._send("slash_commands", form)

    async def verify(self) -> bool:
        """Whether the events' address is the app's: it has to give back the challenge."""
        challenge = new_id("challenge-")
        payload = {"type": "url_verification", "token": self._world.app.verification_token, "challenge": challenge}
        answer = await self._post("events_api", payload, {})
        return answer.well and challenge in (answer.said.get("challenge"), answer.said.get("text"))

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    def _event_callback(self, event: Json) -> Json:
        app, team = self._world.app, self._world.team_id
        return {
            "token": app.verification_token, "team_id": team, "context_team_id": team, "context_enterprise_id": None,
            "api_app_id": app.id, "event": event, "type": "event_callback", "event_id": new_id("Ev"),
            "event_time": int(self._clock.now()), "is_ext_shared_channel": False, "event_context": new_id("4-"),
            "authorizations": [
                {"enterprise_id": None, "team_id": team, "user_id": app.bot_user, "is_bot": True,
                 "is_enterprise_install": False}
            ],
        }  # fmt: skip

    async def _send(self, kind: Kind, payload: Json, attempt: int = 0, reason: str = "") -> Answer:
        if self._sockets.any_open:
            way, answer = "socket", await self._by_socket(kind, payload, attempt, reason)
        else:
            again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
            way, answer = "http", await self._post(kind, payload, again)
        self._record.sent.append(Sent(self._clock.now(), kind, way, answer.outcome, attempt, payload))
        return answer

    async def _by_socket(self, kind: Kind, payload: Json, attempt: int, reason: str) -> Answer:
        envelope: Json = {"type": kind, "payload": payload, "accepts_response_payload": kind != "events_api"}
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        try:
            async with asyncio.timeout(self._options.patience_seconds):
                return Answer("ok", await self._sockets.ask(envelope))
        except TimeoutError:
            return Answer("timeout", {})
        except ConnectionError:
            return Answer("connection_failed", {})

    async def _post(self, kind: Kind, payload: Json, headers: Mapping[str, str]) -> Answer:
        address, content_type, body = self._as_post(kind, payload)
        if not address:
            return Answer("no_address", {}, wants_no_retry=True)
        self._session = self._session or aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        sent = signed(body, self._world.app.signing_secret, content_type) | dict(headers)
        patience = aiohttp.ClientTimeout(total=self._options.patience_seconds)
        try:
            async with self._session.post(
                address, data=body, headers=sent, timeout=patience, allow_redirects=False
            ) as response:
                outcome = "ok" if response.status < 300 else "http_error"
                gives_up = response.headers.get("X-Slack-No-Retry") == "1"
                return Answer(outcome, read_answer(await response.text()), gives_up)
        except TimeoutError:
            return Answer("http_timeout", {})
        except aiohttp.ClientError:
            return Answer("connection_failed", {})

    def _as_post(self, kind: Kind, payload: Json) -> tuple[str, str, bytes]:
        to = self._options.addresses
        match kind:
            case "events_api":
                return to.events, JSON, json.dumps(payload).encode()
            case "interactive":
                return to.interactions, FORM, urlencode({"payload": json.dumps(payload)}).encode()
            case "slash_commands":
                return to.commands, FORM, urlencode(payload).encode()


def read_answer(body: str) -> Json:
    """What an app's answer says: its JSON; bare words are `text`."""
    try:
        said = json.loads(body)
    except ValueError:
        said = body
    if isinstance(said, dict):
        return said
    return {"text": body} if body.strip() else {}
