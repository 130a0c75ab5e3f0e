"""The account service's domain: nouns, the flows that use them, and the edges that carry both."""

import gc

# Nearly every object that a cold start creates stays for good: some 70,000, and 95,000 in the functions that import
# most. One collection among them takes a tenth of the start and frees nothing. What a request leaves behind is freed
# by reference counts, without the collector.
gc.set_threshold(200_000, 20, 100)
