"""Sign in with Slack: ID tokens and the keys to check them by (docs.slack.dev, "Sign in with Slack")."""

import hashlib
from base64 import urlsafe_b64encode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Json

LASTS_SECONDS = 300


def discovery(workspace: Workspace) -> Json:
    """What stands at /.well-known/openid-configuration."""
    base = workspace.base_url
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/openid/connect/authorize",
        "token_endpoint": f"{base}/api/openid.connect.token",
        "userinfo_endpoint": f"{base}/api/openid.connect.userInfo",
        "jwks_uri": f"{base}/openid/connect/keys",
        "scopes_supported": ["openid", "profile", "email"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["form_post"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "auth_time", "iss"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": True,
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }


def keys(workspace: Workspace) -> Json:
    """The public keys, as JWKS."""
    told: Json = dict(KeySet([_key(workspace)]).as_dict(private=False))
    return told


def id_token(workspace: Workspace, user: str, nonce: str, access_token: str, scopes: set[str]) -> str:
    """A signed token about a user, good for five minutes."""
    at = int(workspace.clock.now())
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    told = {
        "iss": workspace.base_url, "aud": workspace.world.app.client_id, "iat": at, "exp": at + LASTS_SECONDS,
        "auth_time": at, "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(), **claims(workspace, user, scopes),
    }  # fmt: skip
    key = _key(workspace)
    header = {"typ": "JWT", "alg": "RS256", "kid": key.kid}
    return jwt.encode(header, told | ({"nonce": nonce} if nonce else {}), key)


def claims(workspace: Workspace, user: str, scopes: set[str]) -> Json:
    """Who somebody is, as far as they let the app know."""
    world = workspace.world
    one = world.people[user]
    first, _, last = one.real_name.partition(" ")
    told: Json = {"sub": one.id, "https://slack.com/user_id": one.id, "https://slack.com/team_id": world.team_id}
    if "email" in scopes:
        told |= {"email": one.email, "email_verified": one.email_confirmed}
    if "profile" in scopes:
        told |= {"name": one.real_name, "given_name": first, "family_name": last, "locale": "en-US",
                 "https://slack.com/team_name": world.team_name,
                 "https://slack.com/team_domain": world.team_domain}  # fmt: skip
    return told


def _key(workspace: Workspace) -> RSAKey:
    """Made when it is first needed, and kept."""
    if workspace.world.signing_key is None:
        made = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        workspace.world.signing_key = dict(made.as_dict(private=True))
        workspace.changed()
    return RSAKey.import_key(workspace.world.signing_key)
