/* Sankey diagrams: d3-sankey says where bands run, this file draws them and the table beside. */

eit.TEXT_GAP = 9;
eit.ROW = 27;

eit.openAlbum = function (text) {
  const data = JSON.parse(text);
  const page = {
    ...data,
    ...eit.speech(data.lang, data.labels, []),
    families: eit.rows(data.families),
    state: { at: 0, chosen: null, query: "" },
    root: document.body,
  };
  page.diagrams = data.diagrams.map((one) => eit.joinDiagram(page, one));
  document.querySelectorAll("[data-say]").forEach((node) => {
    node.textContent = page.say(node.dataset.say);
  });
  for (const [name, address] of page.links)
    document.getElementById("links").append(eit.make("a", { href: address }, name));
  document.getElementById("title").append(page.title);
  document.getElementById("subtitle").append(page.subtitle);
  const search = document.getElementById("search");
  search.placeholder = page.say("search");
  search.setAttribute("aria-label", page.say("search"));
  search.addEventListener("input", () => {
    page.state.query = eit.plain(search.value.trim());
    eit.dim(page);
  });
  document.getElementById("print").addEventListener("click", () => window.print());
  document.addEventListener("keydown", ({ key }) => key === "Escape" && eit.chooseNode(page, null));
  window.addEventListener("resize", () => eit.drawDiagram(page));
  eit.printAlbum(page);
  page.refreshNow = () => eit.drawDiagram(page);
  eit.showDiagram(page, 0);
  page.root.dataset.ready = "yes";
  return page;
};

/** A diagram with paths that point to nodes and families. */
eit.joinDiagram = function (page, one) {
  const nodes = one.nodes.map((node, at) => ({
    ...node,
    at,
    name: node.name ?? page.say("others", { n: node.others }),
  }));
  const paths = eit.rows(one.paths).map((path, at) => ({
    at,
    ends: [path.first, path.middle, path.last].map((node) => nodes[node] ?? null),
    family: page.families[path.family] ?? null,
    quantity: path.quantity,
  }));
  for (const path of paths)
    path.words = eit.plain(path.ends.map((node) => node?.name ?? "").join(" ") + (path.family?.label ?? ""));
  return { ...one, nodes, paths };
};

/** Buttons for the questions, a choice of unit, one sentence that sums up. */
eit.choices = function (page) {
  const now = page.diagrams[page.state.at];
  const views = [...new Set(page.diagrams.map(({ view }) => view))];
  const to = (view, unit) => {
    const at = page.diagrams.findIndex((one) => one.view === view && (!unit || one.unit === unit));
    eit.showDiagram(page, at < 0 ? page.diagrams.findIndex((one) => one.view === view) : at);
  };
  const buttons = views.map((view) =>
    eit.make(
      "button",
      {
        type: "button",
        class: "quiet",
        "data-view": view,
        "aria-pressed": String(view === now.view),
        on: {
          click: () => {
            to(view, now.unit);
            document.querySelector(`[data-view=${view}]`).focus();
          },
        },
      },
      page.say(`view.${view}`),
    ),
  );
  const units = page.diagrams.filter(({ view }) => view === now.view).map(({ unit }) => unit);
  const select = eit.make(
    "select",
    {
      "aria-label": page.say("unit"),
      on: {
        change: () => {
          to(now.view, select.value);
          document.querySelector("#choices select").focus();
        },
      },
    },
    units.map((unit) => eit.make("option", { value: unit, selected: unit === now.unit }, page.unit(unit))),
  );
  return [
    ...buttons,
    units.length > 1 ? eit.make("label", {}, page.say("unit"), " ", select) : null,
    eit.make("p", { class: "hint" }, page.say("sankey.hint")),
  ].filter((part) => part);
};

eit.showDiagram = function (page, at) {
  page.state.at = at;
  page.state.chosen = null;
  const place = document.getElementById("choices");
  if (!page.diagrams.length) {
    place.replaceChildren(eit.make("p", { class: "hint" }, page.say("sankey.none")));
    return;
  }
  place.replaceChildren(...eit.choices(page));
  eit.drawDiagram(page);
  eit.fillPaths(page);
  eit.dim(page);
};

/** Bands between two stages, one per pair and family; each knows the paths that run through it. */
eit.bands = function ({ paths }) {
  const bands = new Map();
  for (const path of paths)
    for (const [source, target] of [
      [path.ends[0], path.ends[1]],
      [path.ends[1], path.ends[2]],
    ]) {
      if (!source || !target) continue;
      const key = `${source.at} ${target.at} ${path.family?.letter ?? ""}`;
      if (!bands.has(key))
        bands.set(key, { source: source.at, target: target.at, value: 0, family: path.family, paths: [] });
      const band = bands.get(key);
      band.value += path.quantity;
      band.paths.push(path);
    }
  return [...bands.values()];
};

