"""The account service: the model, the flows that use it, and the edges to HTTP and AWS."""

import gc

# Nearly all objects that a cold start creates (70,000 to 95,000) live as long as the process. Collecting them takes a
# tenth of the start and frees nothing. Objects of a request are freed by reference counting.
gc.set_threshold(200_000, 20, 100)
