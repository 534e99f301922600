"""Local stand-ins for what Parley talks to elsewhere, with pages to click in. They know nothing of Parley's database."""
