"""Google's word that there is new mail, and what becomes of a mailbox that it takes away."""

from collections.abc import AsyncIterator

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from app.channels import gmail_push
from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.delivery import Delivery
from app.domain.user import User
from app.sandbox.mail.office import Office
from app.sandbox.mail.pubsub import token
from app.settings import settings
from tests.channels.mail_side import Correspondent, mail_beside, taken_in
from tests.waiting import until

AUDIENCE = "https://parley.example/gmail/push"


@pytest.fixture
async def mail(ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with mail_beside(monkeypatch) as office:
        for name, value in {
            "gmail_push_audience": AUDIENCE, "gmail_push_topic": "projects/x/topics/y", "gmail_poll_seconds": 3600.0,
        }.items():  # fmt: skip
            monkeypatch.setattr(settings(), name, value)
        monkeypatch.setattr(gmail_push, "_keys", None)
        office.push_audience = AUDIENCE
        yield office


async def _watched() -> bool:
    return bool(await sql("SELECT FROM mail_cursors WHERE watched_until > now() + interval '6 days'"))


async def test_new_mail_is_read_when_google_says_so(mail: Office, server: str, ana: User, worker: object) -> None:
    mail.push_url = f"{server}/gmail/push"
    await until(_watched)
    await CommunicationChannel.add(ana.id, ChannelType.EMAIL, "ana.lindqvist@example.com")
    Correspondent(mail, "ana.lindqvist@example.com", "Ana").writes("Hello", "[[say=At once]]")
    assert await taken_in(1) == [""]


async def test_a_watch_is_asked_for_anew_each_day(mail: Office, worker: object) -> None:
    await until(_watched)
    await sql("UPDATE mail_cursors SET watched_until = now() + interval '5 days'")
    await gmail_push.keep_watched()
    assert await _watched()


async def test_nobody_else_is_believed(mail: Office, server: str) -> None:
    other = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    claims = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "exp": int(mail.now()) + 60, "email_verified": True}
    forged = jwt.encode({"alg": "RS256", "kid": other.kid}, claims, other)
    at = int(mail.now())
    bad = [
        "x", forged, token(mail, aud="somebody else"), token(mail, iss="https://elsewhere.example"),
        token(mail, exp=at - 120), token(mail, email_verified=False), token(mail)[:-4] + "AAAA",
    ]  # fmt: skip
    async with httpx.AsyncClient(base_url=server, trust_env=False) as client:
        for one in bad:
            answer = await client.post("/gmail/push", json={}, headers={"Authorization": f"Bearer {one}"})
            assert answer.status_code == 401, one
        assert (await client.post("/gmail/push", json={})).status_code == 401
        good = await client.post("/gmail/push", json={}, headers={"Authorization": f"Bearer {token(mail, exp=at - 5)}"})
        assert good.status_code == 204


async def test_where_no_audience_is_set_nobody_is_heard(mail: Office, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "gmail_push_audience", "")
    async with httpx.AsyncClient(base_url=server, trust_env=False) as client:
        answer = await client.post("/gmail/push", headers={"Authorization": f"Bearer {token(mail)}"})
    assert answer.status_code == 401


async def test_admins_are_told_elsewhere_when_the_mailbox_is_taken_away(mail: Office, ana: User, worker: object) -> None:
    channel = await CommunicationChannel.add(ana.id, ChannelType.EMAIL, "ana.lindqvist@example.com")
    await CommunicationChannel.reorder(ana.id, [one.id for one in (await CommunicationChannel.of(ana.id))[::-1]])
    for one in mail.world.tokens.values():
        one.revoked = True
    await Delivery.test(channel)

    async def told() -> bool:
        rows = await sql("SELECT via, payload->>'text' AS text FROM deliveries WHERE kind = 'notice'")
        assert all(row["via"] == "web" for row in rows)
        return len(rows) == 1 and "/gmail/connect" in rows[0]["text"]

    await until(told)
