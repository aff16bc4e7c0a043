/* What a click tells: who, what, how much, how far, what both gain together. */

eit.badge = (family) =>
  eit.make(
    "span",
    {
      class: "badge",
      style: `--c:${family?.colour ?? eit.NO_FAMILY}`,
      title: family?.label ?? "",
      "aria-hidden": "true",
    },
    family?.letter ?? "·",
  );

/** A definition list of figures; a null value leaves its line out. */
eit.facts = function (pairs) {
  const list = eit.make("dl", { class: "facts" });
  for (const [term, value] of pairs) {
    if (value) list.append(eit.make("dt", {}, term), eit.make("dd", {}, value));
  }
  return list;
};

/** One exchange in full. */
eit.exchangeCard = function (page, exchange) {
  const { say, quantity } = page;
  return eit.make(
    "article",
    { class: "card" },
    eit.make(
      "p",
      { class: "what" },
      eit.badge(exchange.family),
      exchange.resource,
      exchange.code && eit.make("span", { class: "code" }, exchange.code),
    ),
    eit.make(
      "p",
      { class: "who" },
      exchange.source.name,
      eit.make("span", { class: "to" }, " → "),
      exchange.target.name,
    ),
    eit.facts([
      [say("fact.quantity"), say("per.year", { quantity: quantity(exchange.quantity, exchange.unit) })],
      ...(page.audience === "public" ? [] : eit.innerFacts(page, exchange)),
    ]),
  );
};

/** What stays among those who plan: amounts replaced, distance, money, carbon, how sure it is. */
eit.innerFacts = function (page, exchange) {
  const { say, quantity, money, distance } = page;
  const changed = exchange.delivered_unit !== exchange.unit || exchange.delivered !== exchange.quantity;
  return [
      [
        say("fact.month", { month: eit.monthName(page) }),
        page.state.month ? quantity(exchange.amount, exchange.unit) : null,
      ],
      [say("fact.delivered"), changed ? quantity(exchange.delivered, exchange.delivered_unit) : null],
      [say("fact.distance"), distance(exchange.distance_km)],
      [
        say("fact.value"),
        exchange.value_eur === null
          ? say("value.hidden")
          : say("per.year", { quantity: money(exchange.value_eur) }),
      ],
      [
        say("fact.co2e"),
        exchange.co2e_t === null ? null : say("per.year", { quantity: quantity(exchange.co2e_t, "t") }),
      ],
      [say("fact.level"), say(`level.${exchange.level}`)],
      [say("fact.certainty"), say(`certainty.${exchange.certainty}`)],
      [say("fact.existing"), exchange.existing ? say("yes") : null],
  ];
};

/** Several exchanges that share a line. */
eit.lineCard = function (page, line) {
  if (line.exchanges.length === 1) return eit.exchangeCard(page, line.exchanges[0]);
  const sorted = [...line.exchanges].sort((a, b) => b.amount - a.amount);
  return eit.make(
    "article",
    { class: "card" },
    eit.make("p", { class: "who" }, line.from.name, eit.make("span", { class: "to" }, " → "), line.to.name),
    eit.make(
      "p",
      { class: "sum" },
      page.say("line.sum", { n: sorted.length, quantity: eit.amountOf(page, line) }),
    ),
    eit.exchangeList(page, sorted.slice(0, 8), ({ source, target }) => `${source.name} → ${target.name}`),
    sorted.length > 8 ? eit.make("p", { class: "more" }, page.say("more", { n: sorted.length - 8 })) : null,
  );
};

/** What a line carries. */
eit.amountOf = (page, { exchanges, unit }) =>
  page.together(
    exchanges.map(({ amount }) => amount),
    unit,
  );

/** Exchanges as short buttons that lead to each. */
eit.exchangeList = function (page, exchanges, partner) {
  return eit.make(
    "ul",
    { class: "short" },
    exchanges.map((exchange) =>
      eit.make(
        "li",
        {},
        eit.make(
          "button",
          { type: "button", on: { click: () => eit.showExchange(page, exchange) } },
          eit.badge(exchange.family),
          eit.make("span", { class: "text" }, exchange.resource, eit.make("small", {}, partner(exchange))),
          eit.make("span", { class: "figure" }, page.quantity(exchange.amount, exchange.unit)),
        ),
      ),
    ),
  );
};

