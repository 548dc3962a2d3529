"""How the replicas of a training job learn from each other."""

from dataclasses import dataclass

METHODS = ("single", "synchronous", "diloco", "streaming")


@dataclass(frozen=True)
class Method:
    """How replicas learn from each other."""

    name: str
    """One of `METHODS` [-]."""
    interval: int
    """Units H between two exchanges of the same numbers [-]."""
    outer_rate: float = 0.7
    """Learning rate of the outer Nesterov step [-]."""
    outer_momentum: float = 0.9
    """[-]"""
    fragments: int = 1
    """Parts of the parameters, exchanged one after the other [-]."""
    overlap: int = 0
    """Units τ that go on while an exchange is on its way [-]."""
    merge: float = 0.0
    """Share α of its own values that a replica keeps at a merge [-]."""


def method(
    name: str,
    interval: int = 50,
    outer_rate: float = 0.7,
    outer_momentum: float = 0.9,
    fragments: int = 4,
    overlap: int = 5,
    merge: float = 0.5,
) -> Method:
    """Check and complete how replicas learn from each other.

    Args:
        name: one of `METHODS` [-]
        interval: units H between exchanges; synchronous training has 1 [-]
        outer_rate: of DiLoCo and streaming [-]
        outer_momentum: of DiLoCo and streaming [-]
        fragments: of streaming [-]
        overlap: units τ that go on during an exchange of streaming [-]
        merge: share α of its own values that a replica of streaming keeps [-]
    Returns:
        method [object]
    Raises:
        ValueError: when a value is not allowed
    Neglects:
        numbers of fewer bits than 32 in exchanges
    Source:
        Douillard et al., DiLoCo, arXiv 2311.08105, algorithm 1: Nesterov 0.7 and 0.9; Douillard
        et al., Streaming DiLoCo, arXiv 2501.18512, algorithm 2: fragments, τ, α = 0.5
    """
    if name not in METHODS:
        raise ValueError(f"method: {name!r}; allowed: {', '.join(METHODS)}")
    if name in ("single", "synchronous"):
        return Method(name, 1)
    if name == "diloco":
        fragments, overlap, merge = 1, 0, 0.0
    rules = {
        "interval": (interval, interval >= 1, "1 or more"),
        "outer_rate": (outer_rate, outer_rate > 0.0, "above 0"),
        "outer_momentum": (outer_momentum, 0.0 <= outer_momentum < 1.0, "0 to below 1"),
        "fragments": (fragments, 1 <= fragments <= interval, f"1 to the interval, {interval}"),
        "overlap": (overlap, 0 <= overlap < interval, f"0 to below the interval, {interval}"),
        "merge": (merge, 0.0 <= merge < 1.0, "0 to below 1"),
    }
    faults = [
        f"{k}: {v}; allowed: {allowed}" for k, (v, good, allowed) in rules.items() if not good
    ]
    if faults:
        raise ValueError("; ".join(faults))
    return Method(name, interval, outer_rate, outer_momentum, fragments, overlap, merge)
