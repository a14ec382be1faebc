"""Base models: names to folders, encoding, export."""
