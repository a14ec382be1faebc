"""Per-pair results on the explore page."""
