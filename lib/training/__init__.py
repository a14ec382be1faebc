"""Fine-tuning: recipe, losses, batches, the packed fast path, trainer, checkpoints."""
