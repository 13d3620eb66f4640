"""What it was measured on."""

import os
import platform
import re
import subprocess
from pathlib import Path


def first(path: str, pattern: str) -> str:
    found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def machine() -> str:
    model = first("/proc/cpuinfo", r"^model name\s*: (.*)$")
    memory = first("/proc/meminfo", r"^MemTotal: +(\d+)")
    gib = int(memory) / (1 << 20)
    return f"{os.cpu_count()} cores of {model}, {gib:.0f} GiB of RAM"


def system() -> str:
    name = first("/etc/os-release", r'^PRETTY_NAME="(.*)"$')
    return f"{name}, Linux {platform.release()}"


def program(*command: str) -> str:
    """Its name and version, of what it says about itself; wrk ends with an error when it does."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return " ".join(done.stdout.split()[:3])
