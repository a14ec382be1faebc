"""From a file to an audited, split dataset: read, map columns, audit, split."""
