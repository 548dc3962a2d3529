"""Check what git tracks or would: small files, no machine's paths, no registry's address.

Usage: python tools/check_repository.py [repository folder]
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LARGEST = 2_000_000
LONGEST = 550
PRIVATE = {
    "an absolute path of one machine": re.compile(
        r"(?<![\w.~/$}{-])/(?:work|home|root|tmp|opt|usr/local|Users|mnt|srv)/[\w.-]"
    ),
    "a path of one Windows machine": re.compile(r"\b[A-Z]:\\\\?Users\\"),
    "a file address": re.compile(r"\bfile:/{2}"),
    "a package registry's address": re.compile(
        r"https?://(?:[\w.-]*\.)?(?:pypi\.org|pythonhosted\.org|npmjs\.org|debian\.org)"
        r"|--(?:extra-)?index-url[ =]|--find-links[ =]|\b(?:index-url|find-links) *=",
        re.IGNORECASE,
    ),
    "a network address of one machine": re.compile(
        r"https?://(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+"
    ),
    "a credential": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{30}|\bAKIA\w{16}\b"),
}
ALLOWED = {"tools/check_repository.py", "tests/test_tools_check_repository.py"}
"""Files that must spell what they look for."""


def tracked(root: Path) -> list[Path]:
    """Files that git tracks, or would: not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    names = {name for name in listed.stdout.decode().split("\0") if name}
    return [root / name for name in sorted(names) if (root / name).is_file()]


def faults_of_repository(root: Path) -> Iterator[str]:
    """Every fault as `path:line: what`."""
    for path in tracked(root):
        name = path.relative_to(root).as_posix()
        content = path.read_bytes()
        if len(content) > LARGEST:
            yield f"{name}: {len(content):,} bytes; at most {LARGEST:,} are kept in the repository"
        if b"\0" in content[:8192] or name in ALLOWED:
            continue
        lines = content.decode("utf-8", errors="replace").splitlines()
        if path.suffix == ".py" and len(lines) > LONGEST:
            yield f"{name}: {len(lines)} lines; split a module past {LONGEST}"
        for number, line in enumerate(lines, start=1):
            for what, pattern in PRIVATE.items():
                if pattern.search(line):
                    yield f"{name}:{number}: {what}"


def main(root: Path) -> int:
    """Print the faults; exit status 1 when there are any."""
    faults = list(faults_of_repository(root))
    for fault in faults:
        print(fault)
    print(f"repository: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
