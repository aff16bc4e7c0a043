/* Who stands where: sites, hubs, parks as buttons on the map, and partners beyond its edge. */

eit.PILLS = 16;
eit.NAMES = 300;
eit.PILL_HEIGHT = 24;

/** Width of a text as the labels write it; measured once. */
eit.measure = (function () {
  const pen = document.createElement("canvas").getContext("2d");
  const known = new Map();
  return function (text) {
    if (!known.has(text)) {
      pen.font = `600 12px ${eit.FONT}`;
      known.set(text, Math.min(156, pen.measureText(text.slice(0, 60)).width));
    }
    return known.get(text);
  };
})();

/** Radius of a node: what passes through a park or a cluster, else by its role. */
eit.radius = function (page, node) {
  if (node.role === "hub" || node.role === "candidate") return 8;
  if (node.role === "site") return node.exchanges.length ? 6 : 4.5;
  if (node.role === "cluster" && !node.exchanges.length) return 3;
  const mass = (some) =>
    some.exchanges.reduce((sum, { unit, quantity }) => sum + (unit === "t" ? quantity : 0), 0);
  page.heaviest ??= Math.max(1, ...page.nodes.filter((other) => other.group === other).map(mass));
  const size = Math.sqrt(mass(node) / page.heaviest);
  return node.role === "park" ? 11 + 17 * size : 7 + 9 * size;
};

/** Set each node's point in the window; one beyond it stands at the edge, with a pill if linked. */
eit.locate = function (map, page) {
  const size = map.getSize();
  const inset = page.inset(size);
  for (const node of page.nodes) {
    node.point = node.pill = null;
    if (!node.drawn || node.group !== node) continue;
    const { x, y } = map.latLngToContainerPoint([node.lat, node.lon]);
    const point = { x: x + node.dx, y: y + node.dy, off: false };
    const outside = point.x < 0 || point.y < 0 || point.x > size.x || point.y > size.y;
    node.point = outside ? { ...eit.exit(inset, point), off: true } : point;
  }
  eit.placePills(page, inset);
};

/** A named pill at the edge for each partner out of sight, the greatest first, none on another. */
eit.placePills = function (page, inset) {
  const weight = new Map();
  for (const { from, to, width } of page.lines) {
    for (const [end, other] of [
      [from, to],
      [to, from],
    ]) {
      if (end.point.off && !other.point.off) weight.set(end, (weight.get(end) ?? 0) + width);
    }
  }
  const wanted = [...weight.keys()].sort((a, b) => weight.get(b) - weight.get(a) || a.at - b.at);
  const seen = page.nodes.filter(({ point }) => point && !point.off);
  const placed = [...eit.controls(page), ...seen.map(({ point }) => eit.around(point, 10))];
  for (const node of wanted.slice(0, eit.PILLS)) {
    const w = eit.measure(node.name) + 46;
    const free = (spot) => !placed.some((other) => eit.overlap(spot, other));
    const box = eit.pillSpots(node.point, w, inset).find(free);
    if (!box) continue;
    placed.push(box);
    node.pill = box;
    const { side } = box;
    node.point.x = side === "left" ? box.x + w : side === "right" ? box.x : box.x + w / 2;
    node.point.y = side === "top" ? box.y + box.h : side === "bottom" ? box.y : box.y + box.h / 2;
  }
};

/** The box that the open legend takes, if it is open. */
eit.legendBox = function ({ legendBox }) {
  const body = legendBox?.querySelector(".legend-body");
  if (!body?.offsetHeight) return [];
  return [{ x: 0, y: 0, w: legendBox.offsetWidth + 16, h: legendBox.offsetHeight + 16 }];
};

/** Boxes that the map's own controls take. */
eit.controls = function (page) {
  const frame = page.map.getContainer().getBoundingClientRect();
  return [...page.map.getContainer().querySelectorAll(".fits, .leaflet-bar, .leaflet-control-scale")].map(
    (control) => {
      const { left, top, width, height } = control.getBoundingClientRect();
      return { x: left - frame.left - 6, y: top - frame.top - 6, w: width + 12, h: height + 12 };
    },
  );
};

