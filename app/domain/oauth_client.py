"""Programs that people may let speak for them (RFC 6749): who made them known, and where a person is sent back to."""

import re
from collections.abc import Iterable
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Array, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from app.clock import now
from app.database import DB, after_commit, loaded, new_id, sql, transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import NotFound, Unfit
from app.domain.scope import fit_scopes
from app.domain.user import Role, User
from app.live import announce_everywhere

LONGEST_NAME = 80
LONGEST_URI = 500
MOST_URIS = 10
FIRST_PARTY = "parley"  # the client id of our own programs, which may take a password
HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")
HERE = ("127.0.0.1", "[::1]", "localhost")
ANY_PORT = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?((?:/.*)?)", re.ASCII)


class OAuthClient(Table, tablename="oauth_clients", db=DB):
    """A program made known by a person. It keeps no secret of ours (it is public, RFC 6749, 2.1): its redirect addresses and
    PKCE show that it is the one."""

    id = UUIDColumn(primary_key=True, default=new_id)
    owner = ForeignKey(User, null=False, index=True)
    name = Text()
    redirect_uris = Array(base_column=Text(), default=list)
    scopes = Array(base_column=Text(), default=list)
    created_at = Timestamptz(default=now)

    @classmethod
    async def register(cls, owner: User, *, name: str, redirect_uris: Iterable[str], scopes: Iterable[str]) -> Self:
        """Make a program known, which may then ask people for these scopes. Unfit says what is wrong."""
        client = cls(
            owner=owner.id, name=fit_name(name), redirect_uris=fit_uris(redirect_uris), scopes=fit_scopes(scopes, owner)
        )
        async with transaction():
            await client.save()
            await audit.note(Action.PROGRAM_MADE_KNOWN, by=owner, detail=client.name)
        return client

    @classmethod
    async def find(cls, client_id: str) -> Self | None:
        """The program that calls itself by this id, letter by letter."""
        try:
            known = UUID(client_id)
        except ValueError:
            return None
        return await cls.objects().get(cls.id == known) if str(known) == client_id else None

    @classmethod
    async def looked_after_by(cls, user: User) -> list[tuple[Self, str]]:
        """The programs that a person may remove, each with who made it known: their own; for an admin, everybody's."""
        rows = await sql(
            """SELECT c.*, u.name AS owner_name FROM oauth_clients c JOIN users u ON u.id = c.owner
               WHERE c.owner = $1 OR $2 ORDER BY lower(c.name), c.id""",
            user.id,
            user.role == Role.ADMIN,
        )
        return [(loaded(cls, row), row["owner_name"]) for row in rows]

    @classmethod
    async def allowed_by(cls, user: User) -> list[Any]:
        """What a person lets programs do: rows of `id`, `name`, `scopes`, `since` and `last_used_at`, by name."""
        return await sql(
            """SELECT c.id, c.name, array_agg(DISTINCT scope) AS scopes, min(s.created_at) AS since,
                 max(s.last_used_at) AS last_used_at
               FROM sign_ins s JOIN oauth_clients c ON c.id = s.client, unnest(s.scopes) AS scope
               WHERE s."user" = $1 AND s.ended_at IS NULL AND s.expires_at > $2
               GROUP BY c.id ORDER BY lower(c.name), c.id""",
            user.id,
            now(),
        )

    async def discard(self, *, by: User) -> None:
        """It is known no more, and what people let it do has ended."""
        async with transaction():
            await self._end_grants()
            await audit.note(Action.PROGRAM_REMOVED, by=by, detail=self.name)
            await OAuthClient.delete().where(OAuthClient.id == self.id)

    async def take_back(self, user: User) -> None:
        """End what `user` lets it do. NotFound if that is nothing."""
        async with transaction():
            if not await self._end_grants(user.id):
                raise NotFound("You let no such program do anything.")
            await audit.note(Action.GRANT_TAKEN_BACK, by=user, detail=self.name)

    async def _end_grants(self, whose: UUID | None = None) -> int:
        """What one person lets it do, or everybody; also what is only on its way to it. How many sign-ins that were."""
        async with transaction():
            # The codes first: who is redeeming one holds it until they have begun the sign-in that is looked for next.
            await sql('DELETE FROM oauth_codes WHERE client = $1 AND ($2::uuid IS NULL OR "user" = $2)', self.id, whose)
            rows = await sql(
                """UPDATE sign_ins SET ended_at = $3 WHERE client = $1 AND ($2::uuid IS NULL OR "user" = $2)
                   AND ended_at IS NULL RETURNING id""",
                self.id, whose, now(),
            )  # fmt: skip
            for row in rows:
                after_commit(announce_everywhere, "sign-in.ended", {"id": str(row["id"])})
        return len(rows)

    def sends_back_to(self, uri: str) -> bool:
        """Whether this is one of its redirect addresses, letter by letter; on this machine's own IP address the port may be
        any, since a program takes one that is free (RFC 8252, 7.3)."""
        return uri in self.redirect_uris or (without_port(uri) or "") in map(without_port, self.redirect_uris)


def without_port(uri: str) -> str | None:
    """An http address on this machine, its port left out; None for any other."""
    found = ANY_PORT.fullmatch(uri)
    return found[1] + found[2] if found else None


def fit_name(name: str) -> str:
    """What people call a program or a key, as it is kept. Unfit for what can't be read."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Unfit(f"Give it a name of at most {LONGEST_NAME} characters.")
    return name


def fit_uris(uris: Iterable[str]) -> list[str]:
    """Redirect addresses as they are kept. Unfit says which can't be one."""
    chosen = list(dict.fromkeys(uri.strip() for uri in uris if uri.strip()))
    if not 0 < len(chosen) <= MOST_URIS:
        raise Unfit(f"Give it 1 to {MOST_URIS} addresses, one on each line.")
    for uri in chosen:
        if not _is_fit(uri):
            raise Unfit(
                f"{uri[:60]} can't be one. It begins with https://, or on one's own machine http://127.0.0.1/, without #."
            )
    return chosen


def _is_fit(uri: str) -> bool:
    """It is compared letter by letter and goes into a header, so it has nothing that one reads in two ways."""
    if len(uri) > LONGEST_URI or not re.fullmatch(r"[!-~]+", uri) or set(uri) & set('#\\<>"`{}|^'):
        return False
    try:
        parts = urlsplit(uri)
        host = parts.netloc.removesuffix(f":{parts.port}") if parts.port is not None else parts.netloc
    except ValueError:
        return False
    if not HOST.fullmatch(host):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in HERE)
