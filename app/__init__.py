"""Parley: people and an AI agent in one conversation, whatever the channel."""
