"""Base models: names to folders, loading, encoding, cached vectors, the inference process."""
