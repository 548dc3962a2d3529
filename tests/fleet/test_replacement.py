"""The monthly fleet against survival curves, renewal equations and single satellites."""

import math
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dawndusk.constants import DAY, JULIAN_YEAR
from dawndusk.fleet import reliability, replacement
from dawndusk.fleet.replacement import History, Plan
from tests.fleet.single_satellites import Wish, follow

YEAR, MONTH = JULIAN_YEAR, JULIAN_YEAR / 12.0

LIFE = reliability.lifetime(0.1, 45 * DAY, 0.02 / YEAR, 7 * YEAR, 3.0)


def table(months: int, life: reliability.Lifetime = LIFE) -> np.ndarray:
    return reliability.failure_table(life, MONTH, months)


def fleet(wanted: int, months: int, failure: np.ndarray | float, **more: object) -> Plan:
    """A fleet wanted from the first month on, launched in vehicles of 10 without failure."""
    failure = np.full((1, months), failure) if np.isscalar(failure) else failure
    given = {"per_launch": 10, "launches": 10**6, "success": 1.0, **more}
    return replacement.plan(np.full(months, wanted), failure, **given)  # type: ignore[arg-type]


def total(counts: np.ndarray) -> float:
    """Sum over the months, mean over the runs."""
    return float(counts.sum(axis=1).mean())


# survival and renewal


def test_nothing_happens_to_satellites_that_do_not_fail() -> None:
    history = replacement.simulate(fleet(1_234, 60, 0.0), 1, 3)
    assert np.all(history.alive == 1_234)
    assert np.all(history.capacity == 1_234.0)
    assert history.launches[0].tolist() == [124] + [0] * 59
    assert replacement.missing(history) == 0


def test_without_replacement_the_survival_curve_remains() -> None:
    months, size = 120, 1_000_000
    made = fleet(size, months, table(months), policy="never")
    history = replacement.simulate(made, 7, 50)
    truth = reliability.survival(MONTH * np.arange(1, months + 1), LIFE)
    sigma = np.sqrt(truth * (1 - truth) / size)
    deviation = (history.alive / size - truth) / sigma
    assert np.abs(deviation).max() < 5.0
    assert np.abs(deviation.mean(axis=0)).max() < 5.0 / math.sqrt(50)
    assert np.abs(deviation.std(axis=0) - 1.0).max() < 5.0 / math.sqrt(2 * 50)
    assert np.all(history.capacity == history.alive)


def test_replacements_follow_the_renewal_equation() -> None:
    # rⱼ = Σ fₖ rⱼ₋₁₋ₖ: what fails in one month is launched in the next (Feller I, chapter XIII)
    months, size = 96, 200_000
    failure = table(months)
    alive = np.concatenate([[1.0], np.cumprod(1.0 - failure.sum(axis=0))])
    ends = alive[:-1] - alive[1:]
    expected = np.zeros(months)
    expected[0] = size
    for j in range(1, months):
        expected[j] = np.dot(ends[:j], expected[j - 1 :: -1][:j])
    made = fleet(size, months, failure, per_launch=1)
    history = replacement.simulate(made, 3, 40)
    found = history.placed.mean(axis=0)
    sigma = np.sqrt(np.maximum(expected, 1.0) / 40)
    assert np.abs((found - expected)[1:] / sigma[1:]).max() < 4.5
    assert found[1:].sum() == pytest.approx(expected[1:].sum(), rel=2e-3)


@pytest.mark.parametrize("lead", [0, 5])
def test_share_alive_of_an_alternating_process(lead: int) -> None:
    # memoryless failures p a month: 1/p − 1 month ends alive in each cycle of 1/p + lead
    p, months, size = 0.02, 360, 20_000
    made = fleet(size, months, p, lead=lead, per_launch=1)
    history = replacement.simulate(made, 11, 20)
    share = history.alive[:, 120:].mean() / size
    assert share == pytest.approx((1 - p) / (1 + p * lead), abs=3e-4)


