"""What two or more pages use: state, components, cached readers, theme, polling."""
