"""Build the tables of trapped radiation and of dose behind aluminium that the package ships.

Needs, in an environment of its own, `aep8` 1.1.0 (AP8/AE8 as IRBEM has them, BSD-3-Clause) and
`spacepy` 0.7.0 (SHIELDOSE-2 of NIST as IRBEM has it); some two minutes:

    python tools/build_radiation.py src/dawndusk/environment

`radiation_field.npz` holds, for the two fields that the maps were made in (Jensen & Cain 1960,
"early": AE8 and AP8MIN; GSFC 12/66 at 1970, "late": AP8MAX), 1/L and ln((B/B0)/L³) on a grid of
geocentric latitude, longitude and radius. `radiation_maps.npz` holds the integral fluxes
[1/cm²/s] of the four maps on a grid of L and of ln(B/B0), between the least value that low
orbits meet and the one where all flux ends. `dose_kernel.npz` holds the dose in silicon [rad]
of one particle per cm² of each band of energy.
"""

import itertools
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LATITUDE = np.linspace(-90.0, 90.0, 61)
LONGITUDE = np.linspace(-180.0, 174.0, 60)
RADIUS = 6_371.2 + np.array(
    [100, 250, 400, 550, 700, 850, 1000, 1150, 1300, 1500, 1700, 1900, 2100, 2350], float
)
"""[km]; the outermost on either side only serve the interpolation."""
UNIT = 6_378.1
"""Radius of the Earth that `aep8` counts in [km]."""
SHELL = np.concatenate(
    [np.arange(1.0, 2.0, 0.00625), np.arange(2.0, 4.0, 0.025), np.arange(4.0, 11.01, 0.1)]
)
SHARE = np.linspace(0.0, 1.0, 81)
PROTON_MEV = np.array([2, 4, 6, 8, 10, 15, 20, 30, 50, 60, 80, 100, 150, 200, 300], float)
ELECTRON_MEV = np.array([0.1, 0.25, 0.5, 0.75, *np.arange(1.0, 6.0, 0.5)])
"""Energies of the maps themselves, inside the ends where `aep8` gives no number."""
DEPTH = np.geomspace(0.05, 30.0, 65)
PROTON_BAND = np.geomspace(2.0, 500.0, 331)
ELECTRON_BAND = np.geomspace(0.1, 7.0, 121)


def field(geomagnetic) -> tuple[Array, Array]:  # type: ignore[no-untyped-def]
    """1/L and ln((B/B0)/L³) on the grid; 0 and the nearest number where no line closes."""
    latitude, longitude, radius = np.meshgrid(
        np.radians(LATITUDE), np.radians(LONGITUDE), RADIUS / UNIT, indexing="ij"
    )
    ratio, shell = geomagnetic(
        0,
        radius * np.cos(latitude) * np.cos(longitude),
        radius * np.cos(latitude) * np.sin(longitude),
        radius * np.sin(latitude),
    )
    return closed(np.asarray(ratio), np.asarray(shell))


def closed(ratio: Array, shell: Array) -> tuple[Array, Array]:
    """1/L and ln((B/B0)/L³) where L is a number below 20; elsewhere 0 and the level's largest."""
    good = (shell > 0.0) & (shell < 20.0) & (ratio > 0.0)
    inverse = np.where(good, 1.0 / np.where(good, shell, 1.0), 0.0)
    strength = np.where(good, np.log(np.where(good, ratio * inverse**3, 1.0)), -np.inf)
    largest = np.broadcast_to(strength.max(axis=(0, 1)), strength.shape)
    return inverse, np.where(good, strength, largest)


def ends(fluxes) -> Array:  # type: ignore[no-untyped-def]
    """ln(B/B0) above which none of the maps has any flux, for each L."""
    fine = np.linspace(0.0, 8.0, 1601)
    last = np.zeros(SHELL.size)
    for flux, energy in fluxes:
        value = np.nan_to_num(flux(energy, SHELL[:, None], np.exp(fine)[None, :]))
        last = np.maximum(last, np.where(value > 0.0, fine, 0.0).max(axis=1))
    return np.maximum(last + 0.01, 0.05)