def test_lost_launches_are_flown_again() -> None:
    # each satellite needs 1 / 0.8 launches of one on average
    made = fleet(5_000, 40, 0.0, per_launch=1, success=0.8)
    history = replacement.simulate(made, 2, 20)
    assert np.all(history.alive[:, -1] == 5_000)
    sigma = math.sqrt(0.2 * 5_000 * 20) / 0.8 / 20
    assert total(history.launches) == pytest.approx(5_000 / 0.8, abs=4 * sigma)
    never = replacement.simulate(
        fleet(5_000, 40, 0.0, per_launch=1, success=0.8, policy="never"), 2, 20
    )
    sigma = math.sqrt(5_000 * 0.8 * 0.2 / 20)
    assert never.alive[:, -1].mean() == pytest.approx(4_000, abs=4 * sigma)


# single satellites

SMALL = Wish(
    months=40,
    wanted=33,
    failure=[0.08, 0.04, *[0.015] * 16, *[0.05] * 22],
    per_launch=6,
    least=2,
    launches=3,
    success=0.85,
    retire_age=24,
    lead=3,
    mendable=0.6,
    swap_success=0.7,
    swaps=2,
)


def test_cohorts_do_what_single_satellites_do() -> None:
    runs = 1_500
    truth = np.array([follow(SMALL, random.Random(k)) for k in range(runs)])
    # a month before the first brings modules for ever into orbit
    before = np.arange(SMALL.months + 1) == 0
    made = replacement.plan(
        np.where(before, 0, SMALL.wanted),
        np.array([[*SMALL.failure, 1.0]]),
        SMALL.per_launch,
        SMALL.launches,
        np.where(before, 1.0, SMALL.success),
        retire_age=SMALL.retire_age,
        lead=SMALL.lead,
        least=SMALL.least,
        mendable=SMALL.mendable,
        swap_success=SMALL.swap_success,
        swaps=SMALL.swaps,
        kits=10**6,
        kits_per_launch=10**6 - 1_000,
    )
    history = replacement.simulate(made, 5, runs)
    assert replacement.missing(history) == 0
    assert np.all(history.swaps.sum(axis=1) < 1_000)
    assert total(history.swaps) > 5.0
    found = np.stack([history.alive, history.waiting, history.launches, history.lost], axis=2)
    found = found[:, 1:]
    for column, name in enumerate(("alive", "waiting", "launches", "lost")):
        ours, theirs = found[:, :, column], truth[:, :, column]
        middle = 0.5 * (ours.mean(axis=0) + theirs.mean(axis=0))
        for power in (1, 2):
            a, b = (ours - middle) ** power, (theirs - middle) ** power
            sigma = np.sqrt((a.var(axis=0) + b.var(axis=0)) / runs)
            apart = np.abs(a.mean(axis=0) - b.mean(axis=0))
            assert np.all(apart <= 4.5 * sigma + 1e-12), (name, power, apart, sigma)


# bounds and books

PLANS = st.fixed_dictionaries(
    {
        "wanted": st.integers(0, 400),
        "policy": st.sampled_from(sorted(replacement.POLICIES)),
        "spares": st.integers(0, 30),
        "retire_age": st.sampled_from([0, 7, 20]),
        "lead": st.integers(0, 6),
        "per_launch": st.integers(3, 40),
        "least": st.integers(1, 3),
        "launches": st.integers(0, 20),
        "success": st.floats(0.0, 1.0),
        "chance": st.floats(0.0, 1.0),
        "outer": st.floats(0.0, 1.0),
        "disposal": st.floats(0.0, 1.0),
        "decay": st.integers(0, 12),
        "mendable": st.floats(0.0, 1.0),
        "swap_success": st.floats(0.0, 1.0),
        "swaps": st.integers(0, 50),
        "kits": st.sampled_from([0, 20, 90]),
        "seed": st.integers(0, 2**63),
    }
)


