"""Geodesics of the WGS84 ellipsoid, many at once: a series where it is exact, else PROJ."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from pyproj import Geod

from eit.matching.arrays import Floats, Ints

EARTH: Final = Geod(ellps="WGS84")
CHUNK: Final = 16_384  # pairs at once: what the processor's cache holds
NEAR_KM, FAR_KM = 10.0, 500.0
"""Between these the series and PROJ differ by nanometres. Nearer, that is too much for twelve
digits; farther, what the series leaves out would show."""

FLATTENING: Final = 1 / 298.257223563
B_KM: Final = 6378.137 * (1 - FLATTENING)
E2: Final = FLATTENING * (2 - FLATTENING)  # first eccentricity squared
EP2: Final = E2 / (1 - E2)  # second
ROUNDS: Final = 2  # each is some five digits, the first guess four
N: Final = FLATTENING / (2 - FLATTENING)  # third flattening
A3 = (-(1 - N) / 2, -(1 / 4 + N / 8 - 3 * N * N / 8), -(1 + 3 * N) / 16, -3 / 64)
C31 = ((1 - N) / 4, (1 - N * N) / 8, (3 + 3 * N) / 64)  # of sines of twice the arc, by epsilon
C32 = ((2 - 3 * N + N * N) / 32, 3 / 64)  # of four times
C33: Final = 5 / 192 - 3 * N / 64  # of six times
LEAST, WIDEST = 1e-15, 0.3  # the latter is of the tangent of the difference of longitude
ARC = (1 / 24, 3 / 640, 5 / 7168, 35 / 294_912, 63 / 2_883_584)  # of 2 asin(c / 2) / c, in c^2
ARC_BY_SINE = (1 / 6, 1 / 30, 1 / 140, 1 / 630, 1 / 2772)  # of angle / its sine, in chord^2


@dataclass(frozen=True, slots=True)
class Points:
    """Places on the ellipsoid.

    Attributes
    ----------
    degrees
        Longitude and latitude, shape (2, n).
    sphere
        Cartesian coordinates on the auxiliary sphere, by longitude and reduced latitude,
        shape (3, n).
    """

    degrees: Floats
    sphere: Floats

    @classmethod
    def at(cls, lon: Floats, lat: Floats) -> "Points":
        """Lay out places given in degrees; NaN where there is none."""
        degrees = np.stack([lon, lat])
        east, north = np.radians(degrees)
        slope = (1 - FLATTENING) * np.tan(north)  # tangent of the reduced latitude
        around = 1 / np.sqrt(1 + slope * slope)
        sphere = np.stack([around * np.cos(east), around * np.sin(east), around * slope])
        return cls(degrees, sphere)


def distances_km(starts: Points, stops: Points, origin: Ints, end: Ints) -> Floats:
    """Geodesic of each pair, shape (k,); NaN where one has no place.

    Between `NEAR_KM` and `FAR_KM` by Bessel's auxiliary sphere [1]_, as Vincenty solves
    it [2]_, started from the middle latitude and carried through in powers of the chord; all
    others by PROJ, which is Karney's solution [3]_.

    Parameters
    ----------
    starts, stops
        Places of all origins, and of all ends.
    origin, end
        Positions in them, shape (k,).

    References
    ----------
    .. [1] Bessel, F. W. (1825). Astron. Nachr. 4, 241-254. doi:10.1002/asna.201011352
    .. [2] Vincenty, T. (1975). Survey Review 23 (176), 88-93. doi:10.1179/sre.1975.23.176.88
    .. [3] Karney, C. F. F. (2013). J. Geodesy 87, 43-55. doi:10.1007/s00190-012-0578-z
    """
    distance = np.empty(len(origin))
    for at in range(0, len(origin), CHUNK):
        part = slice(at, at + CHUNK)
        here, there = _gathered(starts, origin[part]), _gathered(stops, end[part])
        distance[part] = _by_series(here, there)
    rest = np.flatnonzero(~((distance >= NEAR_KM) & (distance <= FAR_KM)))
    here, there = starts.degrees[:, origin[rest]], stops.degrees[:, end[rest]]
    distance[rest] = EARTH.inv(*here, *there)[2] / 1000
    return distance


def _gathered(places: Points, at: Ints) -> Floats:
    """Some of the places on the auxiliary sphere, shape (3, k)."""
    wide = at.astype(np.intp)  # once, not for each coordinate
    return places.sphere.take(wide, axis=1, mode="clip")  # none lies outside: needs no check


def _by_series(here: Floats, there: Floats) -> Floats:
    """Geodesics in km, shape (k,), of pairs on the auxiliary sphere, shapes (3, k).

    NaN where longitudes differ too much for it. ``shift`` is by how much they differ more on
    the sphere than on the ellipsoid; names in ``_x`` stand for a function of that difference
    times the cosines of both latitudes, which is what coordinates give without any sine.
    Here and below, arrays are changed in place where they can be: fewer of them stay in cache.
    """
    (x1, y1, z1), (x2, y2, z2) = here, there
    x, y, z = there - here
    sine_x = x1 * y
    sine_x -= y1 * x
    cosine_x = x1 * x2
    cosine_x += y1 * y2
    sines = z1 * z2
    flat = _flat(z1, z2, sines)
    x *= x
    y *= y
    z *= z
    apart = x + y
    apart += z
    tangent = sine_x / np.maximum(cosine_x, LEAST)
    wide = ~(np.abs(tangent) < WIDEST)
    tangent[wide] = 0.0
    shift = _first_shift(flat, tangent)
    sines *= 2
    newton = FLATTENING * cosine_x
    newton += 1
    for _ in range(ROUNDS):
        more = _shift(_Arc.of(apart, sine_x, cosine_x, sines, shift))
        more -= shift
        more *= newton
        shift += more
    length = _length(_Arc.of(apart, sine_x, cosine_x, sines, shift))
    length[wide] = np.nan
    return length


def _flat(z1: Floats, z2: Floats, sines: Floats) -> Floats:
    """One less the squared eccentricity times the squared cosine of the middle latitude."""
    flat = z1 * z1
    flat += sines
    flat += z2 * z2
    flat *= E2 / 3
    flat += 1 - E2
    return flat


def _first_shift(flat: Floats, tangent: Floats) -> Floats:
    """Guess the shift by the middle latitude, and the angle by its tangent."""
    square = tangent * tangent
    angle = square * (1 / 5)
    angle -= 1 / 3
    angle *= square
    angle += 1
    angle *= tangent
    flat = np.sqrt(flat)
    shift = np.divide(1, flat, out=flat)
    shift -= 1
    shift *= angle
    return shift


@dataclass(frozen=True, slots=True)
class _Arc:
    """Great circles between pairs of points of the auxiliary sphere; arrays of shape (k,)."""

    chord2: Floats  # square of the chord
    half2: Floats  # square of the cosine of half the arc
    turned_x: Floats  # sine of the difference of longitude, times the cosines of the latitudes
    cos2: Floats  # square of the cosine of the azimuth at the equator
    middle: Floats  # cosine of twice the arc from the equator to its middle, times `cos2`
    cosine: Floats  # of the arc

    @classmethod
    def of(
        cls, apart: Floats, sine_x: Floats, cosine_x: Floats, twice_sines: Floats, shift: Floats
    ) -> "_Arc":
        square = shift * shift
        sine = square * (-1 / 6)
        sine += 1
        sine *= shift
        versine = square * (-1 / 24)
        versine += 0.5
        versine *= square
        chord2 = cosine_x * versine
        chord2 += sine_x * sine
        chord2 *= 2
        chord2 += apart
        np.clip(chord2, LEAST**2, 1.0, out=chord2)  # one is far beyond `FAR_KM`
        versine = np.subtract(1, versine, out=versine)
        versine *= sine_x
        sine *= cosine_x
        turned_x = np.add(versine, sine, out=sine)
        cosine = chord2 * -0.5
        cosine += 1
        half2 = chord2 * -0.25
        half2 += 1
        cos2 = turned_x * turned_x
        cos2 /= chord2 * half2
        cos2 = np.subtract(1, cos2, out=cos2)
        middle = cos2 * cosine
        middle -= twice_sines
        return cls(chord2, half2, turned_x, cos2, middle, cosine)


def _shift(arc: _Arc) -> Floats:
    """Karney's equation 8 with 23 to 25: the shift that goes with the arc of another."""
    eps, tilt = _course(arc)
    tilt2 = tilt * tilt
    apart2 = tilt2 - eps * eps  # 2 tilt2 - eps2 is this and tilt2, 4 tilt2 - 3 eps2 thrice this too
    shift = eps * (2 * C31[2])
    shift += 2 * C31[1]
    shift *= eps
    shift += 2 * C31[0]
    shift *= tilt
    four = eps * (4 * C32[1])
    four += 4 * C32[0]
    four *= arc.cosine
    four *= tilt2 + apart2
    shift += four
    six = np.multiply(arc.cosine, arc.cosine, out=four)
    six *= 8 * C33
    six -= 2 * C33
    six *= tilt
    apart2 *= 3
    apart2 += tilt2
    six *= apart2
    shift += six
    shift += _powers(ARC_BY_SINE, arc.chord2)
    shift *= _powers(A3, eps)
    shift *= arc.turned_x
    shift *= FLATTENING
    return shift


