"""Fine-tuning by a recipe: batches, the training loop, checkpoints, the saved model."""
