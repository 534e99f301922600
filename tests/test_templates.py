"""What the templates and static files promise: they fit the CSP, work on their own, and stay small."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from tests.looked_after import STANDINGS, looked_after

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
SPRITE = "icons/lucide-1.62.0.svg"
TOKEN = "csrf-of-ana"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SESSION = SimpleNamespace(id="s1", title="Release plan", status="active", channel="email", updated_at=AT)
ANA = SimpleNamespace(
    name="Ana Lindqvist", email="ana@example.org", role="admin", time_zone="Europe/Oslo", password_hash="x"
)
DEVICE = SimpleNamespace(
    id="d1", device="Mozilla", device_words="Firefox on Linux", hand_held=True, address="::1", last_used_at=AT,
    created_at=AT, user="u2", who="Ben", email="ben@example.org",
)  # fmt: skip
PROGRAM = SimpleNamespace(
    id="p1", name="Notes", scopes=["chat"], since=AT, created_at=AT, last_used_at=AT, owner="u2",
    redirect_uris=["https://x/"],
)  # fmt: skip
FIELD = SimpleNamespace(name="text", kind="string", required=False, says="Words.", place="body")
SAYING = SimpleNamespace(
    method="POST", path="/api/x", anchor="Say", told={"summary": "Say `x`", "description": "Soon."}, takes=[FIELD],
    answers=[("202", "Done", "Entry"), ("404", "Nothing is here", "Problem")],
)  # fmt: skip
API = SimpleNamespace(about="Send a `token`.", resources={"sessions": [SAYING]}, shapes={"Entry": [FIELD]})
GOOGLE = SimpleNamespace(name="google", label="Google")
IDENTITY = SimpleNamespace(id="n1", provider="google", email="ana@example.org", linked_at=AT, last_used_at=AT)
PASSKEY = SimpleNamespace(id="p1", name="Phone", created_at=AT, last_used_at=None)
HOOK = SimpleNamespace(
    id="w1", url="https://example.com/hook", status="active", last_error="HTTP 500", last_ok_at=AT,
    events=["feedback.requested", "feedback.settled"],
)  # fmt: skip
IDLE = SimpleNamespace(status="idle", error="", retry_at=None)

names = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
scripts = sorted((STATIC / "js").glob("*.js"))


ASKING = SimpleNamespace(client=PROGRAM, parameters={"state": "x"}, host="notes.example")


@cache
def environment() -> Environment:
    env = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    env.globals.update(
        asset=lambda path: f"/static/{path}?v=1", has_mail=lambda: True, open_to_all=lambda: True,
        providers=lambda: [GOOGLE],
        passkey_site=lambda: "localhost", passkey_origin=lambda: "http://localhost:8000",
    )  # fmt: skip
    return env


def message(**changes: Any) -> SimpleNamespace:
    values = {
        "key": "k1", "id": "m1", "seq": 1, "session": "s1", "author": "person", "author_name": "Ana Lindqvist",
        "status": "complete", "html": Markup("<p>Yes.</p>"), "text": "Is it\nready? <b>", "channel": "web",
        "created_at": datetime(2026, 11, 22, 12, tzinfo=UTC), "error": "", "waiting": False,
    }  # fmt: skip
    return SimpleNamespace(**values | changes)


MESSAGES = {
    "a person's": message(),
    "one by Slack": message(channel="slack"),
    "one by mail": message(channel="email"),
    "one that waits": message(status="queued", waiting=True),
    "an answer": message(author="agent", author_name="Parley"),
    "an answer that grows": message(author="agent", status="streaming", html=Markup('<div class="open"></div>')),
    "a stopped answer": message(author="agent", status="stopped"),
    "a failed answer": message(author="agent", status="failed", html=Markup("")),
    "a notice": message(author="system", text="Moved to Slack."),
}
AGENTS = [IDLE] + [
    SimpleNamespace(status=status, error="", retry_at=None)
    for status in ("queued", "thinking", "responding", "waiting", "failed")
]
AWAY = SimpleNamespace(status="queued", error="The model is away.", retry_at=datetime(2026, 11, 22, 12, 3, tzinfo=UTC))


def chat(**changes: Any) -> dict[str, Any]:
    values = {
        "session": SESSION, "sessions": [SESSION], "messages": list(MESSAGES.values()), "agent": AWAY,
        "stream_query": "after=9", "older_url": "/chat/s1?before=1", "ways": ["web", "email"],
    }  # fmt: skip
    return {"me": ANA, "theme": "dark", "csrf": TOKEN, **values, **changes}


def account(**changes: Any) -> dict[str, Any]:
    sections = {
        "profile": {"zones": ["UTC", "Europe/Oslo"]},
        "devices": {"mine": [DEVICE, DEVICE], "this": "d1"},
        "second_factor": {"app": SimpleNamespace(confirmed_at=AT), "codes_left": 3, "fresh": False},
        "programs": {"allowed": [PROGRAM], "known": [(PROGRAM, "Ben")], "scopes": ["chat", "admin"]},
        "api_keys": {"mine": [PROGRAM], "scopes": ["chat"], "fresh": False},
        "identities": [IDENTITY],
        "passkeys": [PASSKEY],
        "webhooks": {"mine": [HOOK, SimpleNamespace(**vars(HOOK) | {"status": "disabled"})], "events": HOOK.events},
    }
    seen = {"me": ANA, "theme": "dark", "csrf": TOKEN, "zone": UTC, "errors": {}, "values": {}, "done": ""}
    return seen | sections | changes


def admins() -> Iterator[tuple[str, dict[str, Any]]]:
    ben = SimpleNamespace(
        id="u2", name="Ben", email="ben@example.org", role="member", disabled_at=None, left_at=AT, erased_from=AT,
        created_at=AT, last_used_at=None,
    )  # fmt: skip
    seen = {"me": SimpleNamespace(**vars(ANA), id="u1"), "theme": "auto", "csrf": TOKEN, "zone": UTC, "q": "be"}
    listed = {"rows": [ben], "earlier": 1, "later": 3}
    invited = SimpleNamespace(id="i1", email="cleo@example.org", created_at=AT, expires_at=AT)
    index = seen | {"people": listed, "invitations": [invited], "closed": False, "errors": {}, "values": {}, "link": ""}
    yield "users/index.html", index
    yield "users/index.html", index | {"people": listed | {"rows": []}, "link": "http://x", "invited": "x@y"}
    yield "users/show.html", seen | {"user": ben, "sign_ins": [DEVICE], "link": "http://x", "done": "role"}
    yield (
        "sessions/index.html",
        seen | {"sign_ins": listed | {"rows": [(DEVICE, SimpleNamespace(**vars(DEVICE), program="Notes"))]}},
    )
    yield from looked_after(seen)
    yield "new_password/show.html", seen | {"user": ben, "token": "t", "error": "No."}


def pages() -> Iterator[tuple[str, str]]:
    nobody = {"me": None, "theme": "auto", "csrf": TOKEN}
    first = SimpleNamespace(first=True, key="k", token="", invitation=None)
    invited = SimpleNamespace(first=False, key="", token="t", invitation=SimpleNamespace(email="ben@example.org"))
    failed = {"errors": {"form": "No.", "email": "Taken."}, "values": {"email": "a@b"}, "entrance": invited}
    for name, context in [
        ("sign_up/show.html", nobody | {"errors": {}, "values": {}, "entrance": first}),
        ("sign_up/show.html", nobody | failed),
        ("sign_in/show.html", nobody | {"error": "Wrong.", "next": "/chat/s1", "told": IDENTITY}),
        ("sign_in/refused.html", nobody | {"provider": GOOGLE, "why": "No."}),
        ("errors/show.html", nobody | {"status": 404, "title": "Not here", "what_to_do": "Go back.", "reference": "R1"}),
        *admins(),
        ("chat/show.html", chat()),
        ("chat/show.html", chat(transport="socket")),
        ("chat/show.html", chat(session=None, messages=[], agent=None, stream_query=None, older_url=None)),
        ("account/show.html", account()),
        (
            "channels/index.html",
            account(standings=STANDINGS, preview=["At 22:40."], problem="No.", done="quiet", zones=["UTC"]),
        ),
        ("channels/removal.html", account(channel=STANDINGS[1].channel)),
        ("channels/confirmation.html", account(channel=STANDINGS[2].channel, token="t")),
        ("account/leaving.html", account(until=AT)),
        ("account/left.html", account(until=AT)),
        ("account/show.html", account(second_factor={"app": None, "codes_left": 0, "fresh": True})),
        ("account/authenticator.html", account(picture="data:,", secret="ABCD", error="No.")),
        ("account/recovery_codes.html", account(codes=["a-b"])),
        ("schema/show.html", nobody | {"api": API}),
        ("sign_in/second_step.html", account(me=None, email="a@b", error="No.", passkey_error="No.")),
        ("account/identity.html", account(told=IDENTITY, error="No.", field_error="No.", fresh=False)),
        ("account/passkey.html", account(called="Phone", longest=100, error="No.", fresh=False)),
        ("account/removal.html", account(removal=SimpleNamespace(what="x", text="y", action="/z", back="/account"))),
        ("account/show.html", account(errors={"name": "No.", "time_zone": "No."}, values={"name": ""})),
        ("account/show.html", account(errors={"redirect_uris": "No.", "key_scopes": "No."}, new_key="k", new_key_name="n")),
        ("consent/show.html", account(asking=ASKING, scopes=["chat"], owner=ANA)),
        ("consent/misasked.html", account(client=PROGRAM, address="https://notes.example/back")),
        ("consent/untrusted.html", account(why="Who?")),
    ]:
        yield name, environment().get_template(name).render(context)


def streamed() -> Iterator[str]:
    env = environment()
    for one in MESSAGES.values():
        yield env.get_template("messages/_message.html").render(message=one)
    for agent in [*AGENTS, AWAY]:
        yield env.get_template("agent/_status.html").render(agent=agent)
    yield env.get_template("chat/_conversations.html").render(sessions=[SESSION], session=SESSION)


class Tags(HTMLParser):
    """Collects every start tag with its attributes, and the text of inline scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute twice: {tag} {attrs}"

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in ("script", "style"):
            self.inline += data.strip()


