/* For those who read rather than look: everything on the map as sortable tables. */

eit.CHUNK = 100;

/** The tables of a page: heading, rows, columns (text, order, what a cell shows). */
eit.tables = function (page) {
  const tables = [eit.exchangeTable(page)];
  if (page.kind === "territory") tables[page.audience === "public" ? "push" : "unshift"](eit.parkTable(page));
  if (page.leftovers.length) tables.push(eit.leftoverTable(page));
  if (page.kind === "park") tables.push(eit.siteTable(page));
  return tables;
};

/** `order` gives what a column sorts by, `cell` what it shows; `look` is "", "number" or "brief". */
eit.column = (head, order, cell = order, look = "") => ({ head, order, cell, look });

eit.exchangeTable = function (page) {
  const { say } = page;
  return {
    key: "exchanges",
    rows: page.exchanges,
    shown: (row) => row.seen,
    lit: (row) => row.line && page.focus.lines.has(row.line),
    over: (row) => eit.bring(page, row.line ? [row.line] : [], [], false),
    choose: (row) => eit.showExchange(page, row),
    columns: [
      eit.column(
        "",
        (row) => row.family?.letter ?? "",
        (row) => eit.badge(row.family),
      ),
      eit.column(say("column.donor"), (row) => row.source.name),
      eit.column(say("column.resource"), (row) => row.resource),
      eit.column(say("column.receiver"), (row) => row.target.name),
      eit.column(
        () => say(page.state.month ? "column.month" : "column.quantity", { month: eit.monthName(page) }),
        (row) => row.amount,
        (row) => page.quantity(row.amount, row.unit),
        "number",
      ),
      ...(page.audience === "public" ? [] : eit.innerColumns(page)),
    ],
  };
};

/** What stays among those who plan. */
eit.innerColumns = function (page) {
  const { say } = page;
  return [
      eit.column(
        say("column.distance"),
        (row) => row.distance_km,
        (row) => page.distance(row.distance_km),
        "number",
      ),
      eit.column(
        say("column.value"),
        (row) => row.value_eur,
        (row) => page.money(row.value_eur),
        "number",
      ),
      eit.column(
        say("column.co2e"),
        (row) => row.co2e_t,
        (row) => page.quantity(row.co2e_t, "t"),
        "number",
      ),
      eit.column(say("column.level"), (row) => say(`level.${row.level}`), undefined, "brief"),
      eit.column(say("column.certainty"), (row) => say(`certainty.${row.certainty}`), undefined, "brief"),
  ];
};

eit.leftoverTable = function (page) {
  const { say } = page;
  return {
    key: "leftovers",
    rows: page.leftovers,
    shown: (row) => eit.found(page, row) && !(row.family && page.state.off.has(row.family.at)),
    lit: (row) => page.focus.nodes.has(row.node.group),
    over: (row) => eit.bring(page, [], row.node.group.drawn ? [row.node.group] : [], false),
    choose: (row) => row.node.group.drawn && eit.showNode(page, row.node.group),
    columns: [
      eit.column(
        "",
        (row) => row.kind,
        (row) => eit.make("span", { class: `sign ${row.kind}` }),
      ),
      eit.column(say("column.kind"), (row) => say(`kind.${row.kind}`), undefined, "brief"),
      eit.column(say("column.site"), (row) => row.node.name),
      eit.column(say("column.resource"), (row) => row.resource),
      eit.column(
        say("column.left"),
        (row) => row.quantity,
        (row) => page.quantity(row.quantity, row.unit),
        "number",
      ),
      ...(page.audience === "public"
        ? []
        : [
            eit.column(say("column.reason"), (row) => row.reason),
            eit.column(say("column.change"), (row) => row.change),
          ]),
    ],
  };
};

eit.siteTable = function (page) {
  const { say } = page;
  const out = (row) => row.exchanges.filter(({ source }) => source === row).length;
  const into = (row) => row.exchanges.filter(({ target }) => target === row).length;
  return {
    key: "sites",
    rows: page.nodes,
    shown: (row) => eit.found(page, row),
    lit: (row) => page.focus.nodes.has(row),
    over: (row) => eit.bring(page, eit.linesOf(row), row.drawn ? [row] : [], false),
    choose: (row) => row.drawn && eit.showNode(page, row),
    columns: [
      eit.column(say("column.site"), (row) => row.name),
      eit.column(say("column.role"), (row) => say(`role.${row.role}`)),
      eit.column(say("column.place"), (row) => row.place),
      eit.column(say("column.gives"), out, (row) => String(out(row)), "number"),
      eit.column(say("column.takes"), into, (row) => String(into(row)), "number"),
      eit.column(
        say("column.lefts"),
        (row) => row.leftovers.length,
        (row) => String(row.leftovers.length),
        "number",
      ),
      eit.column(say("column.note"), (row) => (row.drawn ? row.note : say("undrawn"))),
    ],
  };
};

