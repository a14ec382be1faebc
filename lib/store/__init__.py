"""The workspace on disk: database, atomic folders, datasets, runs."""
