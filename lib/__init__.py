"""Closer: fine-tune sentence-embedding models on your own pairs, and see and check that the pairs moved closer."""