eit.parkTable = function (page) {
  const { say } = page;
  const sites = (row) => page.nodes.filter((node) => node.group === row && node.role === "site").length;
  const masses = (row) => row.exchanges.filter(({ unit }) => unit === "t").map(({ quantity }) => quantity);
  const mass = (row) => masses(row).reduce((sum, quantity) => sum + quantity, 0);
  const listed = ({ role, exchanges }) => role === "park" || (exchanges.length && role !== "crowd");
  const rows = page.nodes
    .filter((node) => node.group === node && listed(node))
    .sort((a, b) => (a.role !== "park") - (b.role !== "park") || mass(b) - mass(a));
  return {
    key: "parks",
    rows,
    shown: () => true,
    lit: (row) => page.focus.nodes.has(row),
    over: (row) => eit.bring(page, eit.linesOf(row), [row], false),
    choose: (row) => row.drawn && eit.showNode(page, row),
    columns: [
      eit.column(
        say("column.park"),
        (row) => row.name,
        (row) => (row.link ? eit.make("a", { href: row.link }, row.name) : row.name),
      ),
      eit.column(say("column.role"), (row) => say(`role.${row.role}`)),
      eit.column(say("column.sites"), sites, (row) => String(sites(row)), "number"),
      eit.column(
        say("column.exchanges"),
        (row) => row.exchanges.length,
        (row) => String(row.exchanges.length),
        "number",
      ),
      eit.column(say("column.mass"), mass, (row) => page.together(masses(row), "t"), "number"),
    ],
  };
};

