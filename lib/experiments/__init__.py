"""What trains or measures beyond one run: shuffled-target control, learning curve, interpolation, label noise, cost estimate."""
