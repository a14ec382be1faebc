"""Server parts beside the pages: downloads, health, push, preload, supervisor, error page."""
