"""Uploads a picture with the client that openapi-python-client made: address, key, file."""

import sys

from minilab_client import AuthenticatedClient
from minilab_client.api.images import create_images, show_image, show_variant
from minilab_client.models import UploadForm
from minilab_client.types import File

address, key, path = sys.argv[1:]
client = AuthenticatedClient(base_url=address, token=key, raise_on_unexpected_status=True)
with open(path, "rb") as picture:
    form = UploadForm(file=[File(payload=picture, file_name="cat.jpg", mime_type="image/jpeg")])
    made = create_images.sync(client=client, body=form, prefer="wait=20")
item = made.items[0]
assert item.status.value == "created", made
shown = show_image.sync(item.id, client=client)
assert shown.state.value == "ready" and shown.format_.value == "jpeg", shown
thumb = show_variant.sync(item.id, "thumb", client=client)
assert thumb.payload.read()[:2] == b"\xff\xd8", thumb
print("uploaded", item.id)
