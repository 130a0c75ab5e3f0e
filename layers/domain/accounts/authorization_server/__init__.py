"""The edge to OAuth clients: authlib reads and checks what the protocol says, stories decide and write."""
