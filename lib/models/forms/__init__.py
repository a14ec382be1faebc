"""A model in other forms, for use elsewhere, and what each form costs in quality."""
