"""Map columns of a table to roles: guessed from names and content, or chosen by a person."""
