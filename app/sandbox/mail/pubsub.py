"""Pub/Sub tells Parley that its mailbox has changed, each call signed as Google signs them."""

import asyncio
import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

if TYPE_CHECKING:
    from app.sandbox.mail.office import Office

LASTS_SECONDS = 3600


def push(office: "Office") -> None:
    """Tell it, without waiting for what comes of it."""
    task = asyncio.create_task(_push(office))
    office.tasks.add(task)
    task.add_done_callback(office.tasks.discard)


async def _push(office: "Office") -> None:
    import httpx2

    told = {"emailAddress": office.world.ours, "historyId": office.ours.history_id}
    body = {"message": {"data": b64encode(json.dumps(told).encode()).decode(), "messageId": str(office.ours.history_id)}}
    headers = {"Authorization": f"Bearer {token(office)}"}
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
        try:
            await client.post(office.push_url, json=body, headers=headers)
        except httpx2.HTTPError:
            return


def token(office: "Office", **other: Any) -> str:
    """What Google says of itself: signed, for the audience that the subscription names."""
    at = int(office.now())
    claims = {
        "iss": "https://accounts.google.com", "aud": office.push_audience, "iat": at, "exp": at + LASTS_SECONDS,
        "email": "push@sandbox.iam.example", "email_verified": True, "sub": "1",
    }  # fmt: skip
    key = _key(office)
    return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.kid}, claims | other, key)


def keys(office: "Office") -> dict[str, Any]:
    """The public ones."""
    return dict(KeySet([_key(office)]).as_dict(private=False))


def _key(office: "Office") -> RSAKey:
    """Made when it is first needed, and kept."""
    if office.world.signing_key is None:
        office.world.signing_key = dict(
            RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True).as_dict(private=True)
        )
        office.changed()
    return RSAKey.import_key(office.world.signing_key)
