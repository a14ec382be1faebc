"""Split examples into train, validation and held-out so that rows that share a text stand in one part."""
