"""The working half of the peer: makes three variants of a picture."""

from celery import Celery
from PIL import Image, ImageOps
from shared import REDIS_URL, original, state_key, store, variant

celery = Celery("peer", broker=REDIS_URL, backend=REDIS_URL)

LANCZOS = Image.Resampling.LANCZOS


@celery.task
def make_variants(image_id: str) -> None:
    try:
        render(image_id)
    except OSError:
        finish(image_id, "failed")
        raise
    finish(image_id, "ready")


def render(image_id: str) -> None:
    with Image.open(original(image_id)) as opened:
        picture = opened.convert("RGB")
    save(ImageOps.fit(picture, (100, 100), LANCZOS), image_id, "thumb")
    for height in (200, 400):
        width = max(1, round(picture.width * height / picture.height))
        save(picture.resize((width, height), LANCZOS), image_id, f"h{height}")


def save(picture: Image.Image, image_id: str, name: str) -> None:
    picture.save(variant(image_id, name), "JPEG", quality=80)


def finish(image_id: str, state: str) -> None:
    with store.pipeline() as pipe:
        pipe.set(state_key(image_id), state)
        pipe.incr(state)
        pipe.execute()
