"""The same resources as JSON, for programs."""
