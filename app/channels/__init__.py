"""How a message leaves and arrives: one file per channel, one small protocol."""
