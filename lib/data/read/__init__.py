"""Read files of any supported format into a table of text columns."""
