"""How compiled code is compiled: two decorators and where their machine code is cached.

Numba notices a changed function but not a changed callee in another file, so the
cache folder carries a fingerprint of the whole package: edit any file and every
kernel is compiled afresh. Folders that no run has used for a month are removed.

Kernels copy arrays by loops: one `a[i:j] = b` takes two seconds to compile, nearly all of them
for the text of its error.
"""

import hashlib
import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

import numba

KEPT = 30 * 86400.0
"""How long machine code that no run uses is kept [s]."""


def _cache_folder() -> Path:
    """Per-user cache folder of this installation and state of the sources."""
    package = Path(__file__).parent
    state = hashlib.sha256(f"{package}{sys.version}{numba.__version__}".encode())
    for path in sorted(package.rglob("*.py")):
        stat = path.stat()
        state.update(f"{path.name}{stat.st_size}{stat.st_mtime_ns}".encode())
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "dawndusk" / f"kernels-{state.hexdigest()[:16]}"


def _used(folder: Path) -> Path:
    """Mark a folder as used now, and remove those beside it that no run has used for long."""
    with suppress(OSError):  # not ours to write, or another process is at it
        if not folder.exists():
            folder.mkdir(parents=True)
            for old in folder.parent.glob("kernels-*"):
                if time.time() - old.stat().st_mtime > KEPT:
                    shutil.rmtree(old, ignore_errors=True)
        os.utime(folder)
    return folder


if not numba.config.CACHE_DIR:  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(_used(_cache_folder()))  # type: ignore[attr-defined]

scalar = numba.njit(error_model="numpy", nogil=True, cache=True, forceinline=True)
"""Formula that is scalar in the satellite, inlined into the loop that calls it."""

kernel = numba.njit(error_model="numpy", nogil=True, cache=True)
"""Loop over satellites, engines or requests; releases the interpreter lock."""
