"""Closer: fine-tune sentence-embedding models on your pairs of texts, and check what changed."""
