"""The recipe: every setting of a training, the table of losses, presets.

Light, and below the store: a run holds its recipe.
"""
