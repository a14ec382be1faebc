"""Validation of a model folder as data: json and safetensors headers are read, nothing is loaded."""
