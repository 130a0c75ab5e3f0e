"""The HTTP edge: reads API Gateway events (payload 2.0) strictly, and writes responses with all their headers."""
