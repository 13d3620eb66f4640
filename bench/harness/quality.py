"""How close a variant comes to the picture it was made of."""

import io
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from open_loop import BOUNDARY, Picture
from PIL import Image
from ssimulacra2 import compute_ssimulacra2

from .service import Service


def score(service: Service, pictures: list[Path], variant: str) -> dict:
    """Mean SSIMULACRA2 (100 is equal) and mean bytes of that variant of the pictures.

    The measure is the whole picture decoded at full size by Pillow, scaled once with Lanczos3.
    """
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    scores, sizes = [], []
    for number, path in enumerate(pictures):
        form = b"".join(Picture(path).form(number))
        answer = service.call("POST", service.upload_path, form, **headers)
        service.settled()
        made = service.fetch(service.variant_url(service.image_id(answer), variant))
        scores.append(compare(path, made))
        sizes.append(len(made))
    return {"score": fmean(scores), "bytes": fmean(sizes)}


def compare(source: Path, made: bytes) -> float:
    picture = Image.open(io.BytesIO(made)).convert("RGB")
    with Image.open(source) as opened:
        wanted = opened.convert("RGB").resize(picture.size, Image.Resampling.LANCZOS)
    with TemporaryDirectory() as folder:
        paths = [f"{folder}/wanted.png", f"{folder}/made.png"]
        wanted.save(paths[0])
        picture.save(paths[1])
        return compute_ssimulacra2(*paths)
