"""A run, or two, as one HTML file that opens anywhere. No Streamlit, no model."""
