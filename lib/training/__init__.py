"""Fine-tuning: recipe, losses, batches, the training loop, checkpoints, the saved model."""
