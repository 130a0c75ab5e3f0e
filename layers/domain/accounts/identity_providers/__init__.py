"""The edge to Google and GitHub, through authlib. No other package imports ``requests``."""
