"""Transformers on the CPU without padding: attention, batches, cached activations of frozen layers."""
