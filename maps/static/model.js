/* What the page knows and what it shows of it now. Views listen; only this file changes it. */

/** The page's data, joined: exchanges point to nodes and families, nodes to what touches them. */
eit.open = function (text) {
  const data = JSON.parse(text);
  const speech = eit.speech(data.lang, data.labels, data.bands);
  const families = eit.rows(data.families).map((family, at) => ({ ...family, at }));
  const nodes = eit
    .rows(data.nodes)
    .map((node, at) => ({
      ...node,
      at,
      exchanges: [],
      leftovers: [],
      drawn: node.lat !== null,
      dx: 0,
      dy: 0,
      words: eit.plain(`${node.name} ${node.place}`),
    }));
  for (const node of nodes) node.group = nodes[node.group];
  const exchanges = eit.rows(data.exchanges).map((row, at) => eit.joinExchange(row, at, nodes, families));
  const leftovers = eit.rows(data.leftovers).map((row) => ({
    ...row,
    node: nodes[row.node],
    family: families[row.family] ?? null,
    words: eit.plain([nodes[row.node].name, row.resource, row.code].join(" ")),
  }));
  for (const left of leftovers) left.node.leftovers.push(left);
  const starts = eit.rows(data.starts).map((row) => ({
    ...row,
    donor: nodes[row.donor],
    via: nodes[row.via] ?? null,
    receiver: nodes[row.receiver] ?? null,
    family: families[row.family] ?? null,
    exchanges: row.exchanges.map((k) => exchanges[k]),
  }));
  eit.spread(nodes);
  const page = {
    ...data,
    ...speech,
    families,
    nodes,
    exchanges,
    leftovers,
    starts,
    totals: eit.rows(data.totals),
    lines: [],
    listeners: {},
    state: {
      query: "",
      off: new Set(),
      certainty: "",
      level: "",
      least: 0,
      month: 0,
      layers: { residues: false, needs: false, partners: true, names: true, outlines: true, ground: true },
    },
    focus: { lines: new Set(), nodes: new Set(), held: false },
  };
  page.on = (event, act) => {
    (page.listeners[event] ??= []).push(act);
  };
  page.tell = (event) => {
    for (const act of page.listeners[event] ?? []) act();
  };
  page.widest = eit.widest(page);
  eit.gather(page);
  return page;
};

/** One exchange with its ends and family in place of their positions. */
eit.joinExchange = function (row, at, nodes, families) {
  const exchange = {
    ...row,
    at,
    source: nodes[row.source],
    target: nodes[row.target],
    family: families[row.family] ?? null,
    amount: row.quantity,
    seen: true,
    line: null,
  };
  exchange.words = eit.plain([exchange.source.name, exchange.target.name, row.resource, row.code].join(" "));
  for (const node of new Set([
    exchange.source,
    exchange.target,
    exchange.source.group,
    exchange.target.group,
  ]))
    node.exchanges.push(exchange);
  return exchange;
};

/** Nodes that stand on one spot (a commune's centre) are set on a small ring around it. */
eit.spread = function (nodes) {
  const spots = new Map();
  for (const node of nodes) {
    if (!node.drawn || node.group !== node) continue;
    const spot = `${node.lat} ${node.lon}`;
    spots.set(spot, [...(spots.get(spot) ?? []), node]);
  }
  for (const crowd of spots.values()) {
    if (crowd.length === 1) continue;
    const radius = 8 + 2.5 * crowd.length;
    crowd.forEach((node, at) => {
      node.dx = radius * Math.sin((2 * Math.PI * at) / crowd.length);
      node.dy = -radius * Math.cos((2 * Math.PI * at) / crowd.length);
    });
  }
};

/** Change what is asked for, and tell every view. */
eit.ask = function (page, change) {
  Object.assign(page.state, change);
  eit.gather(page);
  page.tell("change");
};

/** Whether an exchange answers search and filters. */
eit.answers = function (page, exchange) {
  const { off, certainty, level, least, layers } = page.state;
  if (exchange.family && off.has(exchange.family.at)) return false;
  if (certainty === "existing" ? !exchange.existing : certainty && exchange.certainty !== certainty)
    return false;
  if (level && exchange.level !== level) return false;
  if (exchange.amount <= 0 || exchange.amount < least) return false;
  if (!layers.partners && !(exchange.source.inside && exchange.target.inside)) return false;
  return eit.found(page, exchange);
};

