"""Nouns, one module each: frozen values, and the changes to them."""