/** Boxes for a pill: along the edge where its line leaves, nearest first, then along the others. */
eit.pillSpots = function (point, w, inset) {
  const across = point.side === "top" || point.side === "bottom";
  const others = across
    ? ["left", "right"]
    : point.y < inset.y + inset.h / 2
      ? ["top", "bottom"]
      : ["bottom", "top"];
  const rows = across ? [0, 1, 2] : [0];
  return [
    ...rows.flatMap((row) => eit.edgeSpots(point.side, row, point, w, inset)),
    ...others.flatMap((side) => eit.edgeSpots(side, 0, point, w, inset)),
  ];
};

/** Boxes in one row along one edge, the nearest to a point first. */
eit.edgeSpots = function (side, row, point, w, inset) {
  const h = eit.PILL_HEIGHT;
  const across = side === "top" || side === "bottom";
  const [low, span, step, at] = across
    ? [inset.x, inset.w - w, 40, point.x - w / 2]
    : [inset.y, inset.h - h, h + 5, point.y - h / 2];
  const start = Math.max(low, Math.min(low + span, at));
  const slides = [0];
  for (let slide = step; slide < span; slide += step) slides.push(slide, -slide);
  return slides
    .map((slide) => start + slide)
    .filter((along) => along >= low && along <= low + span)
    .map((along) => ({
      side,
      w,
      h,
      x: across ? along : side === "left" ? inset.x : inset.x + inset.w - w,
      y: !across ? along : side === "top" ? inset.y + row * (h + 5) : inset.y + inset.h - h - row * (h + 5),
    }));
};

