"""What the web process and the workers of the peer have in common."""

import os
from pathlib import Path

import redis

REDIS_URL = os.environ["PEER_REDIS_URL"]
FOLDER = Path(os.environ["PEER_DATA"])

store = redis.Redis.from_url(REDIS_URL, decode_responses=True)


def state_key(image_id: str) -> str:
    return f"image:{image_id}"


def original(image_id: str) -> Path:
    return FOLDER / image_id


def variant(image_id: str, name: str) -> Path:
    return FOLDER / f"{image_id}.{name}.jpg"
