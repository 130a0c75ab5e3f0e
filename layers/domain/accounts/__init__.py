"""The account service's domain: nouns, the stories told with them, and the edges that carry both."""

import gc

# Nearly all that a cold start makes stays for good, and Python would look through it for garbage dozens of times: a
# tenth of the start. What one request leaves behind is freed without the collector.
gc.set_threshold(50_000, 20, 100)