/** Whether a row holds every word that is searched for. */
eit.found = ({ state }, { words }) => state.query.split(/\s+/).every((word) => words.includes(word));

/** The lines to draw: one per exchange on a park's page, one per pair of groups and unit else. */
eit.gather = function (page) {
  const { month } = page.state;
  const lines = new Map();
  for (const exchange of page.exchanges) {
    const split = page.months && exchange.months.length === 12;
    exchange.amount =
      month && split ? exchange.months[month - 1] : month ? exchange.quantity / 12 : exchange.quantity;
    exchange.seen = eit.answers(page, exchange);
    exchange.line = null;
    const [from, to] = [exchange.source.group, exchange.target.group];
    if (!exchange.seen || from === to || !from.drawn || !to.drawn) continue;
    const key = page.kind === "park" ? exchange.at : `${from.at} ${to.at} ${exchange.unit}`;
    if (!lines.has(key)) lines.set(key, { key, from, to, unit: exchange.unit, amount: 0, exchanges: [] });
    exchange.line = lines.get(key);
    exchange.line.amount += exchange.amount;
    exchange.line.exchanges.push(exchange);
  }
  page.lines = [...lines.values()].sort((a, b) => b.amount - a.amount || (a.key < b.key ? -1 : 1));
  eit.dress(page);
};

/** Width, family, rank beside parallel lines, and whether a line is mostly doubtful. */
eit.dress = function (page) {
  const parallel = new Map();
  for (const line of page.lines) {
    const pair = `${line.from.at} ${line.to.at}`;
    line.rank = parallel.get(pair) ?? 0;
    parallel.set(pair, line.rank + 1);
    line.family = eit.mainFamily(line.exchanges);
    line.doubtful = eit.doubtfulShare(line) > 0.5;
    line.width = eit.width(page, line.amount, line.unit);
  }
};

/** Whether an exchange may come to nothing: its figure is inferred, or a site is still to be built. */
eit.doubtful = ({ certainty, source, target }) =>
  certainty === "inferred" || source.role === "candidate" || target.role === "candidate";

/** The part of a line that is doubtful. */
eit.doubtfulShare = ({ exchanges, amount }) =>
  exchanges.reduce((sum, one) => sum + (eit.doubtful(one) ? one.amount : 0), 0) / amount;

/** The family that carries most of a line. */
eit.mainFamily = function (exchanges) {
  const shares = new Map();
  for (const { family, amount } of exchanges) shares.set(family, (shares.get(family) ?? 0) + amount);
  return [...shares].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
};

/** Largest line of each unit, over the year and over its fullest month: the scale of widths. */
eit.widest = function (page) {
  const year = {},
    month = {};
  for (const exchange of page.exchanges) {
    const { source, target, unit } = exchange;
    const key = page.kind === "park" ? exchange.at : `${source.group.at} ${target.group.at}`;
    const sums = (year[unit] ??= new Map());
    sums.set(key, (sums.get(key) ?? 0) + exchange.quantity);
    const peak = exchange.months.length === 12 ? Math.max(...exchange.months) : exchange.quantity / 12;
    const peaks = (month[unit] ??= new Map());
    peaks.set(key, (peaks.get(key) ?? 0) + peak);
  }
  const top = (sums) =>
    Object.fromEntries(Object.entries(sums).map(([unit, values]) => [unit, Math.max(...values.values())]));
  return { year: top(year), month: top(month) };
};

eit.THIN = 1.5;
eit.THICK = 11;

/** Width in pixels: grows with the square root of the quantity, within one unit. */
eit.width = function (page, amount, unit) {
  const top = (page.state.month ? page.widest.month : page.widest.year)[unit] || 1;
  return eit.THIN + (eit.THICK - eit.THIN) * Math.sqrt(Math.min(1, amount / top));
};

/** Bring lines and nodes forward; `held` until something else is chosen. */
eit.bring = function (page, lines, nodes, held) {
  if (!held && page.focus.held) return;
  page.focus = {
    lines: new Set(lines),
    nodes: new Set(nodes),
    held: held && lines.length + nodes.length > 0,
  };
  page.tell("focus");
};

eit.release = (page) => {
  page.focus.held = false;
  eit.bring(page, [], [], false);
};
