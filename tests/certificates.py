"""Certificates that nobody but a test trusts, and a terminator that puts TLS before a server that lacks it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)
"""How a client of PostgreSQL asks for TLS, before anything else."""


def make_certificate(folder: Path, name: str = "localhost", called: str = "own") -> tuple[Path, Path]:
    """A self-signed certificate of `name` and 127.0.0.1, for a day, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    certfile, keyfile = folder / f"{called}.pem", folder / f"{called}.key"
    certfile.write_bytes(made.public_bytes(Encoding.PEM))
    keyfile.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certfile, keyfile


@asynccontextmanager
async def terminator(socket: Path, certfile: Path, keyfile: Path, *, postgres: bool = False) -> AsyncIterator[int]:
    """The port of loopback where the server of this UNIX socket is reached by TLS, and not otherwise."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certfile, keyfile)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            if postgres:
                if await reader.readexactly(8) != SSL_REQUEST:
                    return writer.close()
                writer.write(b"S")
            await writer.start_tls(context)
            behind, before = await asyncio.open_unix_connection(str(socket))
            await asyncio.gather(pass_on(reader, before), pass_on(behind, writer))

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
