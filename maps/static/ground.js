/* What lies under everything: roads, water, communes by name. Quiet, and it can be switched off. */

eit.TOWN_GAP = 10;
eit.TOWN_ROOM = 22;

eit.ground = function (page) {
  const areas = L.geoJSON(page.ground, {
    interactive: false,
    filter: ({ geometry }) => geometry.type !== "Point",
    style: ({ properties: { role }, geometry: { type } }) => ({
      className: `ground ${role === "water" && type.endsWith("Polygon") ? "lake" : role}`,
    }),
  });
  return L.layerGroup([areas, new eit.Towns(page)]);
};

/** Names of communes where there is room; drawn after everything that has a name of its own. */
eit.Towns = L.Layer.extend({
  initialize(page) {
    this.page = page;
    this.towns = page.ground.features
      .filter(({ properties: { role } }) => role === "town")
      .map(({ properties: { name }, geometry: { coordinates } }) => ({ name, at: [coordinates[1], coordinates[0]] }));
  },

  onAdd(map) {
    const pane = map.createPane("towns");
    pane.setAttribute("aria-hidden", "true");
    this.labels = this.towns.map(({ name }) => pane.appendChild(eit.make("span", { class: "town" }, name)));
    this.page.on("frame", () => this.place());
  },

  place() {
    const size = this._map.getSize();
    const taken = [...(this.page.boxes ?? []), ...eit.controls(this.page)];
    this.labels.forEach((label, at) => {
      const { x, y } = this._map.latLngToContainerPoint(this.towns[at].at);
      const w = eit.measure(this.towns[at].name) + eit.TOWN_GAP;
      const box = { x: x - w / 2, y: y - 10, w, h: 20 };
      const inside = box.x > 0 && box.y > 0 && box.x + w < size.x && box.y + 20 < size.y;
      label.hidden = !inside || taken.some((other) => eit.overlap(box, other));
      if (label.hidden) return;
      taken.push({ x: box.x - eit.TOWN_ROOM, y: box.y - eit.TOWN_ROOM, w: w + 2 * eit.TOWN_ROOM, h: 20 + 2 * eit.TOWN_ROOM });
      const point = this._map.containerPointToLayerPoint([x, y]);
      label.style.transform = `translate(${point.x}px, ${point.y}px) translate(-50%, -50%)`;
    });
  },
});
