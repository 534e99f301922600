"""What a workspace consists of; all of it is kept over a restart."""

import secrets
import string
from typing import Any, Literal

from pydantic import BaseModel, Field

Json = dict[str, Any]
_LETTERS = string.ascii_uppercase + string.digits


def new_id(kind: str) -> str:
    """An id as Slack makes them: U for a person, C for a channel ..."""
    return kind + "".join(secrets.choice(_LETTERS) for _ in range(10))


class Person(BaseModel):
    id: str
    name: str
    real_name: str
    email: str = ""
    email_confirmed: bool = True
    is_bot: bool = False
    deleted: bool = False


class Said(BaseModel):
    """A message. `only_for` is whom an ephemeral one is shown to; a deleted one stays as long as it heads a thread."""

    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = []
    attachments: list[Json] = []
    metadata: Json | None = None
    thread_ts: str = ""
    by_app: bool = False
    subtype: str = ""
    client_msg_id: str = ""
    only_for: str = ""
    edited_ts: str = ""
    deleted: bool = False
    streaming: Literal["", "in_progress", "completed"] = ""
    streaming_since: float = 0.0
    steps: list[Json] = []
    reactions: dict[str, list[str]] = {}
    unfurl_links: bool | None = None

    @property
    def in_thread(self) -> bool:
        return self.thread_ts not in ("", self.ts)


class Place(BaseModel):
    """A channel, or a conversation of one person with the app. `titles` and `statuses` go by thread."""

    id: str
    name: str = ""
    is_im: bool = False
    members: list[str] = []
    said: dict[str, Said] = {}
    titles: dict[str, str] = {}
    statuses: dict[str, str] = {}

    @property
    def kind(self) -> Literal["im", "channel"]:
        return "im" if self.is_im else "channel"

    @property
    def scope(self) -> Literal["im", "channels"]:
        """How scopes name it: `im:history`, `channels:history`."""
        return "im" if self.is_im else "channels"

    def partner(self, user: str) -> str:
        """The other one of two."""
        return next((one for one in self.members if one != user), user)

    def replies(self, ts: str) -> list[Said]:
        return [one for one in self.said.values() if one.thread_ts == ts and one.ts != ts]


class Token(BaseModel):
    secret: str
    kind: Literal["bot", "user", "app", "openid"]
    user: str
    scopes: list[str]
    refresh: str = ""
    expires_at: float | None = None
    state: Literal["good", "revoked", "inactive"] = "good"


class View(BaseModel):
    """A modal or a Home tab that somebody has before them. `stack` are the modals below it, by id."""

    id: str
    user: str
    content: Json
    hash: str
    values: dict[str, Json] = {}
    errors: dict[str, str] = {}
    stack: list[str] = []

    @property
    def is_home(self) -> bool:
        return bool(self.content["type"] == "home")


class App(BaseModel):
    """The one app that the workspace knows."""

    id: str
    name: str
    bot_id: str
    bot_user: str
    client_id: str
    client_secret: str
    signing_secret: str
    verification_token: str


class World(BaseModel):
    """`homes` go by user, `views` by id, `shown` says which modal each user has open."""

    team_id: str
    team_name: str
    team_domain: str
    app: App
    people: dict[str, Person]
    places: dict[str, Place]
    tokens: dict[str, Token]
    homes: dict[str, View] = {}
    views: dict[str, View] = {}
    shown: dict[str, str] = {}
    notes: dict[str, str] = Field(default={}, description="What each user is told on the page, such as a command's failure")
    signing_key: Json | None = None

    @property
    def installed(self) -> bool:
        return any(self.scopes)

    @property
    def scopes(self) -> set[str]:
        """What the app's bot may do at present."""
        good = [one for one in self.tokens.values() if one.kind == "bot" and one.state == "good"]
        return {scope for one in good for scope in one.scopes}

    @property
    def last_ts(self) -> str:
        return max((ts for place in self.places.values() for ts in place.said), default="")

    def im_of(self, user: str) -> Place:
        """The conversation of a person with the app; it begins with the asking."""
        for place in self.places.values():
            if place.is_im and user in place.members:
                return place
        place = Place(id=new_id("D"), is_im=True, members=[user, self.app.bot_user])
        self.places[place.id] = place
        return place

    def named(self, name: str) -> Place | None:
        """A channel by its name, with or without #."""
        return next((one for one in self.places.values() if one.name and one.name == name.removeprefix("#")), None)
