"""Experiments beyond one run: control, learning curve, interpolation, label noise, cost estimate."""
