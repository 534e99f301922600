"""Requests to the app, signed as Slack signs them (docs.slack.dev, "Verifying requests from Slack")."""

import hashlib
import hmac
import time


def signed(body: bytes, secret: str, content_type: str) -> dict[str, str]:
    """The headers for a body that goes out now."""
    at = str(int(time.time()))
    digest = hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={digest}",
    }
