"""Conversations that somebody has open in this process, and what those who listen are told: pages and programs alike."""