/** A site, hub or park: what it gives, takes, and could. */
eit.nodeCard = function (page, node) {
  const { say } = page;
  const part = (key, exchanges, partner) =>
    exchanges.length
      ? [
          eit.make("h2", {}, say(key)),
          eit.exchangeList(page, exchanges.slice(0, 8), partner),
          exchanges.length > 8
            ? eit.make("p", { class: "more" }, say("more", { n: exchanges.length - 8 }))
            : null,
        ]
      : [];
  const seen = node.exchanges.filter(({ seen: shown }) => shown);
  const here = (end) => end === node || end.group === node;
  const within = seen.filter(({ source, target }) => here(source) && here(target));
  const gives = seen.filter(({ source, target }) => here(source) && !here(target));
  const takes = seen.filter(({ source, target }) => here(target) && !here(source));
  return eit.make(
    "article",
    { class: "card" },
    eit.make("p", { class: "what" }, node.name),
    eit.make(
      "p",
      { class: "where" },
      [node.place, say(`role.${node.role}`), node.note].filter((text) => text).join(" · "),
    ),
    node.link ? eit.make("p", {}, eit.make("a", { class: "go", href: node.link }, say("open.park"))) : null,
    ...part("gives", gives, ({ target }) => `→ ${target.name}`),
    ...part("takes", takes, ({ source }) => `← ${source.name}`),
    ...part("within", within, ({ source, target }) => `${source.name} → ${target.name}`),
    ...eit.couldPart(page, node),
    seen.length + node.leftovers.length ? null : eit.make("p", { class: "more" }, say("nothing")),
  );
};

eit.couldPart = function (page, node) {
  if (!node.leftovers.length) return [];
  return [
    eit.make("h2", {}, page.say("could")),
    eit.make(
      "ul",
      { class: "short" },
      node.leftovers
        .slice(0, 6)
        .map((left) =>
          eit.make(
            "li",
            { class: "left" },
            eit.make("span", { class: `sign ${left.kind}` }),
            eit.make("span", { class: "text" }, left.resource, eit.make("small", {}, left.reason)),
            eit.make("span", { class: "figure" }, page.quantity(left.quantity, left.unit)),
          ),
        ),
    ),
  ];
};

eit.monthName = (page) => (page.state.month ? page.month(page.state.month - 1) : "");

/** Open a card at a place of the map. */
eit.openCard = function (page, at, card) {
  const popup = L.popup({
    maxWidth: 330,
    minWidth: 250,
    maxHeight: 330,
    autoPanPadding: [24, 24],
    closeOnClick: false,
    autoClose: true,
  });
  popup.setLatLng(at).setContent(card);
  const before = document.activeElement;
  page.card = popup;
  popup.on("remove", () => {
    if (card.contains(document.activeElement)) before.focus({ preventScroll: true });
    if (page.card === popup) {
      page.card = null;
      eit.release(page);
    }
  });
  popup.openOn(page.map);
  popup
    .getElement()
    .querySelector(".leaflet-popup-close-button")
    .setAttribute("aria-label", page.say("close"));
  card.tabIndex = -1;
  card.focus({ preventScroll: true });
};

eit.closeCard = function (page) {
  const { card } = page;
  page.card = null;
  card?.remove();
};

eit.showLine = function (page, line, exchange = null) {
  eit.closeCard(page);
  eit.bring(page, [line], [], true);
  let at = page.lineLayer.crest(line);
  if (!at) {
    eit.fit(page, [line.from, line.to]);
    at = page.lineLayer.crest(line);
  }
  eit.openCard(page, at, exchange ? eit.exchangeCard(page, exchange) : eit.lineCard(page, line));
};

/** An exchange wherever it is: its line, else the place where both its ends are. */
eit.showExchange = function (page, exchange) {
  if (exchange.line) return eit.showLine(page, exchange.line, exchange);
  const node = [exchange.source.group, exchange.target.group].find(({ drawn }) => drawn);
  eit.closeCard(page);
  if (!node) return eit.release(page);
  eit.bring(page, [], [node], true);
  eit.openCard(page, [node.lat, node.lon], eit.exchangeCard(page, exchange));
};

eit.showExchanges = function (page, exchanges) {
  if (exchanges.length === 1) return eit.showExchange(page, exchanges[0]);
  const lines = [...new Set(exchanges.map(({ line }) => line).filter((line) => line))];
  eit.closeCard(page);
  eit.bring(page, lines, [], true);
  if (lines.length)
    eit.fit(
      page,
      lines.flatMap(({ from, to }) => [from, to]),
    );
};

eit.showNode = function (page, node) {
  eit.closeCard(page);
  eit.bring(page, eit.linesOf(node), [node], true);
  if (node.point?.off) eit.fit(page, [node, ...eit.linesOf(node).flatMap(({ from, to }) => [from, to])]);
  eit.openCard(page, [node.lat, node.lon], eit.nodeCard(page, node));
};

eit.showNothing = function (page) {
  eit.closeCard(page);
  eit.release(page);
};
