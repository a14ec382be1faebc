"""Which column of a table plays which role: guessed from names and content, or said by a person."""