def _length(arc: _Arc) -> Floats:
    """Karney's equation 7 with 15 to 18."""
    eps, tilt = _course(arc)
    eps2, tilt2 = eps * eps, tilt * tilt
    apart2 = tilt2 - eps2
    more = 0.375 * eps2
    more -= 1
    more *= tilt
    four = eps2 * 0.125
    four -= 0.25
    four *= arc.cosine
    four *= tilt2 + apart2
    more += four
    double = arc.cosine * arc.cosine
    double *= 2
    double -= 1
    eight = tilt2 * apart2
    eight *= 8
    eight += eps2 * eps2
    eight *= double
    eight *= arc.cosine
    eight *= 5 / 64
    more -= eight
    six = np.add(double, 0.5, out=double)
    six *= tilt
    apart2 *= 3
    apart2 += tilt2
    six *= apart2
    six *= 1 / 12
    more -= six
    more *= np.sqrt(arc.half2)
    more += _powers(ARC, arc.chord2)
    stretch = eps2 * (1 / 64)
    stretch += 0.25
    stretch *= eps2
    stretch += 1
    stretch /= 1 - eps
    length: Floats = B_KM * stretch
    length *= np.sqrt(arc.chord2)
    length *= more
    return length


def _course(arc: _Arc) -> tuple[Floats, Floats]:
    """Karney's epsilon, and that times the cosine of twice the arc to the middle."""
    each = EP2 * arc.cos2
    each += 1
    np.sqrt(each, out=each)
    each += 1
    each *= each
    np.divide(EP2, each, out=each)
    eps = each * arc.cos2
    each *= arc.middle
    return eps, each


def _powers(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """One and the sum of coefficients times powers of x, from the first on."""
    total = coefficients[-1] * x
    for each in coefficients[-2::-1]:
        total += each
        total *= x
    total += 1
    return total
