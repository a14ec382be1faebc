"""What the pages share; the only part of lib that imports Streamlit."""