@settings(max_examples=150)
@given(PLANS)
def test_the_books_balance(draw: dict[str, object]) -> None:
    months = 48
    wanted = np.full(months, draw.pop("wanted"))
    wanted[:6] //= 2
    wanted[40:] //= 3
    chance, outer, seed = (draw.pop(name) for name in ("chance", "outer", "seed"))
    launches = draw["launches"]
    made = replacement.plan(
        wanted,
        np.outer([0.7, 0.3], np.full(months, chance)),
        hazard=np.full((1, months), outer),
        kits_per_launch=20,
        **draw,  # type: ignore[arg-type]
    )
    history = replacement.simulate(made, int(seed), 2)  # type: ignore[call-overload]
    assert replacement.missing(history) == 0
    for name, values in history._asdict().items():
        assert np.all(values >= 0), name
    assert np.all(history.launches <= launches)
    assert np.all(history.launch_failures <= history.launches)
    assert np.all(history.working <= np.minimum(history.alive, wanted))
    assert np.all(history.alive <= made.goal.max() + 0 * history.alive)
    assert np.all(history.capacity <= history.working + 1e-9)
    gone = history.failures.sum(axis=1).cumsum(axis=1)
    repaired = (history.swaps - history.swaps_failed).cumsum(axis=1)
    dead = history.failed.cumsum(axis=1)
    # every failure is final, waits, was mended, or was retired while it waited
    assert np.all(gone >= dead + history.waiting + repaired - history.swaps_failed.sum())


def test_same_seed_same_bytes() -> None:
    made = fleet(5_000, 60, table(60), success=0.9, mendable=0.3, swaps=20, kits=100)
    one, two = replacement.simulate(made, 42, 6), replacement.simulate(made, 42, 6)
    part = replacement.simulate(made, 42, 2, first=3)
    other = replacement.simulate(made, 43, 6)
    for name in History._fields:
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
        assert getattr(one, name)[3:5].tobytes() == getattr(part, name).tobytes()
    assert one.alive.tobytes() != other.alive.tobytes()
    assert one.alive[0].tobytes() != one.alive[1].tobytes()


def test_a_million_satellites_ten_years_a_hundred_seeds() -> None:
    months = 120
    wanted = np.linspace(0, 1_000_000, months).astype(int)
    given = {"hazard": np.full((2, months), 1e-4), "retire_age": 60, "lead": 6, "spares": 10_000}
    made = replacement.plan(wanted, table(months), 47, 3_000, 0.97, **given)  # type: ignore[arg-type]
    replacement.simulate(made, 1, 1)
    start = time.process_time()
    history = replacement.simulate(made, 1, 100)
    assert time.process_time() - start < 20.0  # 60 s are allowed; about 0.4 s are needed
    assert replacement.missing(history) == 0
    assert history.alive[:, -1].min() > 900_000


def test_mean_age_of_a_fleet_that_renews_itself() -> None:
    # memoryless: alive at age k with (1 − p)^k; those launched in the last month are one old
    p, months = 0.05, 400
    history = replacement.simulate(fleet(50_000, months, p, per_launch=1), 9, 4)
    ages = np.arange(1, months + 1)
    weight = (1.0 - p) ** ages
    assert history.age[:, -1].mean() == pytest.approx(
        (ages * weight).sum() / weight.sum(), rel=5e-3
    )
    assert np.all(history.age[:, 0] == 1.0)
    retired = replacement.simulate(fleet(10, 36, 0.0, retire_age=12, policy="never"), 1, 1)
    assert retired.age[0].tolist() == [*range(1, 13), *[0.0] * 24]


# launches


def test_launches_bound_the_ramp() -> None:
    history = replacement.simulate(fleet(1_000, 30, 0.0, launches=4), 1, 1)
    np.testing.assert_array_equal(history.alive[0], np.minimum(40 * np.arange(1, 31), 1_000))
    np.testing.assert_array_equal(history.stock[0], 1_000 - history.alive[0])


def test_small_loads_wait_for_company() -> None:
    history = replacement.simulate(fleet(1_000, 120, 0.002, least=10), 4, 20)
    flown = history.placed + history.lost
    assert np.all(flown % 10 == 0)
    assert np.all(history.stock < 10)
    alone = replacement.simulate(fleet(1_000, 120, 0.002), 4, 20)
    assert total(alone.launches) > total(history.launches)
    assert alone.alive.mean() > history.alive.mean()


