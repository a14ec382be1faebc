"""The map section of the explore page."""