eit.drawDiagram = function (page) {
  const now = page.diagrams[page.state.at];
  if (!now) return;
  const stage = document.getElementById("stage");
  const width = Math.max(640, stage.clientWidth - 32);
  const most = Math.max(...[0, 1, 2].map((at) => now.nodes.filter((node) => node.stage === at).length));
  const height = Math.max(300, most * eit.ROW + 40, page.state.tall ?? 0);
  const side = Math.min(250, width * 0.21);
  page.room = (width - 2 * side) / 2 - 60;
  const layout = d3
    .sankey()
    .nodeAlign(({ stage: column }) => column)
    .nodeWidth(11)
    .nodePadding(Math.max(7, Math.min(14, (height * 0.45) / most)))
    .extent([
      [side, 34],
      [width - side, height - 8],
    ]);
  const used = new Set(now.paths.flatMap(({ ends }) => ends.filter((node) => node).map(({ at }) => at)));
  const number = new Map([...used].sort((a, b) => a - b).map((at, place) => [at, place]));
  const { nodes, links } = layout({
    nodes: [...number.keys()].map((at) => ({ ...now.nodes[at] })),
    links: eit.bands(now).map((band) => ({
      ...band,
      source: number.get(band.source),
      target: number.get(band.target),
    })),
  });
  const drawing = eit.shape("svg", {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "group",
    "aria-label": page.say(`view.${now.view}`),
  });
  drawing.append(
    ...eit.stageHeads(page, now, width, side),
    ...links.map((link) => eit.bandShape(page, link)),
    ...nodes.map((node) => eit.nodeShape(page, now, node, side)),
    ...nodes.flatMap(eit.familyMark),
  );
  stage.replaceChildren(drawing);
  eit.dim(page);
};

eit.stageHeads = (page, now, width, side) =>
  [0, 1, 2].map((at) =>
    eit.shape(
      "text",
      {
        class: "head",
        x: [side + 11, width / 2, width - side - 11][at],
        y: 16,
        "text-anchor": ["end", "middle", "start"][at],
      },
      page.say(`stage.${now.view}.${at}`),
    ),
  );

eit.bandShape = function (page, link) {
  const path = eit.shape("path", {
    class: "band",
    d: d3.sankeyLinkHorizontal()(link),
    stroke: link.family?.colour ?? "#6b7680",
    "stroke-width": Math.max(1.2, link.width),
    "aria-hidden": "true",
  });
  path.append(
    eit.shape(
      "title",
      {},
      `${link.source.name} → ${link.target.name}: ${page.quantity(link.value, page.diagrams[page.state.at].unit)}`,
    ),
  );
  path.paths = link.paths;
  return path;
};

