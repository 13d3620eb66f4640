"""The web half of the peer: takes pictures in, hands variants out."""

import shutil
from typing import Literal
from uuid import UUID, uuid4

from fastapi import FastAPI, HTTPException, UploadFile
from fastapi.responses import FileResponse
from shared import original, state_key, store, variant
from tasks import make_variants

app = FastAPI()


@app.post("/images", status_code=201)
def upload(file: UploadFile) -> dict:
    image_id = str(uuid4())
    with original(image_id).open("wb") as target:
        shutil.copyfileobj(file.file, target)
    with store.pipeline() as pipe:
        pipe.set(state_key(image_id), "processing")
        pipe.incr("accepted")
        pipe.execute()
    make_variants.delay(image_id)
    return {"id": image_id}


@app.get("/ready")
def ready() -> dict:
    names = ["accepted", "ready", "failed"]
    return {name: int(count or 0) for name, count in zip(names, store.mget(names))}


@app.get("/images/{image_id}")
def show(image_id: UUID) -> dict:
    state = store.get(state_key(str(image_id)))
    if state is None:
        raise HTTPException(404)
    return {"id": str(image_id), "state": state}


@app.get("/images/{image_id}/{name}")
def send_variant(image_id: UUID, name: Literal["thumb", "h200", "h400"]) -> FileResponse:
    path = variant(str(image_id), name)
    if not path.exists():
        raise HTTPException(404)
    return FileResponse(path, media_type="image/jpeg")
