"""Whether a mail is from whom it says, as our own provider found when it came in (RFC 8601)."""

from email.message import EmailMessage

from app.settings import settings


def is_proven(message: EmailMessage, sender: str) -> bool:
    """Only what stands topmost counts: our provider wrote it, anything below may have been brought along. DMARC decides;
    where the sender's domain has none, a signature or a server of that domain."""
    import authres

    found = message.get_all("Authentication-Results", [])
    if not found:
        return False
    try:
        told = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {' '.join(str(found[0]).split())}")
    except (authres.AuthResError, ValueError):
        return False
    if str(told.authserv_id).lower() != settings().mail_authserv_id.lower():
        return False
    domain = sender.rpartition("@")[2].lower()
    methods = [(str(one.method).lower(), str(one.result).lower(), _domains(one)) for one in told.results]
    by_policy = [(result, named) for method, result, named in methods if method == "dmarc" and result != "none"]
    if by_policy:
        return all(result == "pass" and (not named or domain in named) for result, named in by_policy)
    return any(
        method in ("dkim", "spf") and result == "pass" and any(_speaks_for(one, domain) for one in named)
        for method, result, named in methods
    )


def _domains(result: object) -> set[str]:
    """Of whom a result speaks."""
    named = {"header.from", "header.d", "header.i", "smtp.mailfrom"}
    properties = getattr(result, "properties", None) or []
    return {
        str(one.value).strip('"').rpartition("@")[2].lower() for one in properties if f"{one.type}.{one.name}" in named
    } - {""}


def _speaks_for(signer: str, domain: str) -> bool:
    return domain == signer or domain.endswith(f".{signer}")
