"""The helper process that answers questions to models, so that the server never imports torch."""
