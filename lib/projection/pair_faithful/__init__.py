"""The pair-faithful layout: UMAP's graph with springs between the two ends of each pair."""
