"""Audit examples: one file for each family of checks; `registry` lists the checks in order."""
