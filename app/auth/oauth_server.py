"""Tokens for programs: what each kind of grant gives, and how it is taken back (RFC 6749, 7009)."""

from dataclasses import dataclass
from typing import Literal

from app.auth import first_factor, present, second_factor
from app.auth.tokens import ACCESS_LASTS, PROGRAMS, access_token, read_access, read_refresh, refresh_token
from app.domain.oauth_client import FIRST_PARTY, OAuthClient
from app.domain.oauth_code import OAuthCode
from app.domain.scope import ALL, Scope, in_order, open_to
from app.domain.sign_in import SignIn

Error = Literal[
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
    "unsupported_response_type", "access_denied", "slow_down",
]  # fmt: skip


class OAuthError(Exception):
    """What a program is told instead: a code of RFC 6749, 4.1.2.1 and 5.2, and a sentence for its developer."""

    def __init__(self, error: Error, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


@dataclass(frozen=True)
class Tokens:
    """What a program gets (RFC 6749, 5.1)."""

    access_token: str
    refresh_token: str
    scope: str
    expires_in: int = int(ACCESS_LASTS.total_seconds())
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - no secret


async def by_password(*, client_id: str, email: str, password: str, otp: str, scope: str, device: str) -> Tokens:
    """For our own programs alone: a person's address and password, and a code of their second factor if they have one.
    TooMany while failures before this try make them wait, as at the sign-in."""
    if client_id != FIRST_PARTY:
        await _known(client_id)
        raise OAuthError("unauthorized_client", "Passwords are for Parley's own client. Ask for the person's consent.")
    asked = read_scopes(scope) or ALL
    user = await first_factor.by_password(email, password)
    if user is None:
        raise OAuthError("invalid_grant", "That e-mail address and password don't belong together.")
    two_steps = await second_factor.needed(user)
    if two_steps and not otp:
        raise OAuthError("invalid_grant", "A second factor is set: send its code as otp.")
    if two_steps and not await second_factor.passes(user, otp):
        raise OAuthError("invalid_grant", "That code is not right, or it was used before.")
    if user.left_at:
        raise OAuthError("invalid_grant", "This account is about to be erased. Sign in on its page to keep it.")
    how = "two steps, by a program" if two_steps else "password, by a program"
    return _tokens(await SignIn.begin(user, device, how, scopes=asked & open_to(user)))


async def by_code(*, client_id: str, code: str, redirect_uri: str, verifier: str, device: str) -> Tokens:
    """For a program that a person has let in."""
    await _known(client_id)
    begun = await OAuthCode.redeem(code, client_id=client_id, redirect_uri=redirect_uri, verifier=verifier, device=device)
    if begun is None:
        told = "The code has ended or was used, or it belongs to another client_id, redirect_uri or code_challenge."
        raise OAuthError("invalid_grant", told)
    return _tokens(begun)


async def by_refresh(*, client_id: str, token: str, scope: str) -> Tokens:
    """The successor of a refresh token, with an access token for all that was granted, or for as much of it as `scope`
    says."""
    asked, read = read_scopes(scope), read_refresh(token, PROGRAMS)
    found = await SignIn.objects().get(SignIn.id == read[0]) if read else None
    if read and found and client_id in ("", found.client_id):
        if not asked <= set(found.scopes or ()):
            raise OAuthError("invalid_scope", "This grant doesn't hold all of these scopes.")
        renewed = await SignIn.rotate(*read)
        if renewed and await SignIn.person(renewed.id):
            return _tokens(renewed, asked)
    raise OAuthError("invalid_grant", "The refresh token is none of this client's, has ended, or was used before.")


async def revoke(*, client_id: str, token: str) -> None:
    """End the sign-in that a refresh token or an access token belongs to; nothing for what is none."""
    access, refresh = read_access(token), read_refresh(token, PROGRAMS)
    sign_in_id = access.sign_in_id if access else refresh[0] if refresh else None
    found = await SignIn.objects().get((SignIn.id == sign_in_id) & SignIn.ended_at.is_null()) if sign_in_id else None
    if found is None:
        return
    if client_id not in ("", found.client_id):
        raise OAuthError("invalid_grant", "This token was given to another client.")
    await found.end()
    present.forget(found.id)


def read_scopes(words: str) -> frozenset[Scope]:
    """Scopes as a program asks for them, a blank between; none when it leaves that to us."""
    try:
        return frozenset(map(Scope, words.split()))
    except ValueError:
        raise OAuthError("invalid_scope", f"The scopes are {', '.join(Scope)}.") from None


async def _known(client_id: str) -> None:
    if client_id != FIRST_PARTY and not await OAuthClient.find(client_id):
        raise OAuthError("invalid_client", "There is no client of this client_id.")


def _tokens(sign_in: SignIn, asked: frozenset[Scope] = frozenset()) -> Tokens:
    scopes = in_order(asked or sign_in.scopes or ())
    return Tokens(
        access_token=access_token(sign_in.user, sign_in.id, client_id=sign_in.client_id, scopes=scopes),
        refresh_token=refresh_token(sign_in.id, sign_in.generation, PROGRAMS),
        scope=" ".join(scopes),
    )
