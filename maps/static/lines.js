/* The exchanges: one canvas for all of them, one curve each. */

eit.INK = "#22303a";
eit.PAPER = "#f5f3ee";
eit.NO_FAMILY = "#6b7680";
eit.BEADS = 160;
eit.MAIN = 150;

eit.Lines = L.Layer.extend({
  initialize(page) {
    this.page = page;
  },

  onAdd(map) {
    this.canvas = eit.make("canvas", { class: "lines", "aria-hidden": "true" });
    map.createPane("lines").append(this.canvas);
    map.on("mousemove", this.hover, this);
    map.on("mouseout", () => eit.bring(this.page, [], [], false));
    map.on("click", this.choose, this);
    this.page.on("frame", () => this.draw());
  },

  draw() {
    const map = this._map;
    const size = map.getSize();
    const scale = this.page.sharpness ?? (window.devicePixelRatio || 1);
    L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
    Object.assign(this.canvas, { width: size.x * scale, height: size.y * scale });
    Object.assign(this.canvas.style, { width: `${size.x}px`, height: `${size.y}px` });
    const pen = this.canvas.getContext("2d");
    pen.scale(scale, scale);
    this.shapes = this.page.lines.map(eit.curve).filter((shape) => shape !== null);
    const { lines, nodes } = this.page.focus;
    const chosen = ({ line }) => lines.has(line);
    const quiet = lines.size + nodes.size > 0;
    const others = this.shapes.filter((shape) => !chosen(shape));
    for (const shape of others.slice(eit.MAIN)) eit.stroke(pen, shape, 0.15);
    for (const shape of others.slice(0, eit.MAIN)) eit.stroke(pen, shape, quiet ? 0.13 : 0.88);
    for (const shape of this.shapes) if (chosen(shape)) eit.stroke(pen, shape, 1);
    this.beads(pen, quiet ? this.shapes.filter(chosen) : this.shapes);
    this.canvas.dataset.drawn = this.shapes.length;
  },

  /** The letter of each family on its line, where there is room. */
  beads(pen, shapes) {
    if (shapes.length > eit.BEADS) return;
    const taken = [...this.page.boxes];
    for (const shape of shapes) {
      const spots = [0.5, 0.42, 0.58, 0.34, 0.66].map((t) => eit.along(shape.a, shape.c, shape.b, t));
      const box = ({ x, y }) => ({ x: x - 9, y: y - 9, w: 18, h: 18 });
      const spot = spots.find((one) => !taken.some((other) => eit.overlap(box(one), other)));
      if (!spot || !shape.line.family || Math.hypot(shape.b.x - shape.a.x, shape.b.y - shape.a.y) < 40)
        continue;
      taken.push(box(spot));
      eit.bead(pen, spot, shape.line.family);
    }
  },

  /** The line under a point of the window. */
  under(point) {
    let found = null;
    let best = Infinity;
    for (const shape of this.shapes ?? []) {
      const gap = eit.away(point, shape) - shape.line.width / 2;
      if (gap < 5 && gap < best) [found, best] = [shape, gap];
    }
    return found;
  },

  hover({ containerPoint }) {
    const shape = this.under(containerPoint);
    this._map.getContainer().classList.toggle("over-line", shape !== null);
    eit.bring(this.page, shape ? [shape.line] : [], [], false);
  },

  choose({ containerPoint }) {
    const shape = this.under(containerPoint);
    if (shape) eit.showLine(this.page, shape.line);
    else eit.showNothing(this.page);
  },

  /** Where on the earth the highest point of a line is drawn: a card above it leaves it in sight. */
  crest(line) {
    this.page.refreshNow();
    const shape = this.shapes.find((one) => one.line === line);
    if (!shape) return null;
    const points = [0, 0.25, 0.5, 0.75, 1].map((t) => eit.along(shape.a, shape.c, shape.b, t));
    const top = points.reduce((best, one) => (one.y < best.y ? one : best));
    return this._map.containerPointToLatLng([top.x, top.y - shape.line.width / 2]);
  },
});

eit.lines = (page) => (page.lineLayer = new eit.Lines(page));

/** The curve of a line between its ends as they stand in the window; null if neither is in it. */
eit.curve = function (line) {
  const [from, to] = [line.from.point, line.to.point];
  if (!from || !to || (from.off && to.off)) return null;
  const c = eit.bow(from, to, line.rank);
  const a = eit.shorten(from, c, from.off ? 0 : (line.from.radius ?? 6) + 1);
  const tip = eit.shorten(to, c, to.off ? 2 : (line.to.radius ?? 6) + 2);
  const head = Math.min(7 + line.width * 1.1, Math.hypot(tip.x - a.x, tip.y - a.y) * 0.6);
  return { line, a, c, b: eit.shorten(tip, c, head * 0.85), tip, head };
};

/** One line: a pale edge, the curve, the arrow head. */
eit.stroke = function (pen, { line, a, c, b, tip, head }, strength) {
  const path = new Path2D();
  path.moveTo(a.x, a.y);
  path.quadraticCurveTo(c.x, c.y, b.x, b.y);
  pen.globalAlpha = strength;
  pen.setLineDash([]);
  pen.strokeStyle = eit.PAPER;
  pen.lineWidth = line.width + 2.5;
  if (strength > 0.2) pen.stroke(path);
  pen.strokeStyle = pen.fillStyle = line.family?.colour ?? eit.NO_FAMILY;
  pen.lineWidth = line.width;
  pen.setLineDash(line.doubtful ? [5 + line.width, 4 + line.width / 2] : []);
  pen.stroke(path);
  const half = head * 0.55;
  const back = eit.shorten(tip, c, head);
  const [nx, ny] = [-(tip.y - back.y) / head, (tip.x - back.x) / head];
  pen.beginPath();
  pen.moveTo(tip.x, tip.y);
  pen.lineTo(back.x + nx * half, back.y + ny * half);
  pen.lineTo(back.x - nx * half, back.y - ny * half);
  pen.closePath();
  pen.fill();
  pen.globalAlpha = 1;
};

eit.bead = function (pen, { x, y }, family) {
  pen.setLineDash([]);
  pen.beginPath();
  pen.arc(x, y, 7.5, 0, 2 * Math.PI);
  pen.fillStyle = "#fff";
  pen.fill();
  pen.lineWidth = 1.5;
  pen.strokeStyle = family.colour;
  pen.stroke();
  pen.fillStyle = eit.INK;
  pen.font = `600 10px ${eit.FONT}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(family.letter, x, y + 0.5);
};
