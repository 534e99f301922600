"""Where webhooks may go: to the public internet, never into the network that Parley stands in unless a setting says so."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from app.domain.errors import Unfit
from app.domain.message import storable
from app.settings import settings

LONGEST_URL = 2_000
NAT64 = ip_network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


def fit_url(url: str) -> str:
    """An address that webhooks can be posted to: https, or http into the networks of PARLEY_WEBHOOK_NETWORKS. Unfit says
    what is wrong. What its name leads to is looked at with each post, since that may change."""
    try:
        parts = urlsplit(storable(url))
        fit = parts.hostname and parts.port != 0 and not (parts.username or parts.password or parts.fragment)
    except ValueError:
        fit = False
    if not fit or len(url) > LONGEST_URL or not (url.isascii() and url.isprintable()) or " " in url:
        raise Unfit("A webhook's address looks like https://example.com/hooks, without a password and without a #.")
    if parts.scheme != "https" and not (parts.scheme == "http" and settings().webhook_networks):
        raise Unfit("A webhook's address begins with https://.")
    host = parts.hostname or ""
    address = _read(host)
    if host == "localhost" or host.endswith(".localhost"):
        address = ip_address("127.0.0.1")
    if address and not may_go_to(address, parts.scheme):
        raise Unfit("A webhook goes to the public internet. An admin may let it into a network: PARLEY_WEBHOOK_NETWORKS.")
    return url


def may_go_to(address: Address, scheme: str) -> bool:
    """Whether a post may be sent to this very address: in the clear only into the networks that the setting names."""
    meant = _meant(address)
    if any(meant in network for network in settings().webhook_networks):
        return True
    return scheme == "https" and meant.is_global and not meant.is_multicast


def _meant(address: Address) -> Address:
    """Where it leads in the end: some of IPv6's addresses only carry one of IPv4."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def _read(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
