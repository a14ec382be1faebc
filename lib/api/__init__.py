"""What a notebook imports from `lib`: Pairs, train, compare. docs/python.md has examples."""
