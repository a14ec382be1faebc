"""The search section of the explore page: base and tuned side by side."""
