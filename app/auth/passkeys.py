"""Passkeys (Web Authentication Level 3): what a browser is asked to do with one, and whether what it brings back is good.

A challenge is for one browser and counts once. A passkey has checked who holds it, by a finger or a PIN, so that it stands
for both factors."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from app.domain import audit
from app.domain.audit import Action
from app.domain.gate_try import GateTry
from app.domain.passkey import Passkey
from app.domain.spent import spend
from app.domain.user import User
from app.sealed import seal_for, unseal_from
from app.settings import is_loopback, settings

LASTS = timedelta(minutes=5)
REGISTER, SIGN_IN = "passkey to register", "passkey to sign in"
MILLISECONDS = int(LASTS.total_seconds() * 1000)


class NotGood(Exception):
    """What a browser brought back lets nobody in; the text says what to do."""


@dataclass(frozen=True)
class NewKey:
    """A key that a browser has made."""

    credential_id: str
    public_key: bytes
    sign_count: int


def site() -> str:
    """The name that passkeys are bound to (the RP ID): the host of BASE_URL. An address of numbers can't be one: on this
    machine localhost stands for it, elsewhere there are no passkeys, ""."""
    host = urlsplit(settings().base_url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host
    return "localhost" if is_loopback(host) else ""


def origin() -> str:
    """Where passkeys work."""
    ours = urlsplit(settings().base_url)
    return f"{ours.scheme}://{site()}:{ours.port}" if ours.port else f"{ours.scheme}://{site()}"


def to_register(user: User, known: list[Passkey], browser: str) -> dict[str, Any]:
    """What a browser needs to make a key for `user`, who has those that are `known`: the options of
    navigator.credentials.create, and the challenge, sealed, to be brought back."""
    from webauthn import generate_registration_options  # takes a while to load, which no start need wait for
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    wanted = AuthenticatorSelectionCriteria(
        resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
    )
    options = generate_registration_options(
        rp_id=site(), rp_name="Parley", user_id=user.id.bytes, user_name=user.email, user_display_name=user.name,
        timeout=MILLISECONDS, authenticator_selection=wanted, exclude_credentials=_described(known),
    )  # fmt: skip
    return _asked(options, browser, user, REGISTER)


def to_sign_in(browser: str, user: User | None = None, known: list[Passkey] | None = None) -> dict[str, Any]:
    """What a browser needs to show a key: of `user`, who has those that are `known`, or of whoever it is."""
    from webauthn import generate_authentication_options
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site(), timeout=MILLISECONDS, allow_credentials=_described(known or []),
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return _asked(options, browser, user, SIGN_IN)


async def registered(user: User, browser: str, challenge: str, credential: str) -> NewKey:
    """The key that a browser has made for `user`. NotGood if it is not one, or not in answer to this challenge."""
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url

    expected = await _challenge(browser, challenge, REGISTER, user)
    try:
        key = verify_registration_response(
            credential=credential, expected_challenge=expected, expected_rp_id=site(), expected_origin=origin(),
            require_user_verification=True,
        )  # fmt: skip
    except Exception as error:  # its parsers let nearly anything through, given what a browser never sends
        raise NotGood("Your browser has made no passkey that can be used here. Try again.") from error
    return NewKey(bytes_to_base64url(key.credential_id), key.credential_public_key, key.sign_count)


async def shown(browser: str, challenge: str, credential: str, user: User | None = None) -> User:
    """Whose passkey a browser has shown: that of `user`, if they have come half way. NotGood for any other; TooMany while
    failures before this try make them or the network wait, as those with a password do."""
    tried = await GateTry.sign_in(user.email if user else None)
    expected = await _challenge(browser, challenge, SIGN_IN, user)
    try:
        passkey, sign_count = await _verified(credential, expected, user)
    except NotGood:
        await audit.note(Action.SIGN_IN_FAILED, about=user, detail="wrong passkey")
        raise
    found = await passkey.whose()
    if found.disabled_at:
        await audit.note(Action.SIGN_IN_FAILED, about=found, detail="closed account")
        raise NotGood("This account was closed. Ask an admin if that is a mistake.")
    if not await passkey.take(sign_count):
        await audit.note(Action.PASSKEY_COPIED, about=found, detail=passkey.name)
        raise NotGood("That passkey seems to have a copy, so it was refused. Sign in another way and remove it.")
    await tried.remove()
    return found


async def _verified(credential: str, expected: bytes, user: User | None) -> tuple[Passkey, int]:
    """The passkey that answers what was `expected`, and how often it says to have been used."""
    from webauthn import verify_authentication_response
    from webauthn.helpers import parse_authentication_credential_json

    try:
        read = parse_authentication_credential_json(credential)
        passkey = await _known(read.id, read.response.user_handle, user)
        seen = verify_authentication_response(
            credential=read, expected_challenge=expected, expected_rp_id=site(), expected_origin=origin(),
            credential_public_key=passkey.public_key, credential_current_sign_count=0, require_user_verification=True,
        )  # fmt: skip
    except NotGood:
        raise
    except Exception as error:
        raise NotGood("That passkey did not work. Try again, or sign in another way.") from error
    return passkey, seen.new_sign_count


async def _known(credential_id: str, handle: bytes | None, user: User | None) -> Passkey:
    passkey = await Passkey.objects().get(Passkey.credential_id == credential_id)
    theirs = passkey and (user is None or passkey.user == user.id) and (handle is None or handle == passkey.user.bytes)
    if passkey is None or not theirs:
        raise NotGood("Parley does not know that passkey. It may have been removed on your account page.")
    return passkey


def _asked(options: Any, browser: str, user: User | None, purpose: str) -> dict[str, Any]:
    from webauthn.helpers import options_to_json_dict

    told = options_to_json_dict(options)
    words = {"challenge": options.challenge.hex(), "user": str(user.id) if user else ""}
    return {"options": told, "challenge": seal_for(browser, words, purpose, lasts=LASTS)}


async def _challenge(browser: str, brought: str, purpose: str, user: User | None) -> bytes:
    """The challenge that was sealed for this, spent from now on."""
    words = unseal_from(browser, brought, purpose)
    if not words or words["user"] != (str(user.id) if user else "") or not await spend(words["challenge"], LASTS):
        raise NotGood("That took too long, or was sent twice. Try again.")
    return bytes.fromhex(words["challenge"])


def _described(known: list[Passkey]) -> list[Any]:
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in known]
