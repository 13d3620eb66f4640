"""What lies in Debian packages, without installing them."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from .progress import say


def unpacked(packages: list[str], folder: Path, what: str) -> Path:
    """The folder with their contents, filled at the first call."""
    if folder.exists():
        return folder
    say(f"fetching {what}, once: {', '.join(packages)}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        subprocess.run(
            ["apt-get", "-q", "download", *packages],
            cwd=scratch, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for package in Path(scratch).glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, f"{scratch}/all"], check=True)
        # Renamed at the end, so that a folder that is there is complete.
        shutil.move(f"{scratch}/all", folder)
    return folder
