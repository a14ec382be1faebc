"""The formats of this field: how each is recognised, and how its examples become a table."""
