"""What Parley is about: one file per entity; a table carries its behaviour."""
