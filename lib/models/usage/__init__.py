"""Code that loads a tuned model where it belongs: other libraries and servers."""
