"""What `sam build` and `sam deploy` make of the template is what `make dev` deploys."""

from local import sam
from local.cloud import LocalCloud
from local.shape import shape_of
from tests.conftest import missing


def test_sam_deploys_the_same_stack(cloud: LocalCloud) -> None:
    """Every resource, type and property alike, but for where the code lies."""
    if not sam.is_installed():
        missing("SAM CLI is not installed (make .venv-sam/.installed)")
    other = LocalCloud(providers=False, mailbox_url="http://127.0.0.1:9")
    try:
        other.start()
        sam.deploy(other)

        assert shape_of(other.client) == shape_of(cloud.client)
    finally:
        other.stop()
