"""The fleet with every satellite followed by itself: slow, plain, and sharing no code."""

import random
from dataclasses import dataclass


@dataclass
class Wish:
    """What is wanted; months and satellites are plain numbers."""

    months: int
    wanted: int
    failure: list[float]
    per_launch: int
    least: int
    launches: int
    success: float
    retire_age: int
    lead: int
    mendable: float
    swap_success: float
    swaps: int


def follow(wish: Wish, dice: random.Random) -> list[tuple[int, int, int, int]]:
    """Satellites alive, waiting, launches flown and satellites lost, month by month.

    Everything that ends is replaced; modules are always at hand.
    """
    born: dict[int, int] = {}
    broken: set[int] = set()
    ready: list[int] = [0] * wish.wanted  # month in which each ordered satellite is ready
    names = 0
    seen = []
    for month in range(wish.months):
        # everybody who is neither alive, broken, on order nor about to retire is ordered
        leaving = [s for s in born if month + wish.lead - born[s] >= wish.retire_age]
        short = wish.wanted - (len(born) - len(leaving)) - len(ready)
        ready += [month + wish.lead] * max(short, 0)

        for s in [s for s in born if month - born[s] == wish.retire_age]:
            del born[s]
            broken.discard(s)

        flights = lost = 0
        while flights < wish.launches:
            aboard = sorted(r for r in ready if r <= month)[: wish.per_launch]
            if len(aboard) < wish.least:
                break
            for r in aboard:
                ready.remove(r)
            flights += 1
            if dice.random() < wish.success:
                for _ in aboard:
                    born[names] = month
                    names += 1
            else:
                lost += len(aboard)

        for s in sorted(broken, key=lambda s: -born[s])[: wish.swaps]:
            broken.discard(s)
            if dice.random() >= wish.swap_success:
                del born[s]

        for s in list(born):
            if s not in broken and dice.random() < wish.failure[month - born[s]]:
                if dice.random() < wish.mendable:
                    broken.add(s)
                else:
                    del born[s]
        seen.append((len(born) - len(broken), len(broken), flights, lost))
    return seen