@pytest.mark.parametrize("name", names)
def test_every_template_parses(name: str) -> None:
    environment().get_template(name)


@pytest.mark.parametrize("name", names)
def test_no_template_needs_what_the_csp_forbids(name: str) -> None:
    source = (TEMPLATES / name).read_text()
    assert not re.search(r"\sstyle=|<style|\shx-on|\son[a-z]+=|\"js:|javascript:|hx-vals|hx-trigger=\"[^\"]*\[", source)
    assert not re.search(r"(?<!<a )(?:src|href)=\"(?:https?:)?//", source)


def test_pages_hold_no_inline_script_or_style_and_no_id_twice() -> None:
    for name, html in pages():
        tags = Tags(html)
        ids = [attrs["id"] for _, attrs in tags.found if "id" in attrs]
        assert tags.inline == "", name
        assert all("src" in attrs for tag, attrs in tags.found if tag == "script"), name
        assert len(ids) == len(set(ids)) or name == "chat/show.html", (name, ids)


def test_every_post_form_of_a_page_carries_the_token_once() -> None:
    for name, html in pages():
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", html, re.S):
            assert form.count(f'name="csrf" value="{TOKEN}"') == 1, (name, form[:200])


def test_streamed_html_holds_nothing_of_its_reader() -> None:
    for html in streamed():
        assert "csrf" not in html.replace('hx-include="#csrf"', "")


