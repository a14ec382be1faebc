"""The map as a plotly figure, an HTML page and an SVG file."""
