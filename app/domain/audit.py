"""The audit trail: what was done about getting in and about what people may do; by whom, about whom, when, where from."""

from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz, Varchar
from piccolo.table import Table

from app.clock import now
from app.database import DB, new_id, sql
from app.domain.device import device_words
from app.peer import peer

if TYPE_CHECKING:
    from app.domain.user import User


class Action(StrEnum):
    """What was done. templates/audit/_words.html says each in words."""

    JOINED = "joined"
    INVITED = "invited"
    INVITATION_TAKEN_BACK = "invitation-taken-back"
    SIGNED_IN = "signed-in"
    SIGN_IN_FAILED = "sign-in-failed"
    SIGNED_OUT = "signed-out"
    TOKEN_REUSED = "token-reused"  # noqa: S105 - no secret
    PASSWORD_CHANGED = "password-changed"  # noqa: S105
    RESET_LINK_MADE = "reset-link-made"
    SECOND_FACTOR_ADDED = "second-factor-added"
    SECOND_FACTOR_REMOVED = "second-factor-removed"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    PASSKEY_COPIED = "passkey-copied"
    IDENTITY_LINKED = "identity-linked"
    IDENTITY_UNLINKED = "identity-unlinked"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    ROLE_CHANGED = "role-changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    GRANT_GIVEN = "grant-given"
    GRANT_TAKEN_BACK = "grant-taken-back"
    PROGRAM_MADE_KNOWN = "program-made-known"
    PROGRAM_REMOVED = "program-removed"
    KEY_MADE = "key-made"
    KEY_REMOVED = "key-removed"
    KEY_AT_NEW_ADDRESS = "key-at-new-address"
    CHANNEL_CHANGED = "channel-changed"
    REPLAYED = "replayed"
    FAILURE_SWITCHED = "failure-switched"
    MAIL_LET_THROUGH = "mail-let-through"
    SENDER_BLOCKED = "sender-blocked"
    SENDER_UNBLOCKED = "sender-unblocked"
    EXPORTED = "exported"
    LEFT = "left"
    STAYED = "stayed"
    ERASED = "erased"


class AuditEntry(Table, tablename="audit_entries", db=DB):
    """One thing that was done. Names are as they were then. Rows are only added: PostgreSQL refuses to change or delete
    any (see its migration), and no foreign key could take one along. `detail` of what another person did holds no words
    of the one whom it is about."""

    id = UUIDColumn(primary_key=True, default=new_id)
    action = Varchar(choices=Action)
    by = UUIDColumn(null=True, default=None)
    by_name = Text(default="")
    about = UUIDColumn(null=True, default=None)
    about_name = Text(default="")
    address = Text(default="")
    device = Text(default="")
    detail = Text(default="")
    created_at = Timestamptz(default=now)


async def note(action: Action, *, by: "User | None" = None, about: "User | str | None" = None, detail: str = "") -> None:
    """Add an entry, in the current transaction if there is one: then it is there exactly if what it tells of is. `about`
    may be an address that has no account. Where from is what the present request says. Without `by` it was nobody who is
    known, or Parley itself."""
    by_id, by_name = _told(by)
    about_id, about_name = _told(about)
    device = device_words(peer().device) if peer().device else ""
    await AuditEntry(
        action=action, by=by_id, by_name=by_name, about=about_id, about_name=about_name,
        address=peer().address, device=device, detail=detail,
    ).save()  # fmt: skip


def _told(who: "User | str | None") -> tuple[UUID | None, str]:
    if who is None or isinstance(who, str):
        return None, who or ""
    return who.id, who.name


async def trail(words: str = "", action: str = "", *, limit: int, offset: int = 0) -> list[Any]:
    """Rows of entries, the latest first, with `by_email` and `about_email` of who still has an account: those of one
    action, and those in which a name, then or now, an e-mail address or a network address holds `words`."""
    return await sql(
        """SELECT e.*, b.email AS by_email, a.email AS about_email FROM audit_entries e
           LEFT JOIN users b ON b.id = e.by AND b.erased_at IS NULL
           LEFT JOIN users a ON a.id = e.about AND a.erased_at IS NULL
           WHERE $2 IN ('', e.action) AND strpos(lower(
             concat_ws(' ', e.by_name, b.name, b.email, e.about_name, a.name, a.email, e.address)), lower($1)) > 0
           ORDER BY e.created_at DESC, e.id DESC LIMIT $3 OFFSET $4""",
        words, action, limit, offset,
    )  # fmt: skip


async def entries_of(user_id: UUID) -> list[Any]:
    """What a person did and what was done about them, oldest first; where another did it from is not theirs to know."""
    return await sql(
        """SELECT action, by = $1 AS by_you, about_name AS about, detail, created_at,
             CASE WHEN by <> $1 THEN '' ELSE address END AS address, CASE WHEN by <> $1 THEN '' ELSE device END AS device
           FROM audit_entries WHERE $1 IN (by, about) ORDER BY created_at, id""",
        user_id,
    )


async def empty(user_id: UUID, email: str) -> None:
    """Within the transaction that erases a person: what tells who they were goes. The rows stay, with what was done, when,
    and ids that lead to nobody any more: else erasing oneself would be the way to undo what others count on, such as who
    made whom an admin."""
    await sql("SELECT set_config('parley.erasing', 'on', true)")
    await sql(
        """UPDATE audit_entries SET
             by_name = CASE WHEN by = $1 THEN '' ELSE by_name END,
             about_name = CASE WHEN about = $1 OR about_name = $2 THEN '' ELSE about_name END,
             address = CASE WHEN by <> $1 THEN address ELSE '' END, device = CASE WHEN by <> $1 THEN device ELSE '' END,
             detail = CASE WHEN by <> $1 THEN detail ELSE '' END
           WHERE $1 IN (by, about) OR (about IS NULL AND about_name = $2)""",
        user_id, email,
    )  # fmt: skip
    await sql("SELECT set_config('parley.erasing', 'off', true)")
    await AuditEntry(action=Action.ERASED, about=user_id).save()