eit.Places = L.Layer.extend({
  initialize(page) {
    this.page = page;
  },

  onAdd(map) {
    const pane = map.createPane("places");
    L.DomEvent.disableClickPropagation(pane);
    this.spots = new Map();
    for (const node of this.page.nodes) {
      if (!node.drawn || node.group !== node) continue;
      node.radius = eit.radius(this.page, node);
      this.spots.set(node, this.spot(node, pane));
    }
    this.edge = pane.appendChild(eit.make("div", { class: "pills" }));
    this.page.on("frame", () => this.place());
  },

  /** The button of one node: its mark, its signs of what is left, its name. */
  spot(node, pane) {
    const many = this.page.nodes.filter(
      (other) => other.role === "site" && other !== node && other.group === node,
    ).length;
    const mark = eit.make("span", {
      class: "mark",
      "data-sites": node.radius > 6 ? many || null : null,
      style: `--r:${node.radius}px`,
    });
    const name = eit.make("span", { class: "name" }, node.name);
    const kinds = new Set(node.leftovers.map(({ kind }) => kind));
    const signs = [...kinds].sort().map((kind) => eit.make("span", { class: `sign ${kind}` }));
    const seen = () => eit.bring(this.page, eit.linesOf(node), [node], false);
    const unseen = () => eit.bring(this.page, [], [], false);
    const button = eit.make(
      "button",
      {
        type: "button",
        class: `spot ${node.role} ${node.inside ? "inside" : "outside"} ${node.exchanges.length ? "linked" : "alone"}`,
        style: `--reach:${node.radius + 4}px`,
        "aria-label": this.page.say("spot", { name: node.name, n: node.exchanges.length }),
        "data-node": node.id,
        on: {
          click: () => eit.showNode(this.page, node),
          mouseenter: seen,
          mouseleave: unseen,
          focus: seen,
          blur: unseen,
        },
      },
      mark,
      ...signs,
      name,
    );
    return pane.appendChild(button);
  },

  place() {
    const { page } = this;
    page.boxes = eit.legendBox(page);
    const seen = [...this.spots.keys()].filter((node) => !node.point.off);
    for (const [node, button] of this.spots) this.put(node, button);
    for (const node of seen) page.boxes.push({ ...eit.around(node.point, node.radius), owner: node });
    for (const node of page.nodes) if (node.pill) page.boxes.push(node.pill);
    this.name(seen);
    this.pills();
  },

  put(node, button) {
    const { lines, nodes } = this.page.focus;
    const lit = nodes.has(node) || [...lines].some(({ from, to }) => from === node || to === node);
    button.hidden = node.point.off;
    button.classList.toggle("lit", lit);
    button.classList.toggle("dim", lines.size + nodes.size > 0 && !lit);
    if (node.point.off) return;
    const { x, y } = this._map.containerPointToLayerPoint([node.point.x, node.point.y]);
    button.style.transform = `translate(${x}px, ${y}px)`;
  },

  /** Names beside their nodes, those with most to exchange first, none on another. */
  name(seen) {
    const { page } = this;
    const size = this._map.getSize();
    const rank = (node) => (node.role === "site" ? 0 : 1e6) + (node.inside ? 1e3 : 0) + node.exchanges.length;
    for (const node of [...seen].sort((a, b) => rank(b) - rank(a) || a.at - b.at).slice(0, eit.NAMES)) {
      const button = this.spots.get(node);
      const w = eit.measure(node.name) + 4;
      const { x, y } = node.point;
      const reach = node.radius + 4;
      const sides = {
        right: { x: x + reach, y: y - 8, w, h: 16 },
        left: { x: x - reach - w, y: y - 8, w, h: 16 },
        above: { x: x - w / 2, y: y - reach - 16, w, h: 16 },
        below: { x: x - w / 2, y: y + reach, w, h: 16 },
      };
      const side =
        page.state.layers.names &&
        Object.keys(sides).find((key) => {
          const box = sides[key];
          return (
            box.x > 0 &&
            box.x + w < size.x &&
            box.y > 0 &&
            box.y + 16 < size.y &&
            !page.boxes.some((other) => other.owner !== node && eit.overlap(box, other))
          );
        });
      button.dataset.side = side || "none";
      if (side) page.boxes.push({ ...sides[side], owner: node });
    }
  },

  pills() {
    const { page } = this;
    const shown = page.nodes.filter((node) => node.pill);
    const key = shown.map((node) => node.at).join(" ");
    if (key !== this.shown) this.edge.replaceChildren(...shown.map((node) => this.pill(node)));
    this.shown = key;
    [...this.edge.children].forEach((pill, at) => {
      const { x, y } = this._map.containerPointToLayerPoint([shown[at].pill.x, shown[at].pill.y]);
      pill.style.transform = `translate(${x}px, ${y}px)`;
      pill.style.width = `${shown[at].pill.w}px`;
    });
  },

  pill(node) {
    return eit.make(
      "button",
      {
        type: "button",
        class: `pill ${node.role}`,
        "data-node": node.id,
        title: node.name,
        "aria-label": this.page.say("edge", { name: node.name }),
        on: {
          click: () => eit.showNode(this.page, node),
          mouseenter: () => eit.bring(this.page, eit.linesOf(node), [node], false),
          mouseleave: () => eit.bring(this.page, [], [], false),
        },
      },
      eit.make("span", { class: "mark", style: "--r:4px" }),
      eit.make("span", { class: "text" }, node.name),
    );
  },
});

eit.places = (page) => new eit.Places(page);

eit.around = ({ x, y }, radius) => ({ x: x - radius, y: y - radius, w: 2 * radius, h: 2 * radius });

eit.linesOf = (node) => [...new Set(node.exchanges.map(({ line }) => line).filter((line) => line))];

/** Areas: parks, neighbours, communes. One GeoJson layer, told apart by their role. */
eit.outlines = function (page) {
  return L.geoJSON(page.outlines, {
    interactive: false,
    className: "outline",
    style: ({ properties: { role } }) => ({ className: `outline ${role}` }),
  });
};
