"""From bytes to an audited, split dataset: tables, shapes, audit, split, samples."""
