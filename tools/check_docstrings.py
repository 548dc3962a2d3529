"""Check that every public function and class of the model packages is a model card.

A card names its arguments in order, each with an SI unit in brackets, what it returns
with its unit, what it raises if it raises, what it neglects and its source; a field of a
class is followed by a string with its unit. Sources are read, never imported.

Usage: python tools/check_docstrings.py [package folder]
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MODEL_PACKAGES = (
    "economics",
    "environment",
    "execution",
    "fleet",
    "network",
    "orbit",
    "placement",
    "satellite",
    "workload",
)
SECTIONS = ("Args", "Returns", "Raises", "Neglects", "Source")
SYMBOLS = (
    *("s", "m", "kg", "A", "V", "W", "J", "K", "Hz", "rad", "sr"),
    *("FLOP", "B", "bit", "bytes", "tokens", "USD"),
)
FACTOR = rf"(?:1|{'|'.join(SYMBOLS)})[²³⁴⁶]?"
UNIT = re.compile(rf"-|object|{FACTOR}(?:[·/]{FACTOR})*")
BRACKET = re.compile(r"(?<!\w)\[([^\[\]]+)\]")

Fault = tuple[int, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def faults_of_package(package: Path) -> Iterator[str]:
    """Every fault of the model packages as `path:line: what`."""
    for model in MODEL_PACKAGES:
        for path in sorted((package / model).rglob("*.py")):
            for line, fault in faults_of_source(path.read_text(encoding="utf-8")):
                yield f"{path}:{line}: {fault}"


def faults_of_source(source: str) -> Iterator[Fault]:
    """Faults of one module's public functions, classes and their methods."""
    for node in ast.parse(source).body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield from _faults_of_function(node, node.name)
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _faults_of_class(node)


def _faults_of_class(node: ast.ClassDef) -> Iterator[Fault]:
    if not ast.get_docstring(node):
        yield node.lineno, f"{node.name}: no docstring"
    for member, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(member, Function) and not member.name.startswith("_"):
            yield from _faults_of_method(member, f"{node.name}.{member.name}")
        elif isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            yield from _faults_of_field(member, after, f"{node.name}.{member.target.id}")


def _faults_of_field(field: ast.AnnAssign, after: ast.stmt | None, name: str) -> Iterator[Fault]:
    described = (
        isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    )
    if not described:
        yield field.lineno, f"{name}: no string below the field that says what it is"
        return
    for fault in _unit_faults(after.value.value):  # type: ignore[union-attr]
        yield field.lineno, f"{name}: {fault}"


def _faults_of_method(node: Function, name: str) -> Iterator[Fault]:
    """A method without arguments needs one sentence with its unit, others a whole card."""
    text = ast.get_docstring(node)
    if _arguments(node) or text is None or "Returns:" in text:
        yield from _faults_of_function(node, name)
        return
    for fault in _unit_faults(text):
        yield node.lineno, f"{name}: {fault}"


def _faults_of_function(node: Function, name: str) -> Iterator[Fault]:
    text = ast.get_docstring(node)
    if not text:
        yield node.lineno, f"{name}: no docstring"
        return
    sections, order = _sections(text)
    first = text.splitlines()[0]
    if not first.endswith((".", "?")):
        yield node.lineno, f"{name}: the first line must be one whole sentence: {first!r}"
    if order != [each for each in SECTIONS if each in order]:
        yield node.lineno, f"{name}: sections {order} are not in the order {list(SECTIONS)}"
    for fault in _section_faults(node, sections):
        yield node.lineno, f"{name}: {fault}"


def _section_faults(node: Function, sections: dict[str, str]) -> Iterator[str]:
    arguments = _arguments(node)
    needed = {
        "Args": bool(arguments),
        "Returns": _returns(node),
        "Raises": any(isinstance(each, ast.Raise) for each in ast.walk(node)),
        "Neglects": True,
        "Source": True,
    }
    for section, wanted in needed.items():
        if wanted and not sections.get(section, "").strip():
            yield f"section '{section}:' is missing or empty"
    entries = _entries(sections.get("Args", ""))
    if entries and list(entries) != arguments:
        yield f"'Args:' names {list(entries)}, the signature has {arguments}"
    for argument, text in entries.items():
        for fault in _unit_faults(text):
            yield f"argument {argument}: {fault}"
    if sections.get("Returns", "").strip():
        for fault in _unit_faults(sections["Returns"]):
            yield f"'Returns:': {fault}"


def _unit_faults(text: str) -> Iterator[str]:
    """No unit in brackets, or one that is not SI (kilometres and degrees stay at the border)."""
    units = [
        unit.strip()
        for content in BRACKET.findall(text)
        if not re.match(r"[-+]?[\d.]+(?!/)", content)  # an interval or numbers, not a unit
        or content == "1"
        for unit in content.split(",")
    ]
    if not units:
        yield "no unit in brackets; use [-] for a pure number, [object] for structured things"
    for unit in units:
        if not UNIT.fullmatch(unit):
            yield f"[{unit}] is not a unit of {', '.join(SYMBOLS)}, '-' or 'object'"


def _sections(text: str) -> tuple[dict[str, str], list[str]]:
    """Text of each section by name, and the names in the order they stand."""
    sections: dict[str, str] = {}
    order: list[str] = []
    current = None
    for line in text.splitlines():
        heading = line.rstrip().removesuffix(":")
        if line.rstrip().endswith(":") and heading in SECTIONS:
            current = heading
            order.append(heading)
            sections[heading] = ""
        elif current and (line.startswith(" ") or not line):
            sections[current] += line + "\n"
        else:
            current = None
    return sections, order


def _entries(section: str) -> dict[str, str]:
    """Text of each `name: text` entry; deeper lines belong to the entry above."""
    entries: dict[str, str] = {}
    name = None
    for line in section.splitlines():
        start = re.match(r" {4}(\*{0,2}\w+): *(.*)", line)
        if start:
            name = start[1].lstrip("*")
            entries[name] = start[2]
        elif name:
            entries[name] += " " + line.strip()
    return entries


def _arguments(node: Function) -> list[str]:
    listed = [*node.args.posonlyargs, *node.args.args]
    if node.args.vararg:
        listed.append(node.args.vararg)
    listed += node.args.kwonlyargs
    if node.args.kwarg:
        listed.append(node.args.kwarg)
    return [each.arg for each in listed if each.arg not in ("self", "cls")]


def _returns(node: Function) -> bool:
    if isinstance(node.returns, ast.Constant) and node.returns.value is None:
        return False
    return any(isinstance(each, ast.Return) and each.value for each in ast.walk(node))


def main(package: Path) -> int:
    """Print the faults; exit status 1 when there are any."""
    faults = list(faults_of_package(package))
    for fault in faults:
        print(fault)
    print(f"docstrings: {len(faults)} faults in {', '.join(MODEL_PACKAGES)}")
    return 1 if faults else 0


if __name__ == "__main__":
    root = Path(__file__).parents[1] / "src" / "dawndusk"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else root))
