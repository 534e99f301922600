"""Authorization codes: what a program gets from a person's consent, and brings back within a minute for tokens."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Self

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, new_id, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.oauth_client import OAuthClient
from app.domain.scope import Scope
from app.domain.sign_in import SignIn
from app.domain.user import User

LASTS = timedelta(seconds=60)
REMEMBERED = timedelta(days=1)


class OAuthCode(Table, tablename="oauth_codes", db=DB):
    """A code, of which only the hash is kept. When it was redeemed the row stays for a day, with the sign-in that it gave:
    who brings it again has stolen it, or was robbed (RFC 6749, 4.1.2)."""

    id = UUIDColumn(primary_key=True, default=new_id)
    user = ForeignKey(User, null=False, index=True)
    client = ForeignKey(OAuthClient, null=False, index=True)
    hash = Text(unique=True, secret=True)
    redirect_uri = Text()
    challenge = Text(secret=True)
    scopes = Array(base_column=Text(), default=list)
    created_at = Timestamptz(default=now, index=True)
    sign_in = ForeignKey(SignIn, null=True, default=None)

    @classmethod
    async def issue(cls, user: User, client: OAuthClient, *, redirect_uri: str, challenge: str, scopes: list[Scope]) -> str:
        """A code for what `user` consented to."""
        code = secrets.token_urlsafe(32)
        await cls.delete().where(cls.created_at < now() - REMEMBERED)
        async with transaction():
            await cls(
                user=user.id,
                client=client.id,
                hash=_hash(code),
                redirect_uri=redirect_uri,
                challenge=challenge,
                scopes=scopes,
            ).save()
            await audit.note(Action.GRANT_GIVEN, by=user, detail=f"{client.name} ({', '.join(scopes)})")
        return code

    @classmethod
    async def redeem(cls, code: str, *, client_id: str, redirect_uri: str, verifier: str, device: str = "") -> SignIn | None:
        """The sign-in that a code gives to the program that asked for it, where it asked, and knows the `verifier` of the
        challenge (RFC 7636, S256). None otherwise; a second time also ends what the first one gave."""
        async with transaction():
            kept: Self | None = await cls.objects().get(cls.hash == _hash(code)).lock_rows("UPDATE")
            if kept is None:
                return None
            if kept.sign_in:
                given = await SignIn.objects().get((SignIn.id == kept.sign_in) & SignIn.ended_at.is_null())
                if given:
                    await given.end_as_stolen()
                return None
            right = (str(kept.client), kept.redirect_uri, kept.challenge) == (client_id, redirect_uri, s256(verifier))
            user = await User.objects().get((User.id == kept.user) & User.disabled_at.is_null() & User.left_at.is_null())
            if not right or user is None or kept.created_at < now() - LASTS:
                return None
            begun = await SignIn.begin(user, device, client_id=kept.client, scopes=kept.scopes)
            kept.sign_in = begun.id
            await kept.save([cls.sign_in])
            return begun


def s256(verifier: str) -> str:
    """The challenge of a verifier (RFC 7636, 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode(errors="replace")).digest()).rstrip(b"=").decode()


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode(errors="replace")).hexdigest()
