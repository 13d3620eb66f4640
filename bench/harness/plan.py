"""How long everything takes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    rounds: int = 2
    upload_secs: int = 5
    large_secs: int = 3
    uploads: int = 2000
    # A slow service gets fewer uploads, so that sending them takes no longer than this.
    latency_secs_max: int = 75
    get_secs: int = 10
    big_uploads: int = 100
    few_images: int = 1_000
    many_images: int = 1_000_000
    list_turns: int = 8
    looks: int = 50
    uploads_again: int = 100
    link_images: int = 1_000
    pairs: int = 20
    counts: int = 5


QUICK = Plan(
    rounds=1,
    upload_secs=2,
    large_secs=2,
    uploads=100,
    latency_secs_max=5,
    get_secs=2,
    big_uploads=8,
    many_images=20_000,
    list_turns=2,
    looks=5,
    uploads_again=10,
    link_images=200,
    pairs=2,
    counts=1,
)
