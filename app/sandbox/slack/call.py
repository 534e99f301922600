"""One call of the Web API: who makes it, what is given, and what may be wrong with that."""

import json
from typing import Any

from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Json, Person, Place, Said, Token, World


class Refused(Exception):
    """Slack says no: `error` and more, as it stands in the answer."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


class TooOften(Refused):
    """429: again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__("ratelimited")
        self.seconds = seconds


def invalid(*messages: str) -> Refused:
    """Arguments that make no sense, each named."""
    return Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in messages]})


class Call:
    """`given` are the arguments from address and body alike; `token` is whose call it is, if anybody's."""

    def __init__(self, workspace: Workspace, given: Json, token: Token | None, basic: tuple[str, str] | None) -> None:
        self.workspace = workspace
        self.given = given
        self._token = token
        self.basic = basic

    @property
    def world(self) -> World:
        return self.workspace.world

    @property
    def token(self) -> Token:
        if self._token is None:
            raise Refused("not_authed")
        return self._token

    @property
    def own(self) -> str:
        """The user that acts here: the app's bot."""
        return self.token.user

    def text(self, name: str, otherwise: str = "") -> str:
        value = self.given.get(name)
        return otherwise if value is None else str(value)

    def need(self, name: str) -> str:
        if not (value := self.text(name)):
            raise invalid(f"missing required field: {name}")
        return value

    def flag(self, name: str) -> bool:
        return str(self.given.get(name, "")).lower() in ("1", "true")

    def number(self, name: str, otherwise: int, most: int) -> int:
        try:
            return max(1, min(int(self.given.get(name) or otherwise), most))
        except ValueError:
            raise invalid(f"must be an integer [json-pointer:/{name}]") from None

    def data(self, name: str, error: str = "invalid_arguments") -> Any:
        """An argument that is JSON, or JSON within a form; None if it is not given."""
        value = self.given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise Refused(error) from None

    def need_scope(self, *any_of: str) -> None:
        """One of these scopes has to be granted."""
        if any_of and not set(any_of) & set(self.token.scopes):
            raise Refused("missing_scope", needed=",".join(any_of), provided=",".join(sorted(self.token.scopes)))

    def place(self, name: str = "channel", *, or_person: bool = False) -> Place:
        """The conversation that is meant, by its id or #name; by a person's id if `or_person`."""
        value = self.need(name)
        found = self.world.places.get(value) or self.world.named(value)
        if found is None and or_person and (person := self.world.people.get(value)) and not person.is_bot:
            found = self.world.im_of(person.id)
        if found is None:
            raise Refused("channel_not_found")
        return found

    def member_place(self, name: str = "channel", *, or_person: bool = False) -> Place:
        """The same; the app has to be in it."""
        found = self.place(name, or_person=or_person)
        if self.world.app.bot_user not in found.members:
            raise Refused("not_in_channel")
        return found

    def person(self, name: str = "user") -> Person:
        if not (found := self.world.people.get(self.need(name))):
            raise Refused("user_not_found")
        return found

    def said(self, place: Place, name: str = "ts") -> Said:
        """A message of that place that all there can see."""
        found = place.said.get(self.need(name))
        if found is None or found.deleted or found.only_for:
            raise Refused("message_not_found")
        return found
