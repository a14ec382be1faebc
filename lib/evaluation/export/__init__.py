"""An evaluation as files that other tools read: BEIR, TREC, CSV, JSON."""