def test_a_long_lead_meets_the_plan_on_time() -> None:
    months = 40
    wanted = np.minimum(10 * np.arange(1, months + 1), 200)
    made = replacement.plan(wanted, np.zeros((1, months)), 10, 99, 1.0, lead=12, retire_age=15)
    history = replacement.simulate(made, 1, 1)
    np.testing.assert_array_equal(history.alive[0], wanted)


# retirement and what is left in orbit


def test_blocks_are_replaced_on_schedule() -> None:
    made = fleet(500, 60, 0.01, policy="on_schedule", retire_age=24, lead=3, per_launch=50)
    history = replacement.simulate(made, 9, 200)
    placed = history.placed[0]
    assert np.flatnonzero(placed).tolist() == [0, 24, 48]
    assert set(placed[placed > 0]) == {500}
    truth = 500 * 0.99 ** (np.arange(60) % 24 + 1)
    sigma = np.sqrt(truth * (1 - truth / 500) / 200)
    assert np.abs((history.alive.mean(axis=0) - truth) / sigma).max() < 4.5


def test_retired_satellites_come_down_and_derelicts_later() -> None:
    made = fleet(100_000, 40, 0.0, policy="never", retire_age=12, disposal=0.95, decay=20)
    history = replacement.simulate(made, 1, 4)
    assert np.all(history.alive[:, 12:] == 0)
    assert np.all(history.retired[:, 12] == 100_000)
    came = history.reentered[:, 12]
    assert np.abs(came - 95_000).max() < 5 * math.sqrt(100_000 * 0.95 * 0.05)
    np.testing.assert_array_equal(history.derelicts[:, 31], 100_000 - came)
    np.testing.assert_array_equal(history.reentered[:, 32], 100_000 - came)
    assert np.all(history.derelicts[:, 32:] == 0)


# causes


def test_failures_belong_to_their_causes() -> None:
    months, size = 60, 1_000_000
    inner = np.outer([0.002, 0.001], np.ones(months))
    outer = np.stack([np.full(months, 0.0005), np.zeros(months)])
    made = fleet(size, months, inner, policy="never", hazard=outer)
    history = replacement.simulate(made, 6, 5)
    lasting = (1 - 0.003) * (1 - 0.0005)
    truth = size * lasting ** np.arange(1, months + 1)
    assert np.abs(history.alive - truth).max() < 5 * math.sqrt(size * 0.25)
    causes = history.failures.sum(axis=2)
    np.testing.assert_array_equal(causes.sum(axis=1), history.failed.sum(axis=1))
    share = causes / causes.sum(axis=1, keepdims=True)
    sigma = math.sqrt(0.25 / causes.sum(axis=1).min())
    np.testing.assert_allclose(share[:, :3], np.tile([4 / 7, 2 / 7, 1 / 7], (5, 1)), atol=5 * sigma)
    assert np.all(causes[:, 3] == 0)


def test_a_storm_strikes_when_it_comes() -> None:
    hazard = np.zeros((1, 24))
    hazard[0, 10] = 0.4
    history = replacement.simulate(fleet(10_000, 24, 0.0, policy="never", hazard=hazard), 1, 3)
    assert np.all(history.alive[:, 9] == 10_000)
    assert np.abs(history.alive[:, 10] - 6_000).max() < 5 * math.sqrt(2_400)
    np.testing.assert_array_equal(history.alive[:, 10], history.alive[:, -1])


# servicing


def test_swaps_mend_in_a_month() -> None:
    # modules without end and swaps that always work: only this month's failures are missing
    made = fleet(
        50_000, 60, 0.02, policy="never", mendable=1.0, swaps=10**6, kits=10**6, kits_per_launch=100
    )
    history = replacement.simulate(made, 8, 10)
    assert np.all(history.alive + history.waiting == 50_000)
    assert history.alive.mean() == pytest.approx(49_000, abs=5 * math.sqrt(980 / 600))
    assert np.all(history.kits[:, 0] == 10**6)
    np.testing.assert_array_equal(history.swaps[:, 1:], history.waiting[:, :-1])


