"""The sections of the explore page."""
