"""Assembler of one real job in virtual time: what its sites grant, its links carry, faults undo.

An interval of the loop is followed from event to event: a replica comes to the end of its room,
bytes arrive, a satellite is lost or comes back, a particle strikes. Between events every replica
that may work is granted the whole units that its site's work amounts to, and does exactly those.
No clock of the host is read.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from dawndusk.execution import budget, faults
from dawndusk.execution.training import hosts
from dawndusk.execution.training.coordinator import UNLIMITED, Training
from dawndusk.execution.training.transfers import GROUND
from dawndusk.real.damage import Damage
from dawndusk.real.jobs import RealJob
from dawndusk.real.links import Carrier, Lines
from dawndusk.real.plan import foreseen
from dawndusk.real.seats import Hit, Log, Outage, Seat, outage, time_down

MARGIN = 1e-9
"""By how much a replica's time is rounded up, so that a whole unit is not missed [s]."""


class RealRun:
    """One real job on one side; all that changes is in it, and it can be pickled."""

    def __init__(self, job: RealJob) -> None:
        self.job = job
        self.host: hosts.Host = job.host()
        self.training = Training(self.host, job.method, job.replicas)
        self.carrier = Carrier(job.data_scale)
        self.damage = Damage(job.ecc, job.guards, job.replicas)
        self.seats = [Seat() for _ in range(job.replicas)]
        self.log = Log()
        self.begun = self.finish = math.nan
        self.losses: list[float] = []
        self.kills = self.rejoins = self.restores = self.moves = self.checkpoints = 0
        self.lost_by = np.zeros(len(faults.CAUSES), np.int64)
        self._last_cause = faults.HARDWARE
        self._moving: dict[int, tuple[int, int]] = {}
        self._moves = 0
        self._seen = -1
        self._restoring: set[int] = set()
        self._kept_at: dict[int, int] | None = None
        self._saved = math.nan
        self._now = 0.0
        self.training.arrived(self.training.checkpoint()[1].number)
        self._targets: list[int] = [-1] * job.replicas
        self._outages: Sequence[Outage] = ()
        self._lines = Lines(None)
        self._vertex: Callable[[int], int] = lambda site: site

    def __getstate__(self) -> dict[str, object]:
        kept = dict(self.__dict__)
        for name in ("_lines", "_vertex", "_outages"):
            del kept[name]
        return kept

    def __setstate__(self, kept: dict[str, object]) -> None:
        self.__dict__.update(kept)
        self._outages, self._lines, self._vertex = (), Lines(None), lambda site: site

    @property
    def finished(self) -> bool:
        """All steps are done."""
        return not math.isnan(self.finish)

    @property
    def sites(self) -> set[int]:
        """Those that hold its numbers or its last checkpoint [-]."""
        return {*(seat.site for seat in self.seats), *(self._kept_at or {}).values()} - {-1}

    @property
    def lost(self) -> int:
        """Units executed that are no part of what the job has learnt [-]."""
        return sum(self.training.executed.values()) - sum(self.training.useful.values())

    # before an interval

    def plan(
        self,
        now: float,
        later: float,
        targets: Sequence[int],
        outages: Sequence[Outage],
        lines: Lines,
        vertex: Callable[[int], int],
    ) -> list[float]:
        """Share of the coming interval that each replica has work for, as far as can be foreseen.

        Args:
            now: its beginning [s]
            later: its end [s]
            targets: site of each replica by the last decision, −1 for none [-]
            outages: of sites in the interval [object]
            lines: links in the interval [object]
            vertex: of a site in the network [object]
        Returns:
            shares; the rest is spent waiting for bytes or for slower replicas [-]
        """
        self._targets, self._outages = list(targets), outages
        self._lines, self._vertex = lines, vertex
        if self.finished:
            for seat in self.seats:
                seat.share = 0.0
            return [0.0] * self.job.replicas
        self._now = now
        self._assign(now)
        self.carrier.share(lines, self._place, now)
        found = foreseen(
            self.job,
            self.training,
            self.seats,
            [target >= 0 for target in targets],
            self.carrier,
            {rank: number for number, (rank, _) in self._moving.items()},
            self._place,
            lines,
            now,
            later,
        )
        for seat, share in zip(self.seats, found, strict=True):
            seat.share = share
        return found

    # an interval

    def run(self, now: float, later: float, work: Sequence[float], hits: Sequence[Hit]) -> None:
        """Follow the interval that `plan` was asked about, with the work of each replica's site."""
        for rank, seat in enumerate(self.seats):
            seat.executed += work[rank]
            target = self._targets[rank]
            site = target if target >= 0 else seat.site
            if site >= 0 and self._up(site, now):
                self.host.stand(site, seat.standing(target, work[rank]))
            up = (later - now) - time_down(self._outages, target, now, later)
            seat.left = seat.share * up if work[rank] > 0.0 else 0.0
            if seat.left > 0.0:
                seat.speed = work[rank] / (self.job.rate * seat.left)
        time, waiting = now, list(hits)
        self._turn(time)
        while time < later and not self.finished:
            until = self._next(time, later, waiting)
            self._work(time, until)
            self.carrier.advance(time, until, self._lines, self._place)
            time = until
            while waiting and waiting[0].time <= time:
                self._strike(waiting.pop(0))
            self._turn(time)

    def _next(self, now: float, later: float, waiting: Sequence[Hit]) -> float:
        """The next time at which something happens, or the end of the interval."""
        times = [later, self.carrier.next(now), *(hit.time for hit in waiting[:1])]
        times += [t for o in self._outages for t in (o.begin, o.end) if t > now]
        times += [seat.busy for seat in self.seats if seat.busy > now]
        if self._checkpoint_due > now:
            times.append(self._checkpoint_due)
        for rank, seat in enumerate(self.seats):
            if seat.left > MARGIN and self._works(rank, now):
                need = (self._room(rank) - seat.carry) / self._pace(seat)
                margin = max(MARGIN, 4.0 * math.ulp(now))
                times += [now + seat.left, now + float(need) + margin]
            elif seat.left > MARGIN and seat.busy > now:
                times.append(now + seat.left)
        return max(now, min(times))

    def _work(self, now: float, until: float) -> None:
        """Grant units to the replicas that may work, and have them done."""
        job, training = self.job, self.training
        for rank, seat in enumerate(self.seats):
            span = min(until - now, seat.left)
            if seat.busy > now:
                seat.left -= span
                burnt = span * seat.speed * job.rate
                if seat.restarting:
                    seat.restarted += burnt
                else:
                    seat.checkpointed += burnt
                continue
            if not self._works(rank, now):
                if self._targets[rank] >= 0 and self._up(self._targets[rank], now):
                    seat.waited += until - now
                continue
            seat.waited += (until - now) - span
            if not span > 0.0:
                continue
            seat.left -= span
            given = budget.grant(
                seat.carry,
                budget.Window(span, seat.speed, 1.0, 0.0),
                budget.Unit(job.unit_time, 0.0, 0.0),
            )
            units = min(given.units, self._room(rank))
            begun = now - float(seat.carry / self._pace(seat))
            if math.isnan(self.begun):
                self.begun = now
            seat.carry = given.carry
            executed = 0
            while executed < units and rank in training.present:
                guard = self.damage.before(rank)
                if not guard:
                    measured = training.grant({rank: 1})
                    executed += 1
                    at = min(begun + float(executed / self._pace(seat)), until)
                    guard = self._measured(measured, at)
                if guard:
                    self._lose(rank, until, faults.GUARD, guard)
            seat.account = budget.settle(seat.account, units, executed)
            seat.checkpointed += executed * job.unit_work * job.overhead

    def _measured(self, measured: Mapping[int, Mapping[str, float]], time: float) -> str:
        """Log steps and let the guards see them; the guard that gives one up."""
        found = ""
        for rank, each in measured.items():
            loss = each.get("loss", math.nan)
            unit = self.training.done(rank)
            self.log.add(self.job.name, "unit", time, rank, unit, loss)
            tensors = self.training.tensors(rank) if "finite" in self.job.guards else {}
            guard = self.damage.after(rank, each, tensors)
            if guard and self.job.method.name == "synchronous":
                self._lose(rank, time, faults.GUARD, guard)
            else:
                found = found or guard
        return found

    # what happens at a moment

    def _turn(self, now: float) -> None:
        """All that is due at a moment, until nothing more is."""
        if self.finished:
            return
        self._now = now
        changed = True
        while changed:
            changed = self._losses(now)
            self._sync(now)
            for number in self.carrier.take(now):
                if number in self.carrier.under_way:
                    self._arrived(number, now)
                    changed = True
                    break
            changed |= self._returns(now)
            changed |= self._save(now)
        self._sync(now)
        self.carrier.share(self._lines, self._place, now)
        self._watch(now)
        self._end(now)

    def _losses(self, now: float) -> bool:
        """Replicas whose sites have gone down lose their memory."""
        found = False
        for rank, seat in enumerate(self.seats):
            down = outage(self._outages, seat.site, now)
            if down is None:
                continue
            found = True
            self.host.stand(seat.site, down.standing)
            if rank in self.training.present or self._joining(rank):
                self._lose(rank, now, down.cause, faults.CAUSES[down.cause])
            self._put(rank, hosts.NOWHERE)
            seat.restarting, seat.busy = False, -math.inf
        return found

    def _lose(self, rank: int, now: float, cause: int, detail: str) -> None:
        """A replica's memory is gone."""
        before, seat = self.lost, self.seats[rank]
        self._stay(rank)
        self._last_cause = cause
        unit = self.training.done(rank) if rank in self.training.present else 0
        if rank in self.training.present or self._joining(rank):
            measured = self.training.kill(rank)
            self._restoring.discard(rank)
            self.kills += 1
            self.log.add(self.job.name, "kill", now, rank, unit, detail=detail)
            self.damage.lost(rank)
            if cause == faults.UNCORRECTABLE and self.job.ecc:
                self.damage.outcomes["detected"] += 1
            self.lost_by[cause] += self.lost - before
            seat.carry, seat.restarting = Fraction(0), False
            if cause == faults.GUARD:
                seat.restarting, seat.busy = True, now + self.job.restart_time
            self._measured(measured, now)

    def _returns(self, now: float) -> bool:
        """Lost replicas whose sites are up start their programs, then fetch their numbers."""
        found, ready = False, []
        if not any(each.kind == "restore" for each in self.training.due):
            self._restoring = set()
        for rank, seat in enumerate(self.seats):
            target = self._targets[rank]
            if rank in self.training.present or self._joining(rank) or rank in self._restoring:
                continue
            if target < 0 or not self._up(target, now):
                continue
            if seat.site != target or not seat.restarting:
                self._put(rank, target)
                seat.restarting = True
                seat.busy = now + self.job.restart_time
                found = True
            if seat.busy <= now:
                ready.append(rank)
        if not ready or self._restoring:
            return found
        if self.training.present:
            for rank in ready:
                self.training.rejoin(rank, self._donor(rank))
            return True
        assert self.training.safe is not None
        before = self.lost
        aboard = [rank for rank in ready if self._holds(rank)]
        self.training.restore(self.training.safe, ready, aboard)
        self.lost_by[self._last_cause] += self.lost - before
        self._restoring = set(ready)
        return True

    def _donor(self, rank: int) -> int:
        """The replica with the fastest way, the lowest of them."""
        able = [each for each in self.training.present if self.seats[each].site >= 0]
        able = able or self.training.present
        ways = [self._lines.rates([(self._place(each), self._place(rank))])[0] for each in able]
        best = max(range(len(able)), key=lambda k: (ways[k][0], -ways[k][1], -able[k]))
        return able[best]

    def _holds(self, rank: int) -> bool:
        """A replica's site has the last checkpoint itself."""
        if self._kept_at is None:
            return True
        return self._kept_at.get(rank) == self.seats[rank].site

    def _arrived(self, number: int, now: float) -> None:
        """All bytes of a movement are there."""
        bulk, training = self.carrier.deliver(number), self.training
        note = self.log.add
        if number in self._moving:
            rank, site = self._moving.pop(number)
            self._put(rank, site)
            self.moves += 1
            note(self.job.name, "move", now, rank, training.done(rank), size=bulk.size)
            return
        givers = list(training.contributions(number)) if bulk.kind == "exchange" else []
        measured = training.arrived(number)
        if bulk.kind == "exchange":
            if self.job.method.name != "synchronous":
                unit = min(training.done(rank) for rank in training.present)
                note(self.job.name, "exchange", now, unit=unit, size=bulk.size)
            for rank in givers:
                self.damage.taken_over(rank, self.job.method.name != "synchronous")
        elif bulk.kind == "rejoin":
            rank, donor = bulk.legs[0].target, bulk.legs[0].source
            self._seated(rank)
            self.damage.copied(rank, donor)
            self.rejoins += 1
            told = f"from {donor}"
            note(
                self.job.name, "rejoin", now, rank, training.done(rank), size=bulk.size, detail=told
            )
        elif bulk.kind == "restore":
            self._restoring = set()
            for rank in training.present:
                self._seated(rank)
                if self.seats[rank].site < 0:
                    self._lose(rank, now, self._last_cause, "lost while it was restored")
            self.restores += 1
            if not training.present:
                return
            unit = min(training.done(rank) for rank in training.present)
            note(self.job.name, "restore", now, unit=unit, size=bulk.size)
        else:
            assert training.safe is not None
            unit = min(done for done, _ in training.safe.units.values())
            note(self.job.name, "checkpoint", now, unit=unit, size=bulk.size)
        self._measured(measured, now)

    def _seated(self, rank: int) -> None:
        seat = self.seats[rank]
        seat.restarting, seat.carry = False, Fraction(0)

    def _save(self, now: float) -> bool:
        """Write a checkpoint when one is due and no exchange is under way."""
        if now < self._checkpoint_due or not self.training.settled or math.isnan(self.begun):
            return False
        if any(bulk.kind == "checkpoint" for bulk in self.carrier.under_way.values()):
            return False
        self._saved = now
        taken, movement = self.training.checkpoint()
        self.checkpoints += 1
        for rank in self.training.present:
            self.seats[rank].busy = max(self.seats[rank].busy, now + self.job.checkpoint_time)
        if not self.job.checkpoint_to_ground:
            self.training.arrived(movement.number)
            self._kept_at = {rank: self.seats[rank].site for rank in taken.states}
            unit = min(done for done, _ in taken.units.values())
            self.log.add(self.job.name, "checkpoint", now, unit=unit)
        else:
            self._kept_at = {}
        return True

    @property
    def _checkpoint_due(self) -> float:
        last = self.begun if math.isnan(self._saved) else self._saved
        return last + self.job.checkpoint_interval if last == last else math.inf

    def _sync(self, now: float) -> None:
        """What the coordinator wants sent is under way, and nothing else."""
        training, carrier = self.training, self.carrier
        due = {each.number: each for each in training.due}
        for number in [n for n in carrier.under_way if n > 0 and n not in due]:
            carrier.drop(number)
        for number, movement in due.items():
            if number in carrier.under_way:
                continue
            if movement.kind == "exchange" and self.job.guards:
                found = self.damage.contributions(training.contributions(number))
                if found:
                    self._lose(found[0], now, faults.GUARD, found[1])
                    return self._sync(now)
            legs = [(each.source, each.target, each.size) for each in movement.transfers]
            carrier.add(number, movement.kind, legs, now)
        carrier.share(self._lines, self._place, now)

    def _watch(self, now: float) -> None:
        """Evaluate what has been learnt, where a look is due."""
        job, training = self.job, self.training
        if not training.present or (math.isnan(self.begun) and self.losses):
            return
        unit = min(training.done(rank) for rank in training.present)
        agreed = all(each.kind != "exchange" for each in training.due)
        over = unit >= job.units and unit > self._seen
        if agreed and (unit // job.every > self._seen // job.every or over or not self.losses):
            self._seen = unit
            loss = float(training.evaluate().get("loss", math.nan))
            self.losses.append(loss)
            self.log.add(job.name, "validation", now, unit=unit, validation=loss)
            if job.method.name == "single":
                self.damage.taken_over(0, False)

    def _end(self, now: float) -> None:
        """The job is over when all that are present have done their steps and agree."""
        training = self.training
        if not training.present or self._restoring:
            return
        if any(training.done(rank) < self.job.units for rank in training.present):
            return
        if any(each.kind != "checkpoint" for each in training.due):
            return
        for number in list(self.carrier.under_way):
            self.carrier.drop(number)
        self.finish = now
        for rank in training.present:
            self.damage.taken_over(rank, False)
        unit = min(training.done(rank) for rank in training.present)
        self.log.add(self.job.name, "finish", now, unit=unit)

    def _strike(self, hit: Hit) -> None:
        """A particle strikes a site: does it hit numbers of the job?"""
        job = self.job
        random = np.random.default_rng([job.seed, 53, job.first, hit.number])
        there = [
            rank
            for rank in self.training.present
            if self.seats[rank].site == hit.site and self._up(hit.site, hit.time)
        ]
        working = there and self._works(there[0], hit.time) and self.seats[there[0]].left > 0.0
        meets = random.random() < job.exposed if hit.stored else bool(working)
        if not there:
            return
        if not meets:
            self.damage.masked()
            return
        rank = there[0]
        told = self.damage.strike(rank, self.training.tensors(rank), hit.stored, random)
        self.log.add(self.job.name, "flip", hit.time, rank, self.training.done(rank), detail=told)

    # small answers

    def _put(self, rank: int, site: int) -> None:
        """A replica's home is elsewhere from now on."""
        self.seats[rank].site = site
        self.host.seat(rank, site)

    def _assign(self, now: float) -> None:
        """Take in where the last decision put each replica; memory moves after it."""
        for rank, seat in enumerate(self.seats):
            target = self._targets[rank]
            if rank not in self.training.present or target < 0 or target == seat.site:
                continue
            if seat.site < 0 and math.isnan(self.begun):
                self._put(rank, target)
                continue
            if any((rank, target) == each for each in self._moving.values()):
                continue
            self._stay(rank)
            self._moves -= 1
            self._moving[self._moves] = (rank, target)
            size = self.training.state_size(rank)
            self.carrier.add(self._moves, "move", [(-2 - seat.site, -2 - target, size)], now)

    def _stay(self, rank: int) -> None:
        """A replica's memory is not on its way to another site any more."""
        for number in [n for n, (who, _) in self._moving.items() if who == rank]:
            self.carrier.drop(number)
            del self._moving[number]

    def _works(self, rank: int, now: float) -> bool:
        """A replica has its numbers, its site and room for a unit."""
        seat = self.seats[rank]
        return (
            rank in self.training.present
            and seat.site >= 0
            and seat.site == self._targets[rank]
            and seat.busy <= now
            and self._up(seat.site, now)
            and self._room(rank) > 0
        )

    def _room(self, rank: int) -> int:
        """Units that a replica may do until something happens to it."""
        done = self.training.done(rank)
        room = min(self.training.room(rank), self.job.units - done)
        if self.training.room(rank) == UNLIMITED:
            room = min(room, self.job.every - done % self.job.every)
        return room

    def _pace(self, seat: Seat) -> Fraction:
        """Units in a second of work."""
        return Fraction(seat.speed) / Fraction(self.job.unit_time)

    def _joining(self, rank: int) -> bool:
        return any(
            each.kind in ("rejoin", "restore") and any(t.target == rank for t in each.transfers)
            for each in self.training.due
        )

    def _place(self, rank: int) -> int:
        """Vertex of a rank, of a site written as −2 − site, or of the ground."""
        if rank == GROUND and not self.job.checkpoint_to_ground and self._kept_at:
            there = [site for site in self._kept_at.values() if self._up(site, self._now)]
            return self._vertex(min(there)) if there else -1
        if rank == GROUND:
            return self._vertex(GROUND)
        site = self.seats[rank].site if rank >= 0 else -2 - rank
        return self._vertex(site) if site >= 0 else -1

    def _up(self, site: int, now: float) -> bool:
        return outage(self._outages, site, now) is None
