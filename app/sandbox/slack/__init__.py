"""Slack's protocols on one workspace that lives in memory: `workspace.py` holds it, `methods/` is the Web API,
`outward.py` calls the app back, `pages.py` shows it to people."""