/** A node: its block, its name and quantity; a button that keeps what runs through it. */
eit.nodeShape = function (page, now, node, side) {
  const quantity = page.quantity(node.value, now.unit);
  const middle = (node.y0 + node.y1) / 2;
  const left = node.stage === 0;
  const label = eit.shape("text", {
    x: left ? node.x0 - eit.TEXT_GAP : node.x1 + eit.TEXT_GAP,
    y: middle,
    "text-anchor": left ? "end" : "start",
    "dominant-baseline": "central",
    class: node.stage === 1 ? "over" : "",
  });
  const room = node.stage === 1 ? page.room : side - 16;
  const shown = eit.shortened(node.name, room - eit.textWidth(quantity) - 10);
  label.append(
    eit.shape("tspan", { class: "called" }, shown),
    " ",
    eit.shape("tspan", { class: "amount", dx: 3 }, quantity),
  );
  const group = eit.shape(
    "g",
    {
      class: `block stage-${node.stage}`,
      tabindex: "0",
      role: "button",
      "aria-pressed": "false",
      "aria-label": `${shown} ${quantity}${shown === node.name ? "" : ` – ${node.name}`}`,
      "data-node": node.at,
    },
    eit.shape("title", {}, `${node.name} – ${quantity}`),
    eit.shape("rect", {
      x: node.x0,
      y: node.y0,
      width: node.x1 - node.x0,
      height: Math.max(2, node.y1 - node.y0),
    }),
    label,
  );
  const choose = () => eit.chooseNode(page, page.state.chosen === node.at ? null : node.at);
  group.addEventListener("click", choose);
  group.addEventListener("keydown", (event) => {
    if (!["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    choose();
  });
  group.addEventListener("mouseenter", () => eit.dim(page, node.at));
  group.addEventListener("mouseleave", () => eit.dim(page));
  return group;
};

/** The letter of a resource's family beside its block, so that it is told apart without colour. */
eit.familyMark = function ({ stage, x0, y0, y1, sourceLinks, targetLinks }) {
  const families = new Set([...sourceLinks, ...targetLinks].map(({ family }) => family));
  const [family] = families;
  if (stage !== 1 || families.size !== 1 || !family) return [];
  const [x, y] = [x0 - 11, (y0 + y1) / 2];
  return [
    eit.shape(
      "g",
      { class: "letter", "aria-hidden": "true" },
      eit.shape("circle", { cx: x, cy: y, r: 7.5, stroke: family.colour }),
      eit.shape("text", { x, y, "text-anchor": "middle", "dominant-baseline": "central" }, family.letter),
    ),
  ];
};

/** Width of a text in the diagram; measured once. */
eit.textWidth = (function () {
  const pen = document.createElement("canvas").getContext("2d");
  return function (text) {
    pen.font = `600 12.5px ${eit.FONT}`;
    return pen.measureText(text).width;
  };
})();

/** The beginning of a name that fits, with an ellipsis where it is cut. */
eit.shortened = function (name, room) {
  if (eit.textWidth(name.slice(0, 120)) <= room && name.length <= 120) return name;
  const letters = [...name.slice(0, 120)];
  while (letters.length > 4 && eit.textWidth(`${letters.join("")}…`) > room) letters.pop();
  return `${letters.join("").trimEnd()}…`;
};

eit.chooseNode = function (page, at) {
  page.state.chosen = at;
  eit.fillPaths(page);
  eit.dim(page);
};

/** Whether a path answers the search and runs through the chosen node. */
eit.runs = function (page, path, node = page.state.chosen) {
  const through = node === null || path.ends.some((end) => end?.at === node);
  return through && page.state.query.split(/\s+/).every((word) => path.words.includes(word));
};

/** Pale what does not answer; `over` is a node under the mouse. */
eit.dim = function (page, over = page.state.chosen) {
  const now = page.diagrams[page.state.at];
  if (!now) return;
  const all = over === null && !page.state.query;
  const seen = new Set(now.paths.filter((path) => eit.runs(page, path, over)));
  const nodes = new Set([...seen].flatMap(({ ends }) => ends.map((end) => end?.at)));
  for (const band of document.querySelectorAll("#stage .band")) {
    const lit = band.paths.some((path) => seen.has(path));
    band.classList.toggle("lit", lit && !all);
    band.classList.toggle("dim", !lit);
  }
  for (const block of document.querySelectorAll("#stage .block")) {
    block.classList.toggle("dim", !nodes.has(Number(block.dataset.node)));
    block.setAttribute("aria-pressed", String(Number(block.dataset.node) === page.state.chosen));
  }
  for (const row of document.querySelectorAll("#tables tbody tr")) row.hidden = !seen.has(row.path);
};

/** The same as a table: every path, the largest first; a row lights up its bands. */
eit.fillPaths = function (page) {
  const now = page.diagrams[page.state.at];
  const heads = [...[0, 1, 2].map((at) => page.say(`stage.${now.view}.${at}`)), page.say("column.quantity")];
  const rows = now.paths.map((path) => {
    const row = eit.make(
      "tr",
      { "data-path": path.at },
      eit.make("td", {}, path.family ? eit.badgeOf(path.family) : ""),
      path.ends.map((end) => eit.make("td", {}, end?.name ?? "–")),
      eit.make("td", { class: "number" }, page.quantity(path.quantity, now.unit)),
    );
    row.path = path;
    return row;
  });
  document.getElementById("tables").replaceChildren(
    eit.make(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": page.say("sankey.table") },
      eit.make(
        "table",
        {},
        eit.make("caption", {}, page.say("sankey.table")),
        eit.make(
          "thead",
          {},
          eit.make(
            "tr",
            {},
            eit.make("th", { scope: "col" }, eit.make("span", { class: "unseen" }, page.say("column.family"))),
            heads.map((head, at) => eit.make("th", { scope: "col", class: at === 3 ? "number" : "" }, head)),
          ),
        ),
        eit.make("tbody", {}, rows),
      ),
    ),
  );
};

eit.badgeOf = (family) =>
  eit.make("span", { class: "badge", style: `--c:${family.colour}`, title: family.label }, family.letter);

/** On paper: A3 landscape, the diagram as high as the sheet. */
eit.printAlbum = function (page) {
  const turn = (on) => {
    page.root.classList.toggle("printing", on);
    page.state.tall = on ? 900 : 0;
    eit.drawDiagram(page);
  };
  window.addEventListener("beforeprint", () => turn(true));
  window.addEventListener("afterprint", () => turn(false));
};
