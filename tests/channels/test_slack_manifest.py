"""The manifest names what is in use, no less and no more."""

import inspect
import re

import pytest
import yaml
from typer.testing import CliRunner

from app.__main__ import cli
from app.channels import slack_events
from app.channels.slack_incoming import EVENTS
from app.channels.slack_manifest import manifest
from app.channels.slack_workspace import SCOPES
from app.sandbox.slack.web_api import METHODS
from app.settings import settings
from tests.parley import ROOT

HEARD = {  # docs.slack.dev/reference/events: what lets an app hear of it
    "app_mention": "app_mentions:read", "message.channels": "channels:history", "message.groups": "groups:history",
    "message.im": "im:history",
}  # fmt: skip


def test_it_can_be_read_and_comes_back_here() -> None:
    printed = CliRunner().invoke(cli, ["slack-manifest"])
    assert printed.exit_code == 0
    told = yaml.safe_load(printed.output)
    assert told == manifest()
    assert told["settings"]["event_subscriptions"]["request_url"] == f"{settings().base_url}/slack/events"
    assert told["oauth_config"]["redirect_urls"][0] == f"{settings().base_url}/slack/callback"


def test_with_an_app_token_nothing_is_posted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "slack_app_token", "xapp-1")
    told = manifest()
    assert told["settings"]["socket_mode_enabled"]
    assert "request_url" not in str(told)
    assert "'url'" not in str(told)


def test_what_is_subscribed_to_is_what_is_heard() -> None:
    cases = re.findall(r"case (.+?)(?: if .*)?:\n", inspect.getsource(slack_events.take_event))
    heard = {name for case in cases for name in re.findall(r'"(\w+)"', case)}
    assert {event.partition(".")[0] for event in EVENTS} == heard


def test_each_scope_is_for_a_method_that_is_called_or_an_event_that_is_heard() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "app").rglob("channels/slack*.py"))
    called = set(re.findall(r"(?:client|team|web\(.*?\))\.([a-z]+_\w+)\(", source))
    methods = {name.replace(".", "_"): method for name, method in METHODS.items()}
    needed = [set(methods[name].scopes) for name in called if name in methods and methods[name].scopes]
    assert called & set(methods), "the calls were found"
    for scopes in needed:
        assert scopes & set(SCOPES)
    useful = {scope for scopes in needed for scope in scopes} | {HEARD[event] for event in EVENTS if event in HEARD}
    assert set(SCOPES) - useful <= {"commands", "users:read.email", "users:read"}
