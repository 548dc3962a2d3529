"""Check that every source module has its test file, and every test file its module.

A module that defines a function or class, as `src/dawndusk/orbit/secular.py` does, is tested
by `tests/orbit/test_secular.py`, or by several files `tests/orbit/test_secular_*.py`. Tests in
`tests/reference`, `tests/golden` and `tests/system` look at whole runs or outside truth and
mirror nothing; `tests/test_tools_*.py` mirror `tools/*.py`.

Usage: python tools/check_mirror.py [repository folder]
"""

import sys
from collections.abc import Iterator
from pathlib import Path

UNMIRRORED = ("reference", "golden", "system")


def faults_of_repository(root: Path) -> Iterator[str]:
    """Modules without a test file, and test files without a module."""
    package, tests = root / "src" / "dawndusk", root / "tests"
    modules = {
        path.relative_to(package).with_suffix("")
        for path in package.rglob("*.py")
        if _defines_something(path)
    }
    found = {path.relative_to(tests).with_suffix("") for path in tests.rglob("test_*.py")}
    mirrored = {test for test in found if test.parts[0] not in UNMIRRORED}
    tools = {Path(f"tools_{path.stem}") for path in (root / "tools").glob("*.py")}

    tested = set()
    for test in sorted(mirrored):
        subject = _subject(test, modules | tools)
        if subject is None:
            yield f"tests/{test}.py: tests no module of that name"
        tested.add(subject)
    for module in sorted(modules - tested):
        yield f"src/dawndusk/{module}.py: no tests/{_test_of(module)}.py"
    for tool in sorted(tools - tested):
        yield f"tools/{tool.name.removeprefix('tools_')}.py: no tests/test_{tool}.py"


def _test_of(module: Path) -> Path:
    """Where a module's tests stand; those of a package's own code under the package's name."""
    if module.name == "__init__":
        return module.parent / f"test_{module.parent.name or 'dawndusk'}"
    return module.with_name(f"test_{module.name}")


def _subject(test: Path, modules: set[Path]) -> Path | None:
    """The module with the longest name that the test's name starts with."""
    fitting = [
        module
        for module in modules
        if test == _test_of(module)
        or (test.parent == module.parent and test.name.startswith(f"test_{module.name}_"))
    ]
    return max(fitting, key=lambda module: len(module.name), default=None)


def _defines_something(path: Path) -> bool:
    source = path.read_text(encoding="utf-8")
    return any(line.startswith(("def ", "class ")) for line in source.splitlines())


def main(root: Path) -> int:
    """Print the faults; exit status 1 when there are any."""
    faults = list(faults_of_repository(root))
    for fault in faults:
        print(fault)
    print(f"mirror: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
