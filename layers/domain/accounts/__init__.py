"""The account service's domain: nouns, the stories told with them, and the edges that carry both."""
