"""The HTTP edge: API Gateway events (payload 2.0) in, closed requests; answers with every header out."""
