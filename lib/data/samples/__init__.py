"""Sample datasets that come with the product, and how they are added to a workspace."""