def test_streamed_tags_stay_on_one_line_so_that_newlines_can_be_encoded() -> None:
    for html in streamed():
        assert not re.search(r"<[^>]*\n[^>]*>", html), html


def test_words_of_people_are_escaped() -> None:
    html = environment().get_template("messages/_message.html").render(message=message())
    assert "Is it\nready? &lt;b&gt;</p>" in html


def test_a_waiting_message_can_be_edited_deleted_and_sent_now() -> None:
    html = environment().get_template("messages/_message.html").render(message=MESSAGES["one that waits"])
    for action in ("/chat/s1/messages/m1", "/chat/s1/messages/m1/delete", "/chat/s1/stop"):
        assert f'action="{action}" hx-post="{action}"' in html


def test_what_is_busy_says_so() -> None:
    status = environment().get_template("agent/_status.html")
    busy = [agent.status for agent in AGENTS if "data-busy" in status.render(agent=agent)]
    assert busy == ["queued", "thinking", "responding"]
    assert "data-busy" in status.render(agent=AWAY)


def test_every_icon_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / SPRITE).read_text()))
    used = {name for _, html in pages() for name in re.findall(rf"{re.escape(SPRITE)}\?v=1#([^\"]+)", html)}
    assert used
    assert used <= drawn


def test_every_asset_a_page_names_exists() -> None:
    for _, html in pages():
        for path in re.findall(r"/static/([^?\"]+)\?v=1", html):
            assert (STATIC / path).is_file(), path


def test_style_sheets_load_nothing_from_elsewhere() -> None:
    for path in STATIC.rglob("*.css"):
        css = path.read_text()
        assert "@import" not in css, path
        assert all(url.startswith(("'data:", '"data:', "data:")) for url in re.findall(r"url\(([^)]{0,20})", css)), path


def test_every_style_sheet_but_the_tokens_stands_in_a_layer() -> None:
    for path in (STATIC / "css").glob("*.css"):
        outside = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S).strip()
        assert path.name == "theme.css" or outside.startswith("@layer"), path.name


@pytest.mark.parametrize("path", scripts, ids=lambda path: path.name)
def test_a_custom_element_has_at_most_60_lines(path: Path) -> None:
    for body in re.findall(r"^class .*?^}", path.read_text(), re.S | re.M):
        assert body.count("\n") < 60, path.name
    assert "eval(" not in path.read_text()
    assert "innerHTML" not in path.read_text()


def test_all_scripts_together_have_at_most_800_lines() -> None:
    assert sum(path.read_text().count("\n") for path in scripts) <= 800
