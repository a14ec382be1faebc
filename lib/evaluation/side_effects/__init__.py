"""What else a training changed: overfitting, forgetting, collapse of the embedding space."""