/** Tabs, filters and the table on top. */
eit.Tables = class {
  constructor(page, place) {
    Object.assign(this, { page, order: new Map() });
    this.tables = eit.tables(page);
    this.tabs = eit.make(
      "div",
      { class: "tabs", role: "tablist" },
      this.tables.map((table) =>
        eit.make("button", {
          type: "button",
          role: "tab",
          id: `tab-${table.key}`,
          "aria-controls": "table",
          on: { click: () => this.open(table), keydown: (event) => this.step(event) },
        }),
      ),
    );
    this.head = eit.make("thead");
    this.body = eit.make("tbody");
    this.end = eit.make("p", { class: "end" });
    this.scroll = eit.make(
      "div",
      { class: "scroll", id: "table", role: "tabpanel", tabindex: "0" },
      eit.make("table", {}, this.head, this.body),
      this.end,
    );
    place.append(eit.make("div", { class: "bar" }, this.tabs, eit.filters(page), this.grower()), this.scroll);
    new IntersectionObserver((seen) => seen[0].isIntersecting && this.more(), { root: this.scroll }).observe(
      this.end,
    );
    page.on("change", () => {
      if (this.month !== page.state.month) this.heads();
      this.fill();
    });
    page.on("focus", () => this.light());
    this.open(this.tables[0]);
  }

  /** A button that gives the table more of the window. */
  grower() {
    const { page } = this;
    const button = eit.make(
      "button",
      { type: "button", class: "quiet grow", "aria-expanded": "false" },
      page.say("table.grow"),
    );
    button.addEventListener("click", () => {
      const grown = page.root.classList.toggle("tall");
      button.setAttribute("aria-expanded", grown);
      button.textContent = page.say(grown ? "table.shrink" : "table.grow");
      page.map.invalidateSize();
    });
    return button;
  }

  /** Arrow keys step through the tabs. */
  step({ key }) {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!way) return;
    const at = (this.tables.indexOf(this.table) + way + this.tables.length) % this.tables.length;
    this.open(this.tables[at]);
    this.tabs.children[at].focus();
  }

  open(table) {
    this.table = table;
    [...this.tabs.children].forEach((tab, at) => {
      const on = this.tables[at] === table;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
    });
    this.scroll.setAttribute("aria-labelledby", `tab-${table.key}`);
    this.scroll.scrollTop = 0;
    this.heads();
    this.fill();
  }

  heads() {
    const sorted = this.order.get(this.table.key);
    this.month = this.page.state.month;
    const head = (column) => (typeof column.head === "function" ? column.head() : column.head);
    this.head.replaceChildren(
      eit.make(
        "tr",
        {},
        this.table.columns.map((column, at) => {
          const way = sorted?.at === at ? (sorted.down ? "descending" : "ascending") : "none";
          return eit.make(
            "th",
            { scope: "col", class: column.look, "aria-sort": way },
            eit.make(
              "button",
              {
                type: "button",
                "aria-label": head(column) || this.page.say("column.family"),
                on: { click: () => this.sort(at) },
              },
              head(column),
            ),
          );
        }),
      ),
    );
  }

  /** Sort by a column; again turns it round. Numbers start with the greatest. */
  sort(at) {
    const before = this.order.get(this.table.key);
    const down = before?.at === at ? !before.down : this.table.columns[at].look === "number";
    this.order.set(this.table.key, { at, down });
    this.heads();
    this.fill();
    this.head.querySelectorAll("button")[at].focus();
  }

  sorted() {
    const rows = this.table.rows.filter(this.table.shown);
    const sorted = this.order.get(this.table.key);
    if (!sorted) return rows;
    const { order } = this.table.columns[sorted.at];
    const way = sorted.down ? -1 : 1;
    const compare = (a, b) => (typeof a === "string" ? this.page.order(a, b) : a - b);
    const blank = (value) => value === null || value === "";
    return rows
      .map((row) => [order(row), row])
      .sort(([a], [b]) => (blank(a) || blank(b) ? blank(a) - blank(b) : way * compare(a, b)))
      .map(([, row]) => row);
  }

  fill() {
    this.queue = this.sorted();
    this.drawn = new Map();
    this.body.replaceChildren();
    this.tables.forEach((table, at) => {
      this.tabs.children[at].textContent = this.page.say(`table.${table.key}`, {
        n: table.rows.filter(table.shown).length,
      });
    });
    this.end.textContent = this.queue.length ? "" : this.page.say("table.none");
    this.more();
  }

  /** The next rows; the observer asks for more when the end comes in sight. */
  more(count = eit.CHUNK) {
    const rows = this.queue.slice(this.drawn.size, this.drawn.size + count);
    this.body.append(...rows.map((row) => this.row(row)));
    if (rows.length) this.light();
  }

  row(row) {
    const { columns, over, choose } = this.table;
    const made = eit.make(
      "tr",
      {
        tabindex: "0",
        "data-row": row.id,
        on: {
          mouseenter: () => over(row),
          mouseleave: () => eit.bring(this.page, [], [], false),
          focus: () => over(row),
          click: ({ target }) => target.closest("a") || choose(row),
          keydown: (event) => {
            if (event.target !== made || !["Enter", " "].includes(event.key)) return;
            event.preventDefault();
            choose(row);
          },
        },
      },
      columns.map(({ cell, look }) => eit.make("td", { class: look }, eit.clamped(cell(row)))),
    );
    this.drawn.set(row, made);
    return made;
  }

  /** Mark the rows of what is lit on the map; bring the chosen one into sight. */
  light() {
    const { focus } = this.page;
    let first = null;
    for (const [row, made] of this.drawn) {
      const on = Boolean(this.table.lit(row));
      made.classList.toggle("lit", on);
      if (on) first ??= made;
    }
    if (focus.held && first && !first.matches(":hover, :focus")) first.scrollIntoView({ block: "nearest" });
  }
};

/** A text of at most three lines, whole on hover; anything else as it is. */
eit.clamped = (content) =>
  typeof content !== "string"
    ? content
    : eit.make("span", { class: "clamp", title: content.length > 60 ? content : null }, content);

/** Filters: how sure, which level, from which quantity. */
eit.filters = function (page) {
  const { say } = page;
  const choice = (key, values) => {
    const select = eit.make(
      "select",
      { "aria-label": say(`filter.${key}`), "data-filter": key },
      eit.make("option", { value: "" }, say(`filter.${key}`)),
      values.map((value) => eit.make("option", { value }, say(`${key}.${value}`))),
    );
    select.addEventListener("change", () => eit.ask(page, { [key]: select.value }));
    return values.length > 1 ? select : null;
  };
  const present = (key) => [...new Set(page.exchanges.map((one) => one[key]))].sort();
  const existing = page.exchanges.some((one) => one.existing) ? ["existing"] : [];
  const least = eit.make("input", {
    type: "number",
    min: "0",
    step: "any",
    inputmode: "decimal",
    "aria-label": say("filter.least"),
    placeholder: say("filter.least"),
    "data-filter": "least",
  });
  least.addEventListener("input", () => eit.ask(page, { least: Number(least.value) || 0 }));
  return eit.make(
    "div",
    { class: "filters" },
    choice("level", present("level")),
    choice("certainty", [...present("certainty"), ...existing]),
    page.audience === "public" ? null : least,
  );
};
