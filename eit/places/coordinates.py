"""Coordinates read as they must have been meant: wrong label, swapped axes, kilometres, lost point.

A pair of numbers has one reading as labelled and some hundred others: another reference
system, the axes swapped, a power of ten on either axis, a lost minus. The commune where
the site says it is decides between them; without one, the area the territory lies in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eit.places.systems import (
    MAINLAND,
    OVERSEAS,
    WGS84,
    Bounds,
    Floats,
    apart_km,
    own_bounds,
    to_degrees,
    within,
)

POWERS = range(-9, 4)
"""Powers of ten by which a coordinate may have been written too large (< 0) or too small."""
DOUBT_KM = 5.0
"""A point this far outside the reach of its commune is kept if nothing but its label was wrong."""
BEYOND = 2
"""Errors that are as unlikely as a point beyond the reach of its own commune. Where no commune is
known, a box must judge, and that tells only readings apart which suppose one error."""
MARGIN = 0.5
"""Degrees around the communes of a file in which a reading is looked for at all."""
SYSTEMS: Mapping[str, tuple[int, ...]] = {"": MAINLAND, **OVERSEAS}


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a pair of numbers."""

    epsg: int
    swapped: bool = False
    power_x: int = 0
    power_y: int = 0
    minus: bool = False

    def supposes(self) -> int:
        """How many things, the label apart, must have gone wrong for the pair to mean this."""
        scaled = 0 if self.power_x == self.power_y == 0 else 1 + (self.power_x != self.power_y)
        return self.swapped + scaled + self.minus

    def degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Longitude and latitude of raw pairs read this way."""
        east, north = (y, x) if self.swapped else (x, y)
        sign = -1.0 if self.minus else 1.0
        return to_degrees(sign * east * 10.0**self.power_x, north * 10.0**self.power_y, self.epsg)


def read_coordinates(
    pairs: pd.DataFrame, *, area: Bounds, reach_km: pd.Series, likely: int = 0
) -> pd.DataFrame:
    """Read pairs of numbers as longitudes and latitudes.

    Parameters
    ----------
    pairs
        Columns x, y (raw numbers), epsg (as labelled, 0 where it is not), lon0, lat0 (point of
        the declared commune, NaN where none is known), sure (whether that commune is certain
        enough to overrule a place in the area), region (key of `OVERSEAS`, or ``""``).
    area
        Box in degrees that decides where no commune does.
    reach_km
        How far from the commune's point its own ground may lie.
    likely
        System tried first where none is labelled.

    Returns
    -------
    readings
        On the same index: lon, lat (NaN where no reading is sound), off_km (from the commune's
        point; NaN without one), verdict (``sound`` as labelled; ``mended``; ``doubtful``: as
        labelled, some way off; ``far``: nowhere near; ``none``: not even a place), and reading
        (`Reading`, where it was mended).
    """
    found = _as_labelled(pairs)
    known = pairs["lon0"].notna()
    off = apart_km(
        *(f.to_numpy() for f in (found["lon"], found["lat"], pairs["lon0"], pairs["lat0"]))
    )
    found["off_km"] = off
    placed = found["lon"].notna()
    inside = within(found["lon"].to_numpy(), found["lat"].to_numpy(), area)
    near = off <= reach_km
    sound = placed & np.where(known, near, inside)
    doubtful = placed & ~near & known & ~pairs["sure"] & inside
    verdicts = ["sound", "doubtful", "none"]
    found["verdict"] = np.select([sound, doubtful, ~placed], verdicts, "far")
    unread = pairs[~sound & ~doubtful]
    for (region, judged), group in unread.groupby([unread["region"], known[unread.index]]):
        box = _around(group) if judged else area
        systems = dict.fromkeys([likely, *SYSTEMS[str(region)], *group["epsg"]])
        systems.pop(0, None)
        mended = _mended(group, list(systems), box, reach_km.reindex(group.index))
        found.loc[mended.index, list(mended)] = mended
    return found


def _as_labelled(pairs: pd.DataFrame) -> pd.DataFrame:
    lon, lat = (pd.Series(np.nan, index=pairs.index) for _ in range(2))
    for epsg, group in pairs[pairs["epsg"] != 0].groupby("epsg"):
        x, y = group["x"].to_numpy(float), group["y"].to_numpy(float)
        lon[group.index], lat[group.index] = to_degrees(x, y, int(str(epsg)))
    return pd.DataFrame({"lon": lon, "lat": lat, "reading": None})


def _around(group: pd.DataFrame) -> Bounds:
    """Box of degrees around the communes of these rows."""
    low, high = group[["lon0", "lat0"]].min() - MARGIN, group[["lon0", "lat0"]].max() + MARGIN
    return float(low["lon0"]), float(low["lat0"]), float(high["lon0"]), float(high["lat0"])


def _mended(
    group: pd.DataFrame, systems: list[int], box: Bounds, reach_km: pd.Series
) -> pd.DataFrame:
    """Of every row the reading that supposes least, where one falls where it should."""
    x, y, label, lon0, lat0 = (
        group[column].to_numpy(float) for column in ("x", "y", "epsg", "lon0", "lat0")
    )
    reach = np.where(np.isnan(lon0), np.inf, reach_km.to_numpy(float))
    least = np.full(len(group), np.inf)
    best = np.full((len(group), 3), np.nan)
    chosen = np.zeros(len(group), dtype=int)
    readings: list[Reading] = []
    for reading, rows in _readings(x, y, systems, box):
        lon, lat = reading.degrees(x[rows], y[rows])
        off = apart_km(lon, lat, lon0[rows], lat0[rows])
        away = np.nan_to_num(off)
        beyond = away > reach[rows]
        mislabelled = label[rows] != reading.epsg
        supposed = reading.supposes() + mislabelled + BEYOND * beyond
        bold = np.isnan(off) & (reading.supposes() + (mislabelled & (label[rows] != 0)) > 1)
        lost = away > reach[rows] + (0.0 if reading.supposes() else DOUBT_KM)
        score = supposed * 1e6 + away * 100 + systems.index(reading.epsg)
        good = within(lon, lat, box) & ~bold & ~lost & (score < least[rows])
        rows = rows[good]
        least[rows], chosen[rows] = score[good], len(readings)
        best[rows] = np.stack([lon, lat, off], axis=1)[good]
        readings.append(reading)
    done = np.isfinite(least)
    mended = pd.DataFrame(best[done], group.index[done], columns=["lon", "lat", "off_km"])
    as_labelled = [
        readings[i] == Reading(int(e)) for i, e in zip(chosen[done], label[done], strict=True)
    ]
    verdict = np.where(as_labelled, "doubtful", "mended")
    return mended.assign(verdict=verdict, reading=[readings[i] for i in chosen[done]])


def _readings(
    x: Floats, y: Floats, systems: list[int], box: Bounds
) -> Iterator[tuple[Reading, NDArray[np.intp]]]:
    """Every reading that puts some pair into the box, and the positions of those pairs."""
    for epsg, swapped in product(systems, (False, True)):
        west, south, east, north = own_bounds(epsg, box)
        across, along = (y, x) if swapped else (x, y)
        signs = (False, True) if epsg == WGS84 else (False,)
        for minus, power in product(signs, POWERS):
            value = (-across if minus else across) * 10.0**power
            fits = (value >= west) & (value <= east)
            if fits.any():
                for other in POWERS:
                    value = along * 10.0**other
                    rows = np.flatnonzero(fits & (value >= south) & (value <= north))
                    if rows.size:
                        yield Reading(epsg, swapped, power, other, minus), rows
