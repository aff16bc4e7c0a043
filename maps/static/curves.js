/* Plane geometry of the lines, in pixels of the map's window. */

/** The bow of a line: it leaves to the right of the way it goes, so both directions stand apart. */
eit.bow = function (from, to, rank) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const bend = Math.min(0.16 * length, 90) + 14 * rank + 6;
  return {
    x: (from.x + to.x) / 2 - (dy / length) * bend * 1.2,
    y: (from.y + to.y) / 2 + (dx / length) * bend * 1.2,
  };
};

/** A point of the quadratic curve a-c-b. */
eit.along = function (a, c, b, t) {
  const s = 1 - t;
  return {
    x: s * s * a.x + 2 * s * t * c.x + t * t * b.x,
    y: s * s * a.y + 2 * s * t * c.y + t * t * b.y,
  };
};

/** The point at a distance from `end`, towards `other`. */
eit.shorten = function (end, other, distance) {
  const length = Math.hypot(other.x - end.x, other.y - end.y) || 1;
  return {
    x: end.x + ((other.x - end.x) / length) * distance,
    y: end.y + ((other.y - end.y) / length) * distance,
  };
};

/** Distance of a point from a curve, through its chords. */
eit.away = function (point, { a, c, b }) {
  let nearest = Infinity;
  let before = a;
  for (let step = 1; step <= 20; step++) {
    const here = eit.along(a, c, b, step / 20);
    nearest = Math.min(nearest, eit.awayFromChord(point, before, here));
    before = here;
  }
  return nearest;
};

eit.awayFromChord = function (point, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const span = dx * dx + dy * dy || 1;
  const t = Math.max(0, Math.min(1, ((point.x - a.x) * dx + (point.y - a.y) * dy) / span));
  return Math.hypot(point.x - a.x - t * dx, point.y - a.y - t * dy);
};

/** Whether two boxes {x, y, w, h} overlap. */
eit.overlap = (one, two) =>
  one.x < two.x + two.w && two.x < one.x + one.w && one.y < two.y + two.h && two.y < one.y + one.h;

/** Where the ray from the middle of a box to a point outside leaves the box, and by which side. */
eit.exit = function (box, point) {
  const middle = { x: box.x + box.w / 2, y: box.y + box.h / 2 };
  const [dx, dy] = [point.x - middle.x, point.y - middle.y];
  const across = box.w / 2 / Math.abs(dx || 1e-9);
  const down = box.h / 2 / Math.abs(dy || 1e-9);
  const t = Math.min(across, down);
  const side = across < down ? (dx > 0 ? "right" : "left") : dy > 0 ? "bottom" : "top";
  return { x: middle.x + dx * t, y: middle.y + dy * t, side };
};
