"""From pydantic's complaints to one line a fault, with the dotted path and the nearest name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from dawndusk.scenario.constellation import KINDS
from dawndusk.scenario.errors import Fault, listed, nearest, shown
from dawndusk.scenario.fields import quantity_of
from dawndusk.scenario.quantities import sample


def faults_of(error: ValidationError, root: type[BaseModel], prefix: str = "") -> list[Fault]:
    """All faults of a failed validation; paths begin with `prefix`."""
    found: list[Fault] = []
    for detail in error.errors(include_url=False):
        path, table = _locate(detail["loc"], root)
        found.extend(_fault(detail, path, table, root, prefix))
    return list(dict.fromkeys(found))


def _locate(loc: Sequence[int | str], root: type[BaseModel]) -> tuple[list[str], Any]:
    """The path without union tags, and the table that its last key stands in."""
    path: list[str] = []
    table: Any = root
    owner: Any = root
    for place, key in enumerate(loc):
        if table is None and isinstance(key, str) and key in KINDS and path == ["constellation"]:
            table = KINDS[key]
            continue
        path.append(str(key))
        if isinstance(key, int):
            continue
        owner = table
        if table is None or key not in table.model_fields:
            table = None
        else:
            table = _table_of(table.model_fields[key].annotation)
        if place == len(loc) - 1:
            break
    return path, owner


def _table_of(annotation: Any) -> type[BaseModel] | None:
    """The table, or table of a list, that an annotation holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    tables = [_table_of(each) for each in get_args(annotation)]
    known = [each for each in tables if each is not None]
    return known[0] if len(known) == 1 else None


def _fault(
    detail: Mapping[str, Any], path: list[str], table: Any, root: type[BaseModel], prefix: str
) -> Iterator[Fault]:
    dotted = prefix + ".".join(path)
    given, context, kind = detail.get("input"), detail.get("ctx", {}), detail["type"]
    if kind == "faults":
        inside = f"{dotted}." if path else prefix
        for each in context["faults"]:
            yield Fault(inside + each.path, each.given, each.allowed, each.fix)
    elif kind == "fault":
        yield Fault(dotted, shown(given), context["allowed"], context["fix"])
    elif kind == "extra_forbidden":
        yield _unknown_key(dotted, path, given, table, root, prefix)
    elif kind == "missing":
        yield Fault(dotted, "", _missing(path, table))
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        name = given.get("kind") if isinstance(given, Mapping) else None
        close = nearest(str(name), KINDS) if name is not None else None
        yield Fault(
            f"{dotted}.kind",
            "" if name is None else shown(name),
            f"{'missing' if name is None else 'no such kind'}; allowed: {listed(KINDS)}",
            f'did you mean "{close}"?' if close else "",
        )
    else:
        yield Fault(dotted, shown(given), _allowed(kind, context, detail["msg"]))


def _unknown_key(
    dotted: str, path: list[str], given: Any, table: Any, root: type[BaseModel], prefix: str
) -> Fault:
    siblings = list(table.model_fields) if table is not None else []
    close = nearest(path[-1], siblings)
    if close:
        fix = f'did you mean "{prefix}{".".join([*path[:-1], close])}"?'
    else:
        every = list(_paths(root))
        elsewhere = [each for each in every if each.split(".")[-1] == path[-1]]
        close = elsewhere[0] if elsewhere else nearest(".".join(path), every)
        fix = f'did you mean "{prefix}{close}"?' if close else ""
    allowed = f"unknown key; allowed: {', '.join(siblings)}" if siblings else "unknown key"
    return Fault(dotted, shown(given), allowed, fix)


def _paths(root: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for key, field in root.model_fields.items():
        yield prefix + key
        below = _table_of(field.annotation)
        if below is not None:
            yield from _paths(below, f"{prefix}{key}.")


def _missing(path: list[str], table: Any) -> str:
    field = table.model_fields.get(path[-1]) if table is not None else None
    quantity = quantity_of(field) if field is not None else None
    if quantity is not None:
        return f'missing; allowed: {quantity.range()}, such as "{sample(quantity.si)}"'
    meaning = field.description if field is not None and field.description else "a value is needed"
    return f"missing; {meaning}"


def _allowed(kind: str, context: Mapping[str, Any], message: str) -> str:
    kinds = {
        "string_type": "allowed: text in quotes",
        "int_type": "allowed: a whole number",
        "bool_type": "allowed: true or false",
        "tuple_type": "allowed: a list",
        "model_type": "allowed: a table",
        "model_attributes_type": "allowed: a table",
        "dict_type": "allowed: a table",
        "greater_than_equal": f"out of range; allowed: at least {context.get('ge')}",
        "literal_error": f"allowed: {context.get('expected', '').replace(' or ', ', ')}",
    }
    return kinds.get(kind, message)
