"""Every way out that this Parley has, by the name that a delivery's `via` gives it."""

from app.channels.protocol import Channel

_channels: dict[str, Channel] = {}


def connect(name: str, channel: Channel) -> None:
    """From now on `channel` sends what goes by `name`."""
    _channels[name] = channel


def channel_for(name: str) -> Channel | None:
    return _channels.get(name)
