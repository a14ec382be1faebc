"""Data to plotly figures, and the report."""
