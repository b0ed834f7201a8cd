"""The Python environments of tests, which tools/setup.sh makes of tests/NAME/requirements.txt."""

import os
import pathlib
import sys

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "kes-dev"


def enter(name):
    """Starts this program anew within the environment, unless it runs there."""
    python = CACHE / name / "bin/python"
    if pathlib.Path(sys.executable) == python:
        return
    if not python.exists():
        sys.exit(f"{python} is missing: run ./dev test, which installs it")
    os.execv(python, [str(python), *sys.argv])
