"""The HTTP contract as OpenAPI and as a reference for people, written from routes, structs, errors and limits.

`make docs` writes docs/openapi.yaml, the copy that the service serves, and parts of docs/api.md.
"""
