"""One file a format: bytes to rows, with the line each began on."""
