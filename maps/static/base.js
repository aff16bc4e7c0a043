"use strict";

/* One namespace. Every text from data reaches the screen as a text node, through eit.make. */
const eit = { FONT: '"Segoe UI", -apple-system, "Helvetica Neue", "Liberation Sans", Arial, sans-serif' };

/** An element with attributes, listeners (`on`) and content; content is nodes or plain text. */
eit.make = function (tag, attributes = {}, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    } else if (value === true) {
      made.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, value);
    }
  }
  made.append(...content.flat(2).filter((part) => part !== null && part !== undefined && part !== ""));
  return made;
};

/** An SVG element; attributes only. */
eit.shape = function (tag, attributes = {}, ...content) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content);
  return made;
};

/** Lower case, without accents: what a search compares. */
eit.plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Rows from a frame sent as columns. */
eit.rows = function (columns) {
  const names = Object.keys(columns);
  return columns[names[0]].map((_, at) => Object.fromEntries(names.map((name) => [name, columns[name][at]])));
};

/** How this page writes words and numbers. */
eit.speech = function (lang, labels, bands) {
  const number = (digits) => new Intl.NumberFormat(lang, { maximumFractionDigits: digits });
  const [whole, tenth, fine] = [number(0), number(1), number(2)];
  const figure = (value) => {
    const size = Math.abs(value);
    return (size >= 100 ? whole : size >= 10 ? tenth : fine).format(value).replace("-", "\u2212");
  };
  /** A label with its {names} filled in; `key.one` where n is one. */
  const say = (key, values = {}) => {
    const single = `${key}.one`;
    const one = values.n === 1 || (values.n === 0 && lang === "fr");
    const text = one && single in labels ? labels[single] : labels[key];
    if (text === undefined) throw new Error(`no label ${key}`);
    return text.replace(/\{(\w+)\}/g, (_, name) =>
      typeof values[name] === "number" ? figure(values[name]) : values[name],
    );
  };
  const unit = (key) => labels[`unit.${key}`] ?? key;
  /** What quantities that stand for their bands add up to: from the sum of lower ends to that of upper ones. */
  const span = (values, key) => {
    const ends = values.map((value) => bands.findIndex((edge) => value < edge));
    const low = ends.reduce((sum, at) => sum + (at < 0 ? bands.at(-1) : (bands[at - 1] ?? 0)), 0);
    const high = ends.reduce((sum, at) => sum + (at < 0 ? Infinity : bands[at]), 0);
    const text = high === Infinity ? `>\u00a0${figure(low)}` : low ? `${figure(low)} – ${figure(high)}` : `<\u00a0${figure(high)}`;
    return `${text}\u00a0${unit(key)}`;
  };
  const exact = (value, key) => `${figure(value)}\u00a0${unit(key)}`;
  /** Several quantities of one unit together. */
  const together = (values, key) =>
    bands.length
      ? values.length
        ? span(values, key)
        : "–"
      : exact(
          values.reduce((sum, value) => sum + value, 0),
          key,
        );
  return {
    say,
    figure,
    unit,
    together,
    has: (key) => key in labels,
    quantity: (value, key) => (value === null ? "–" : together([value], key)),
    money: (value) => (value === null ? "–" : `${whole.format(value).replace("-", "\u2212")}\u00a0${unit("eur")}`),
    distance: (value) => (value === null ? "–" : `${(value < 100 ? tenth : whole).format(value)}\u00a0km`),
    month: (index) =>
      new Intl.DateTimeFormat(lang, { month: "long", timeZone: "UTC" }).format(
        new Date(Date.UTC(2001, index, 1)),
      ),
    order: new Intl.Collator(lang, { numeric: true }).compare,
  };
};
