"""The sections of the upload page."""
