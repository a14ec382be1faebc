"""Prompts: what a model expects before a query or a document, and where that is from."""
