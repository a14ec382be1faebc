"""Base and tuned model on pairs that were not trained on: metrics, intervals, per-pair results, side effects, verdict."""
