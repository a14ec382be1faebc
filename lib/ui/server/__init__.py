"""What runs in the server beside the pages: downloads, health, push, preload, supervisor status, error page."""
