"""What Parley promises although things break: real processes that are killed, stopped and cut off (`make faults`)."""