def test_failed_swaps_and_lost_modules_are_paid() -> None:
    given = {"policy": "never", "mendable": 1.0, "swaps": 10**6, "kits": 5_000}
    made = fleet(50_000, 60, 0.02, swap_success=0.75, success=0.9, kits_per_launch=10, **given)
    history = replacement.simulate(made, 8, 20)
    tried = total(history.swaps)
    sigma = math.sqrt(0.75 * 0.25 * tried / 20)
    assert total(history.swaps_failed) == pytest.approx(0.25 * tried, abs=4 * sigma)
    flown = total(history.kits_launched)
    assert total(history.kits_lost) == pytest.approx(0.1 * flown, rel=0.03)
    assert replacement.missing(history) == 0


def test_swaps_wait_for_servicers_and_modules() -> None:
    given = {"policy": "never", "mendable": 1.0}
    slow = replacement.simulate(fleet(5_000, 40, 0.02, swaps=3, kits=100, **given), 1, 2)
    assert slow.swaps.max() == 3
    short = replacement.simulate(
        fleet(5_000, 40, 0.02, swaps=99, kits=20, kits_per_launch=20, **given), 1, 2
    )
    assert short.swaps.max() == 20
    none = replacement.simulate(fleet(5_000, 40, 0.02, swaps=99, **given), 1, 2)
    assert none.swaps.max() == 0
    assert none.alive.mean() < short.alive.mean()


def test_the_youngest_are_mended_first() -> None:
    # two cohorts of 100 all fail in month 2, 50 can be mended a month, retired at 6 months
    hazard = np.zeros((1, 9))
    hazard[0, 2] = 1.0
    made = replacement.plan(
        [100, *[200] * 8],
        np.zeros((1, 9)),
        10,
        999,
        1.0,
        policy="never",
        hazard=hazard,
        retire_age=6,
        mendable=1.0,
        swaps=50,
        kits=1_000,
        kits_per_launch=1_000,
    )
    history = replacement.simulate(made, 1, 1)
    assert history.swaps[0].tolist() == [0, 0, 0, 50, 50, 50, 0, 0, 0]
    assert history.alive[0].tolist() == [100, 200, 0, 50, 100, 150, 100, 0, 0]


# feedback


def lived(**more: object) -> tuple[History, float, float]:
    """Ten years of 1,000 satellites of 2 t: history, mean capacity and price of the whole."""
    life = reliability.lifetime(float(more.pop("defective", 0.1)), 45 * DAY, 0.02 / YEAR)  # type: ignore[arg-type]
    made = fleet(1_000, 120, table(120, life), success=0.97, lead=6, **more)
    history = replacement.simulate(made, 21, 100)
    price = sum(total(part) for part in replacement.expenses(history, 5e6, 50e6, 1e6).values())
    return history, float(history.capacity.mean()), price


def test_twice_the_infant_mortality_costs_launches_money_and_work() -> None:
    (few, able, cheap), (many, less, dear) = lived(defective=0.1), lived(defective=0.2)
    assert total(many.launches) > total(few.launches)
    assert dear > cheap
    assert less < able
    assert dear / less > cheap / able


def test_spares_weigh_cost_and_serve() -> None:
    (bare, able, cheap), (ready, more, dear) = lived(), lived(spares=50)
    assert (
        total(replacement.mass_launched(ready, 2_000.0))
        > total(replacement.mass_launched(bare, 2_000.0)) + 50 * 2_000.0 * 0.99
    )
    assert dear > cheap
    assert more > able
    assert ready.capacity.max() <= 1_000.0


def test_replacement_restores_capacity() -> None:
    (_, never, _), (kept, restored, _) = lived(policy="never"), lived()
    assert never < 0.9 * restored
    assert kept.capacity[:, -1].mean() > 980.0


# capacity, money, books


