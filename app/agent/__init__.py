"""How the agent thinks."""
