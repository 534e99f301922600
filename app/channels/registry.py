"""Every way out that this Parley has, by the name that a delivery's `via` gives it."""

from app.channels.protocol import Channel

_channels: dict[str, Channel] = {}


def connect(name: str, channel: Channel) -> None:
    """From now on `channel` sends what goes by `name`."""
    _channels[name] = channel


def channel_for(via: str) -> Channel | None:
    """What sends what goes by `via`; all webhooks (`webhook:<endpoint>`) go by one."""
    return _channels.get(via.partition(":")[0])
