"""A workspace as it is at its first start: three people, two channels, and the app installed."""

import secrets

from app.sandbox.slack.options import Secrets
from app.sandbox.slack.world import App, Person, Place, Token, World, new_id

BOT_SCOPES = (
    "app_mentions:read", "assistant:write", "channels:history", "channels:join", "channels:read", "chat:write", "commands",
    "im:history", "im:read", "im:write", "reactions:write", "users:read", "users:read.email",
)  # fmt: skip
PEOPLE = (
    ("ana", "Ana Lindqvist", True),
    ("ben", "Ben Okafor", True),
    ("carla", "Carla Moreau", False),  # who has not confirmed her address
)


def begin() -> World:
    """A new workspace, with secrets of its own."""
    app = _app()
    people = [
        Person(id=new_id("U"), name=name, real_name=real, email=f"{name}@example.com", email_confirmed=confirmed)
        for name, real, confirmed in PEOPLE
    ]
    bot = Person(id=app.bot_user, name="parley", real_name="Parley", is_bot=True)
    everybody = [one.id for one in (*people, bot)]
    places = [Place(id=new_id("C"), name=name, members=list(everybody)) for name in ("general", "random")]
    tokens = [
        Token(secret=new_token("xoxb"), kind="bot", user=app.bot_user, scopes=list(BOT_SCOPES)),
        Token(secret=new_token("xapp-1"), kind="app", user=app.bot_user, scopes=["connections:write"]),
    ]
    world = World(
        team_id=new_id("T"), team_name="Sandbox", team_domain="sandbox", app=app,
        people={one.id: one for one in (*people, bot)}, places={one.id: one for one in places},
        tokens={one.secret: one for one in tokens},
    )  # fmt: skip
    for one in people:
        world.im_of(one.id)
    return world


def new_token(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(24)}"


def secrets_of(world: World) -> Secrets:
    """What the app has to know to work in this workspace."""
    app = world.app
    of_kind = {one.kind: one.secret for one in world.tokens.values() if one.state == "good" and one.kind in ("bot", "app")}
    return Secrets(
        client_id=app.client_id, client_secret=app.client_secret, signing_secret=app.signing_secret,
        app_token=of_kind.get("app", ""), bot_token=of_kind.get("bot", ""), team_id=world.team_id, app_id=app.id,
        bot_user=app.bot_user, people={one.name: one.id for one in world.people.values() if not one.is_bot},
    )  # fmt: skip


def _app() -> App:
    return App(
        id=new_id("A"), name="Parley", bot_id=new_id("B"), bot_user=new_id("U"),
        client_id=f"{secrets.randbelow(10**12):012d}.{secrets.randbelow(10**12):012d}",
        client_secret=secrets.token_hex(16), signing_secret=secrets.token_hex(16), verification_token=secrets.token_hex(12),
    )  # fmt: skip
