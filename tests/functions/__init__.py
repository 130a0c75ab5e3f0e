"""A package, so that what is set up for it is taken down when the last of its tests has run."""
