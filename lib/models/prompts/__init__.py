"""Prompts: what a model expects before a query or a document, where they are from, and how a model is given them."""
