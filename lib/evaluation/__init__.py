"""Base and tuned model on held-out pairs: metrics, intervals, side effects, verdict."""
