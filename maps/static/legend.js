/* Reads the map aloud: families (which also switch), widths, signs (which also switch). */

eit.Legend = L.Control.extend({
  options: { position: "topleft" },

  initialize(page) {
    this.page = page;
  },

  onAdd() {
    const { say } = this.page;
    const body = eit.make(
      "div",
      { class: "legend-body", id: "legend" },
      this.families(),
      this.widths(),
      this.signs(),
    );
    const toggle = eit.make(
      "button",
      {
        type: "button",
        class: "legend-toggle",
        "aria-expanded": "true",
        "aria-controls": "legend",
      },
      say("legend"),
    );
    const box = eit.make("section", { class: "legend", "aria-label": say("legend") }, toggle, body);
    toggle.addEventListener("click", () => {
      const open = box.classList.toggle("closed") === false;
      toggle.setAttribute("aria-expanded", open);
      this.page.refresh();
    });
    L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
    this.page.on("change", () => this.update());
    return (this.page.legendBox = box);
  },

  /** One switch per resource family; pressed = shown. */
  families() {
    const { page } = this;
    const count = (family) => page.exchanges.filter((one) => one.family === family).length;
    this.switches = page.families.filter(count).map((family) =>
      eit.make(
        "button",
        {
          type: "button",
          class: "family",
          "aria-pressed": "true",
          style: `--c:${family.colour}`,
          "data-family": family.at,
          on: { click: () => this.toggle(family) },
        },
        eit.make("span", { class: "stroke" }),
        eit.badge(family),
        eit.make("span", { class: "text" }, family.label),
        eit.make("span", { class: "figure" }, String(count(family))),
      ),
    );
    return eit.make(
      "div",
      { class: "block" },
      eit.make("h2", {}, page.say("legend.families")),
      this.switches,
    );
  },

  toggle(family) {
    const off = new Set(this.page.state.off);
    if (!off.delete(family.at)) off.add(family.at);
    eit.ask(this.page, { off });
  },

  /** Sample lines with the quantity that each width stands for. */
  widths() {
    this.scale = eit.make("div", { class: "widths" });
    this.fillScale();
    return eit.make("div", { class: "block" }, (this.scaleTitle = eit.make("h2", {}, "")), this.scale);
  },

  fillScale() {
    const { page } = this;
    const widest = page.state.month ? page.widest.month : page.widest.year;
    const rows = Object.keys(widest)
      .sort()
      .slice(0, 4)
      .map((unit) => {
        const samples = eit.samples(widest[unit]);
        return eit.make(
          "div",
          { class: "width" },
          samples.map((value) =>
            eit.make(
              "span",
              {},
              eit.shape(
                "svg",
                { width: 22, height: 14, "aria-hidden": "true" },
                eit.shape("line", {
                  x1: 0,
                  x2: 22,
                  y1: 7,
                  y2: 7,
                  stroke: "#5b6870",
                  "stroke-width": eit.width(page, value, unit),
                }),
              ),
              page.quantity(value, unit),
            ),
          ),
        );
      });
    const pale =
      page.lines.length > eit.MAIN
        ? [eit.make("p", { class: "pale" }, page.say("legend.pale", { n: eit.MAIN }))]
        : [];
    this.scale.replaceChildren(...rows, ...pale);
  },

  signs() {
    const { page } = this;
    const roles = new Set(page.nodes.map(({ role }) => role));
    const sign = (shown, mark, key) =>
      shown
        ? eit.make("p", { class: "sign-row" }, mark, eit.make("span", { class: "text" }, page.say(key)))
        : null;
    const spot = (kind) =>
      eit.make(
        "span",
        { class: `spot sample ${kind}` },
        eit.make("span", { class: "mark", style: "--r:6px" }),
      );
    const dash = eit.shape(
      "svg",
      { width: 26, height: 10, "aria-hidden": "true" },
      eit.shape("line", {
        x1: 0,
        x2: 26,
        y1: 5,
        y2: 5,
        stroke: "#5b6870",
        "stroke-width": 3,
        "stroke-dasharray": "7 4",
      }),
    );
    return eit.make(
      "div",
      { class: "block" },
      eit.make("h2", {}, page.say("legend.signs")),
      sign(
        page.exchanges.some(eit.doubtful),
        dash,
        "legend.doubtful",
      ),
      sign(roles.has("hub"), spot("hub"), "legend.hub"),
      sign(roles.has("candidate"), spot("candidate"), "legend.candidate"),
      sign(
        roles.has("park"),
        eit.make(
          "span",
          { class: "spot sample park" },
          eit.make("span", { class: "mark", "data-sites": 5, style: "--r:8px" }),
        ),
        "legend.park",
      ),
      sign(
        roles.has("cluster"),
        eit.make(
          "span",
          { class: "spot sample cluster" },
          eit.make("span", { class: "mark", "data-sites": 2, style: "--r:8px" }),
        ),
        "legend.cluster",
      ),
      page.kind === "park"
        ? [
            this.layer("residues", eit.make("span", { class: "sign residue" })),
            this.layer("needs", eit.make("span", { class: "sign need" })),
            this.layer("partners", spot("site outside linked")),
          ]
        : null,
      this.layer("names", eit.make("span", { class: "letters" }, "Aa")),
      this.layer("outlines", eit.make("span", { class: "area" })),
      page.ground.features.length ? this.layer("ground", eit.make("span", { class: "country" })) : null,
    );
  },

  layer(key, mark) {
    const { page } = this;
    const box = eit.make("input", {
      type: "checkbox",
      "data-layer": key,
      checked: page.state.layers[key],
      on: { change: () => eit.ask(page, { layers: { ...page.state.layers, [key]: box.checked } }) },
    });
    return eit.make(
      "label",
      { class: "sign-row" },
      box,
      mark,
      eit.make("span", { class: "text" }, page.say(`layer.${key}`)),
    );
  },

  update() {
    const { state, say } = this.page;
    for (const button of this.switches)
      button.setAttribute("aria-pressed", !state.off.has(Number(button.dataset.family)));
    this.fillScale();
    this.scaleTitle.textContent = say(state.month ? "legend.width.month" : "legend.width");
    for (const [key, on] of Object.entries(state.layers))
      this.page.root.classList.toggle(`without-${key}`, !on);
  },
});

eit.legend = (page) => new eit.Legend(page);

/** Two round quantities that a scale is read off from: the top one and about a tenth of it. */
eit.samples = function (top) {
  const round = (value) => {
    const power = 10 ** Math.floor(Math.log10(value));
    return Math.max(...[1, 2, 5].map((step) => step * power).filter((one) => one <= value * 1.0001));
  };
  return [round(top / 10), round(top)];
};