def starts() -> Array:
    """ln(B/B0) below which no orbit under 2,400 km comes on each L, in a dipole off the centre."""
    outer = np.maximum(SHELL / 1.5, 1.0)
    return np.maximum(np.log(outer**3 * np.sqrt(np.maximum(4.0 - 3.0 / outer, 1.0))) - 0.25, 0.0)


def maps(flux, energies: Array, start: Array, end: Array) -> Array:  # type: ignore[no-untyped-def]
    """log10(1 + integral flux) as whole 1/2000, shape (energies, L, share)."""
    ratio = np.exp(start[:, None] + SHARE[None, :] * (end - start)[:, None])
    value = flux(energies[:, None, None], SHELL[None, :, None], ratio[None])
    return np.round(2000.0 * np.log10(1.0 + np.nan_to_num(value))).astype(np.int16)


def dose_of_band(low: float, high: float, particle: str) -> Array:
    """Dose [rad] of one particle per cm² spread evenly over a band: direct and by
    X-rays, in a semi-infinite body and behind a slab, shape (2, 2, depth)."""
    import spacepy.irbempy as irbem

    model = irbem.Shieldose2()
    model.set_shielding(DEPTH, "mm")
    energy, flux = np.linspace(low, high, 101), np.full(101, 1.0 / (high - low))
    idle, nothing = np.linspace(1.0, 2.0, 101), np.full(101, 1e-30)
    protons = (flux, energy) if particle == "p" else (nothing, idle)
    electrons = (flux, energy) if particle == "e" else (nothing, idle)
    model.set_flux(*protons, "p_un")
    model.set_flux(*protons, "p_tr")
    model.set_flux(*electrons, "e")
    model.get_dose()
    found = model.results
    if particle == "p":
        direct, braking = np.asarray(found["dose_proton_trapped"]), np.zeros((DEPTH.size, 3))
    else:
        direct = np.asarray(found["dose_electron"])
        braking = np.asarray(found["dose_bremsstrahlung"])
    return np.stack([direct.T[:2], braking.T[:2]])


def main(folder: Path) -> int:
    """Write the three tables."""
    from aep8._core import flux1, flux2, flux3, flux4, geomag3, geomag4

    early, late = field(geomag3), field(geomag4)
    end = ends([(flux1, 0.1), (flux2, 0.1), (flux3, 2.0), (flux4, 2.0)])
    start = np.minimum(starts(), end - 0.05)
    np.savez_compressed(
        folder / "radiation_field.npz",
        latitude_deg=LATITUDE,
        longitude_deg=LONGITUDE,
        radius_km=RADIUS,
        inverse_shell=np.stack([early[0], late[0]]).astype(np.float32),
        strength=np.stack([early[1], late[1]]).astype(np.float32),
    )
    np.savez_compressed(
        folder / "radiation_maps.npz",
        shell=SHELL,
        start=start,
        end=end,
        proton_mev=PROTON_MEV,
        electron_mev=ELECTRON_MEV,
        proton=np.stack([maps(flux3, PROTON_MEV, start, end), maps(flux4, PROTON_MEV, start, end)]),
        electron=np.stack(
            [maps(flux1, ELECTRON_MEV, start, end), maps(flux2, ELECTRON_MEV, start, end)]
        ),
    )
    kernels = {}
    for name, particle, edges in (("proton", "p", PROTON_BAND), ("electron", "e", ELECTRON_BAND)):
        bands = itertools.pairwise(edges)
        kernel = np.stack([dose_of_band(low, high, particle) for low, high in bands], axis=-1)
        kernels[name] = kernel.sum(axis=0).astype(np.float32)
    np.savez_compressed(
        folder / "dose_kernel.npz",
        depth_mm=DEPTH,
        proton_mev=PROTON_BAND,
        electron_mev=ELECTRON_BAND,
        **kernels,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
