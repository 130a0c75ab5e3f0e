"""`make invoke` and `make start-api`: SAM CLI runs the functions in Docker, on the tables of the running `make dev`."""

from local import KEEP
from local.processes import url_of

FOLDER = KEEP / "sam"
"""The template for this machine's processor, its build, settings and filled-in events. All are rewritten each time."""
EVENTS_SITE = "https://accounts.example.com"
"""The site that the samples in `events/` are requests to."""
START_API_PORT = 3000
START_API_SITE = url_of(START_API_PORT)


class CannotRun(Exception):
    """Why SAM CLI cannot run the functions, as a message for the developer."""
