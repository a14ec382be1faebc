"""Data to plotly figures, SVG and the exported map page."""
