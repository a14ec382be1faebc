"""The only part of lib that imports Streamlit: one room a page, what pages share, and the server."""
