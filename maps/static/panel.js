/* Beside the map: the park in one sentence, its totals, and what to do first. */

eit.STARTS = 5;

eit.fillPanel = function (page, panel) {
  const { say } = page;
  const firms = new Set(
    page.exchanges
      .flatMap(({ source, target }) => [source, target])
      .filter(({ role }) => role === "site")
      .map(({ name }) => name),
  );
  panel.append(
    eit.make(
      "p",
      { class: "headline" },
      say(`headline.${page.kind}`, { n: page.exchanges.length }),
      " ",
      eit.make("span", {}, say(eit.firmsKey(page, firms.size), { n: firms.size })),
    ),
    page.totals.length
      ? eit.make(
          "ul",
          { class: "totals" },
          page.totals.map((total) => eit.totalItem(page, total)),
        )
      : "",
    eit.make("h2", {}, say("starts")),
    ...(page.starts.length ? [] : [eit.make("p", { class: "more" }, say("starts.none"))]),
  );
  const list = panel.appendChild(
    eit.make(
      "ol",
      { class: "starts" },
      page.starts.map((start, at) => eit.startItem(page, start, at)),
    ),
  );
  if (page.starts.length > eit.STARTS) {
    const more = eit.make(
      "button",
      { type: "button", class: "quiet" },
      say("starts.more", { n: page.starts.length - eit.STARTS }),
    );
    more.addEventListener("click", () => {
      list.classList.add("all");
      more.remove();
    });
    panel.append(more);
  }
  panel.append(eit.make("p", { class: "note" }, say("note.value")));
};

/** How the number of firms is told; a page may have words for none. */
eit.firmsKey = (page, n) => (n === 0 && page.has("headline.firms.none") ? "headline.firms.none" : "headline.firms");

/** One figure; millions of euros are told as such. */
eit.totalItem = function (page, { label, value, unit }) {
  const [shown, key] = unit === "eur" && Math.abs(value) >= 1e6 ? [value / 1e6, "meur"] : [value, unit];
  return eit.make(
    "li",
    {},
    eit.make("strong", {}, page.figure(shown), eit.make("small", {}, `\u00a0${page.unit(key)}`)),
    eit.make("span", {}, label),
  );
};

/** One synergy worth starting with; a click lights up its lines. */
eit.startItem = function (page, start, at) {
  const { say } = page;
  const names = [start.donor, start.receiver].filter((node) => node);
  const figures = [
    say("per.year", { quantity: page.quantity(start.quantity, start.unit) }),
    start.distance_km === null ? null : page.distance(start.distance_km),
  ]
    .filter((text) => text)
    .join(" · ");
  const over = () =>
    eit.bring(
      page,
      start.exchanges.map(({ line }) => line).filter((line) => line),
      [],
      false,
    );
  return eit.make(
    "li",
    { class: at < eit.STARTS ? "" : "later" },
    eit.make(
      "button",
      {
        type: "button",
        on: {
          click: () => eit.showExchanges(page, start.exchanges),
          mouseenter: over,
          mouseleave: () => eit.bring(page, [], [], false),
        },
      },
      eit.make("span", { class: "rank" }, String(at + 1)),
      eit.make(
        "span",
        { class: "text" },
        eit.make(
          "span",
          { class: "pair" },
          names[0].name,
          eit.make("span", { class: "to" }, " → "),
          names[1]?.name ?? "",
        ),
        eit.make(
          "span",
          { class: "resource" },
          eit.badge(start.family),
          start.resource,
          start.via ? eit.make("small", {}, ` ${say("via", { name: start.via.name })}`) : null,
        ),
        eit.make(
          "span",
          { class: "figures" },
          figures,
          !start.value_eur
            ? null
            : eit.make("b", {}, ` · ${say("per.year", { quantity: page.money(start.value_eur) })}`),
        ),
        eit.make(
          "span",
          { class: "remarks" },
          start.remarks.map((key) => eit.make("span", { class: `remark ${key}` }, say(`remark.${key}`))),
        ),
      ),
    ),
  );
};
