/* Puts the page together once the map and its layers stand. */

eit.start = function (page) {
  return {
    addTo(map) {
      page.map = map;
      page.root = document.body;
      page.root.classList.add(`for-${page.audience}`);
      document.querySelectorAll("[data-say]").forEach((node) => {
        node.textContent = page.say(node.dataset.say);
      });
      eit.fillHeader(page);
      eit.fillPanel(page, document.getElementById("panel"));
      L.control.scale({ position: "bottomright", imperial: false }).addTo(map);
      map.attributionControl.setPrefix("Leaflet");
      eit.fitButtons(page).addTo(map);
      L.control
        .zoom({ position: "topright", zoomInTitle: page.say("zoom.in"), zoomOutTitle: page.say("zoom.out") })
        .addTo(map);
      page.tables = new eit.Tables(page, document.getElementById("tables"));
      eit.keepFresh(page);
      eit.tellEmpty(page);
      eit.fitHome(page);
      page.tell("change");
      eit.print(page);
      document.addEventListener("keydown", ({ key }) => key === "Escape" && eit.showNothing(page));
      page.root.dataset.ready = "yes";
    },
  };
};

/** Where there is nothing to draw, say so, and leave the window to the tables. */
eit.tellEmpty = function (page) {
  if (page.nodes.some(({ drawn }) => drawn) || page.outlines.features.length) return;
  page.map.getContainer().append(eit.make("p", { class: "empty" }, page.say("empty")));
  page.root.classList.add("tall");
  page.map.invalidateSize();
};

/** Beyond this many lines a drag moves the picture as it is, and draws anew at its end. */
eit.MANY = 2500;

/** Redraw before the next frame, however often asked; never more than once a frame. */
eit.keepFresh = function (page) {
  let due;
  page.refreshNow = () => {
    cancelAnimationFrame(due);
    due = undefined;
    eit.locate(page.map, page);
    page.tell("frame");
  };
  page.refresh = () => {
    due ??= requestAnimationFrame(page.refreshNow);
  };
  page.inset = (size) => eit.inset(page, size);
  page.map.on("moveend resize zoomend viewreset", page.refresh);
  page.map.on("move", () => page.lines.length < eit.MANY && page.refresh());
  page.on("change", page.refresh);
  page.on("focus", page.refresh);
  page.on("change", () => {
    const card = page.card && [...page.focus.lines].some((line) => !page.lines.includes(line));
    if (card) eit.showNothing(page);
  });
};

/** What the legend leaves of the window: where the page is fitted, and where its edge is. */
eit.inset = function (page, size) {
  const closed = !page.legendBox || page.legendBox.classList.contains("closed") || size.x < 620;
  const left = closed ? 12 : page.legendBox.offsetWidth + 22;
  return { x: left, y: 12, w: Math.max(80, size.x - left - 52), h: Math.max(60, size.y - 44) };
};

/** Bring nodes, or corners of areas, into the free part of the window. */
eit.fit = function (page, nodes, corners = []) {
  const points = [...nodes.filter(({ drawn }) => drawn).map(({ lat, lon }) => [lat, lon]), ...corners];
  if (!points.length) return;
  const size = page.map.getSize();
  const { x, y, w, h } = eit.inset(page, size);
  const [across, down] = page.kind === "park" ? [Math.min(100, w / 7), Math.min(44, h / 10)] : [60, 30];
  page.map.fitBounds(points, {
    paddingTopLeft: [x + across, y + down],
    paddingBottomRight: [size.x - x - w + across, size.y - y - h + down],
    maxZoom: 17,
    animate: false,
  });
};

/** The page's own subject: the park, or all parks. */
eit.fitHome = function (page) {
  const corners = [];
  for (const { properties, geometry } of page.outlines.features) {
    if (properties.role !== "park" && properties.role !== "hull") continue;
    const [[west, south], [east, north]] = eit.box(geometry);
    corners.push([south, west], [north, east]);
  }
  const own = page.nodes.filter((node) => node.group === node && node.inside);
  const nodes = own.length || corners.length ? own : page.nodes;
  if (!nodes.some(({ drawn }) => drawn) && !corners.length) page.map.setView([46.6, 2.4], 5);
  eit.fit(page, nodes, corners);
};

/** West, south, east, north of a (multi)polygon. */
eit.box = function ({ coordinates }) {
  const flat = coordinates.flat(Infinity);
  const [lons, lats] = [0, 1].map((odd) => flat.filter((_, at) => at % 2 === odd));
  return [
    [Math.min(...lons), Math.min(...lats)],
    [Math.max(...lons), Math.max(...lats)],
  ];
};

/** Two buttons: the park alone, or with all partners. */
eit.fitButtons = function (page) {
  const control = L.control({ position: "topright" });
  control.onAdd = () => {
    const home = eit.make(
      "button",
      { type: "button", "data-fit": "home", on: { click: () => eit.fitHome(page) } },
      page.say(`fit.${page.kind}`),
    );
    const all = eit.make(
      "button",
      {
        type: "button",
        "data-fit": "all",
        on: {
          click: () =>
            eit.fit(
              page,
              page.nodes.filter((node) => node.group === node && (node.inside || node.exchanges.length)),
            ),
        },
      },
      page.say("fit.all"),
    );
    const box = eit.make("div", { class: "fits" }, home, page.kind === "park" ? all : null);
    L.DomEvent.disableClickPropagation(box);
    return box;
  };
  return control;
};

/** Heading: where we are, search, months, print. */
eit.fillHeader = function (page) {
  const { say } = page;
  const links = document.getElementById("links");
  for (const [text, address] of page.links) links.append(eit.make("a", { href: address }, text));
  document.getElementById("title").append(page.title);
  document.getElementById("subtitle").append(page.subtitle);
  const search = document.getElementById("search");
  search.placeholder = say("search");
  search.setAttribute("aria-label", say("search"));
  search.addEventListener("input", () => eit.ask(page, { query: eit.plain(search.value.trim()) }));
  document.getElementById("print").addEventListener("click", () => window.print());
  const months = document.getElementById("months");
  months.hidden = !page.months;
  const slider = months.querySelector("input");
  slider.setAttribute("aria-label", say("months"));
  const tell = () => {
    const text = page.state.month ? eit.monthName(page) : say("months.all");
    months.querySelector("output").textContent = text;
    slider.setAttribute("aria-valuetext", text);
  };
  slider.addEventListener("input", () => {
    eit.ask(page, { month: Number(slider.value) });
    tell();
  });
  tell();
};

/** On paper: A3 landscape, the map drawn finely and fitted anew, the tables in full below it. */
eit.print = function (page) {
  let view;
  window.addEventListener("beforeprint", () => {
    view = [page.map.getCenter(), page.map.getZoom()];
    page.root.classList.add("printing");
    page.sharpness = 4;
    page.tables.more(500);
    page.map.invalidateSize({ animate: false });
    eit.fitHome(page);
    page.refreshNow();
  });
  window.addEventListener("afterprint", () => {
    page.root.classList.remove("printing");
    page.sharpness = undefined;
    page.map.invalidateSize({ animate: false });
    page.map.setView(...view, { animate: false });
    page.refreshNow();
  });
};
