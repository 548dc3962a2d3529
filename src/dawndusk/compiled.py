"""How compiled code is compiled: two decorators and where their machine code is cached.

Numba notices a changed function but not a changed callee in another file, so the
cache folder carries a fingerprint of the whole package: edit any file and every
kernel is compiled afresh.
"""

import hashlib
import os
import sys
from pathlib import Path

import numba


def _cache_folder() -> Path:
    """Per-user cache folder of this installation and state of the sources."""
    package = Path(__file__).parent
    state = hashlib.sha256(f"{package}{sys.version}{numba.__version__}".encode())
    for path in sorted(package.rglob("*.py")):
        stat = path.stat()
        state.update(f"{path.name}{stat.st_size}{stat.st_mtime_ns}".encode())
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "dawndusk" / f"kernels-{state.hexdigest()[:16]}"


if not numba.config.CACHE_DIR:  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]

scalar = numba.njit(error_model="numpy", nogil=True, cache=True, forceinline=True)
"""Formula that is scalar in the satellite, inlined into the loop that calls it."""

kernel = numba.njit(error_model="numpy", nogil=True, cache=True)
"""Loop over satellites, engines or requests; releases the interpreter lock."""
