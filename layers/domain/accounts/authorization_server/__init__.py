"""The edge to OAuth clients: authlib parses and checks the protocol; flows decide and write."""
