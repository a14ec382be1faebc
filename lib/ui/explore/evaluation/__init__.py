"""The evaluation section of the explore page."""
