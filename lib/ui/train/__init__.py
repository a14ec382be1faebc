"""The sections of the train page."""
