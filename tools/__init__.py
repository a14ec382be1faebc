"""What `make run` and `make test` start."""
