"""What Slack has to know of the app: its manifest (docs.slack.dev/reference/app-manifest), made from what is in use."""

from typing import Any

import yaml  # type: ignore[import-untyped]

from app.channels.slack_incoming import EVENTS
from app.channels.slack_workspace import SCOPES, callback_url
from app.settings import settings


def manifest() -> dict[str, Any]:
    """By this one makes the app at Slack. Where the settings have an app token, Slack posts nothing: it is listened to."""
    base, sockets = settings().base_url, bool(settings().slack_app_token)

    def posted(path: str) -> dict[str, str]:
        return {} if sockets else {"request_url": f"{base}/slack/{path}"}

    command = {
        "command": "/parley",
        "description": "Ask, go on here, what waits",
        "usage_hint": "ask … | here | status",
    }
    return {
        "display_information": {"name": "Parley", "description": "People and an AI agent, one conversation."},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": "Parley", "always_online": True},
            "slash_commands": [command | ({} if sockets else {"url": f"{base}/slack/commands"})],
        },
        "oauth_config": {
            "redirect_urls": [callback_url(), f"{base}/sign-in/slack/callback"],
            "scopes": {"bot": list(SCOPES)},
        },
        "settings": {
            "event_subscriptions": {**posted("events"), "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **posted("interactions")},
            "org_deploy_enabled": False,
            "socket_mode_enabled": sockets,
            "token_rotation_enabled": True,
        },
    }


def as_yaml() -> str:
    """The manifest as it is put in at Slack."""
    return str(yaml.safe_dump(manifest(), sort_keys=False))