def test_capacity_ages_and_newer_satellites_do_more() -> None:
    months = 30
    made = fleet(
        100,
        months,
        0.0,
        retire_age=12,
        capacity=0.99 ** np.arange(months),
        generation=1.5 ** (np.arange(months) // 12),
    )
    history = replacement.simulate(made, 1, 1)
    k = np.arange(months)
    truth = 100 * 0.99 ** (k % 12) * 1.5 ** (k // 12)
    np.testing.assert_allclose(history.capacity[0], truth, rtol=1e-12)


def test_capacity_belongs_to_the_month_of_launch() -> None:
    made = replacement.plan(
        [10, 20, 20],
        np.zeros((1, 3)),
        10,
        9,
        1.0,
        capacity=[1.0, 0.5, 0.25],
        generation=[1.0, 2.0, 9.0],
    )
    assert replacement.simulate(made, 1, 1).capacity.tolist() == [[10.0, 25.0, 12.5]]


def test_what_is_lost_at_launch_was_launched() -> None:
    history = replacement.simulate(fleet(30, 2, 0.0, success=0.0, policy="never"), 1, 1)
    assert history.lost.tolist() == [[30, 0]]
    assert replacement.mass_launched(history, 10.0).tolist() == [[300.0, 0.0]]


def test_money_and_mass_follow_the_counts() -> None:
    made = fleet(35, 3, 0.0, kits=10, kits_per_launch=10)
    history = replacement.simulate(made, 1, 1)
    spent = replacement.expenses(history, 2.0, [100.0, 50.0, 50.0], 3.0)
    assert spent["satellites"].tolist() == [[70.0, 0.0, 0.0]]
    assert spent["launches"].tolist() == [[500.0, 0.0, 0.0]]
    assert spent["modules"].tolist() == [[30.0, 0.0, 0.0]]
    assert replacement.mass_launched(history, 10.0, 4.0).tolist() == [[390.0, 0.0, 0.0]]


def test_missing_satellites_are_missed() -> None:
    history = replacement.simulate(fleet(100, 12, 0.1, mendable=0.5, kits=9, swaps=9), 1, 2)
    assert replacement.missing(history) == 0
    for name in ("alive", "waiting", "failed", "retired", "stock", "reentered", "kits", "swaps"):
        changed = getattr(history, name).copy()
        changed[1, 5] += 2
        assert replacement.missing(history._replace(**{name: changed})) == 2, name


# errors


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"success": 1.2}, r"success: 1\.2; allowed: 0 to 1"),
        ({"disposal": -0.1}, r"disposal: -0\.1; allowed: 0 to 1"),
        ({"mendable": math.nan}, "mendable: nan; allowed: 0 to 1"),
        ({"swap_success": 2.0}, "swap_success: 2; allowed: 0 to 1"),
        ({"hazard": np.full((1, 12), 1.5)}, r"hazard: 1\.5; allowed: 0 to 1"),
        ({"hazard": np.zeros(12)}, r"hazard: shape \(12,\); allowed: \(causes, 12\)"),
        ({"policy": "hope"}, "policy: 'hope'; allowed: never, on_failure, on_schedule"),
        ({"spares": -1}, "spares: -1; allowed: 0"),
        ({"launches": -1}, "launches: -1; allowed: 0"),
        ({"launches": np.ones(5)}, r"launches: shape \(5,\); allowed: one number or 12"),
        ({"per_launch": 0}, "per_launch: 0; allowed: 1"),
        ({"least": 11}, "least: 11; allowed: 1 to 10"),
        ({"lead": 12, "retire_age": 12}, r"lead: 12; allowed: 0 to 11 \(shorter than retire_age"),
        ({"kits": 5, "kits_per_launch": 10}, "kits: 5; allowed: 10"),
    ],
)
def test_impossible_plans(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fleet(100, 12, 0.01, **wrong)


def test_causes_that_add_up_to_more_than_one() -> None:
    with pytest.raises(ValueError, match=r"failure: 1\.2; allowed: 0 to 1 \(the sum"):
        fleet(100, 12, np.full((2, 12), 0.6))
