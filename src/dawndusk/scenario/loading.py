"""Loading a scenario: shipped or from a file, with overrides laid on top."""

import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from dawndusk.scenario import trees
from dawndusk.scenario.errors import Fault, ScenarioError, listed, nearest, shown
from dawndusk.scenario.fields import AUTO
from dawndusk.scenario.provenance import Given
from dawndusk.scenario.resolved import Scenario, resolve

PATHS: Final = ("constellation.file", "workload.trace", "network.edges")
"""Values that are paths: relative to the scenario's file, or to the working folder."""


def load(source: str | Path, overrides: Sequence[str] = ()) -> Scenario:
    """Load and check a scenario.

    What is given later wins: defaults, catalogue, the scenario's file, overrides.

    Args:
        source: name of a shipped scenario or path of a TOML file [object]
        overrides: such as "satellite.battery.capacity=4 kWh" [object]
    Returns:
        resolved scenario [object]
    Raises:
        ScenarioError: with all faults at once
    """
    faults: list[Fault] = []
    label = str(source)
    if label in names():
        content, origin, folder = shipped_text(label), "scenario", Path()
        default_name = label
    else:
        path = _found(Path(source).expanduser())
        content, origin, folder = _content(path), "user", path.parent
        default_name = path.stem
    parsed = _parsed(content, label)
    own = trees.read({"catalogue": parsed.pop("catalogue", {})}, origin, faults, "", {})
    tree = {**trees.read(parsed, origin, faults), **own}
    tree.setdefault("name", trees.read({"name": default_name}, "default", faults)["name"])
    tree = _placed(tree, folder)
    for override in overrides:
        tree = _overridden(tree, override, faults)
    entries = tree.pop("catalogue")
    if not _is_tables(entries):
        allowed = "allowed: tables such as [catalogue.accelerator.my-chip]"
        faults.append(Fault("catalogue", "", allowed))
        entries = {}
    return resolve(_underived(tree), entries, faults, label)


def assignment(text: str) -> tuple[str, Any]:
    """The path and the value of a "path=value", the value read as TOML where it is that.

    Raises:
        ValueError: when it is not of that form
    """
    path, equals, written = (part.strip() for part in text.partition("="))
    if not equals or not path or not all(path.split(".")):
        raise ValueError(f"--set: {text!r}; allowed: KEY=VALUE, such as time.duration=6 h")
    try:
        return path, tomllib.loads(f"value = {written}")["value"]
    except tomllib.TOMLDecodeError:
        return path, written


def names() -> tuple[str, ...]:
    """Names of the shipped scenarios."""
    return tuple(sorted(each.name[:-5] for each in _folder().iterdir() if _is_toml(each.name)))


def shipped_text(name: str) -> str:
    """A shipped scenario as written, with its comments.

    Raises:
        ScenarioError: when there is no such scenario
    """
    if name not in names():
        raise ScenarioError([_no_scenario(name)])
    return _folder().joinpath(f"{name}.toml").read_text("utf-8")


def description(name: str) -> str:
    """What a shipped scenario says of itself."""
    return str(tomllib.loads(shipped_text(name)).get("description", ""))


def _folder() -> Traversable:
    return files("dawndusk").joinpath("scenarios")


def _is_toml(name: str) -> bool:
    return name.endswith(".toml")


def _is_tables(own: Any) -> bool:
    return isinstance(own, dict) and all(
        isinstance(entries, dict) and all(isinstance(entry, dict) for entry in entries.values())
        for entries in own.values()
    )


def _found(path: Path) -> Path:
    if path.is_dir():
        fault = Fault("scenario", shown(str(path)), "this is a folder; allowed: a TOML file")
        raise ScenarioError([fault])
    if not path.exists():
        raise ScenarioError([_no_scenario(str(path))])
    return path


def _no_scenario(name: str) -> Fault:
    close = nearest(name, names())
    return Fault(
        "scenario",
        shown(name),
        f"no such file or shipped scenario; allowed: the path of a TOML file, {listed(names())}",
        f'did you mean "{close}"?' if close else "",
    )


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault("scenario", shown(str(path)), f"not readable, {error}; allowed: UTF-8 text")
        raise ScenarioError([fault]) from None


def _parsed(content: str, label: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        problem = str(error)[:1].lower() + str(error)[1:]
        fault = Fault("TOML", "", f"not readable, {problem}", "quantities and text need quotes")
        raise ScenarioError([fault], label) from None


def _placed(tree: trees.Tree, folder: Path) -> trees.Tree:
    """Relative paths made absolute from the folder they are meant from."""
    for path in PATHS:
        leaf = trees.find(tree, path)
        if isinstance(leaf, Given) and isinstance(leaf.value, str) and leaf.value not in ("", AUTO):
            absolute = (folder / Path(leaf.value).expanduser()).absolute()
            tree = trees.put(tree, path, replace(leaf, value=str(absolute)))
    return tree


def _overridden(tree: trees.Tree, override: str, faults: list[Fault]) -> trees.Tree:
    """The tree with one "path=value" laid on top."""
    try:
        path, value = assignment(override)
    except ValueError:
        faults.append(
            Fault("override", shown(override), "not path=value", "such as time.duration=6 h")
        )
        return tree
    branch = trees.read({"value": value}, "override", faults, f"{path}.")["value"]
    with suppress(KeyError):  # a later entry of a list names no file
        branch = trees.find(_placed(trees.put({}, path, branch), Path()), path)
    try:
        return trees.put(tree, path, branch)
    except KeyError:
        faults.append(
            Fault(
                path,
                shown(value),
                "leads into a value that is no table, or beside a list",
                "entries of a list count from 0",
            )
        )
        return tree


def _underived(tree: trees.Tree) -> trees.Tree:
    """Without what an earlier run derived, to be derived again."""
    return {key: kept for key, value in tree.items() if (kept := _kept(value)) is not None}


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        return _underived(value)
    if isinstance(value, list):
        return [_kept(each) for each in value]
    return None if isinstance(value, Given) and value.provenance.origin == "derived" else value
