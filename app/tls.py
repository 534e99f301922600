"""TLS that the web processes speak themselves, where no proxy does it for them."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from app.settings import SettingsError, settings


@dataclass(frozen=True)
class Tls:
    """A certificate with its chain, and its key, as PEM files; without a key, it stands in the certificate's file."""

    certfile: Path
    keyfile: Path | None

    @property
    def options(self) -> list[str]:
        """As a web process is told."""
        return ["--ssl-certfile", str(self.certfile), *(["--ssl-keyfile", str(self.keyfile)] if self.keyfile else [])]


def tls_of(certfile: Path | None, keyfile: Path | None) -> Tls | None:
    """What these options ask for; None without. SettingsError says what is wrong with the files, or with PARLEY_BASE_URL."""
    if certfile is None:
        if keyfile:
            raise SettingsError("--ssl-keyfile: give its certificate too, as --ssl-certfile.")
        return None
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certfile, keyfile)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"--ssl-certfile {certfile}, --ssl-keyfile {keyfile}: {error.strerror or error}.") from error
    if not settings().secure:
        raise SettingsError(
            f"PARLEY_BASE_URL is {settings().base_url}, but --ssl-certfile makes Parley speak https. "
            "Set PARLEY_BASE_URL=https://... to the name in the certificate."
        )
    return Tls(certfile.resolve(), keyfile.resolve() if keyfile else None)
