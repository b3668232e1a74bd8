// Fills the boxes of a page and reports its view. Without dependencies; its one global name is `recommender`.
// The server puts the running experiment in. What it serves is widgets.min.js: docs/write_widgets.py writes it from this,
// the style sheet and the labels.
(() => {
  "use strict";

  const STYLE = __STYLE__;
  const LABELS = __LABELS__;
  const EXPERIMENT = __EXPERIMENT__; // 0, or a number of its own, and each variant with where its part of 0 to 1 ends

  const VISIBLE_MS = 1000;
  const TIMEOUT_MS = 5000;
  const MOVE_MS = 600;
  const CAME_FROM = "recommender:came-from";
  const READER = "recommender:reader";
  const LIMITS = { related: 6, trending: 5 };
  const LAYOUTS = { related: "cards", trending: "numbered" };
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

  if (window.recommender?.render) return; // the script stands twice in the page

  const script = document.currentScript ?? document.querySelector('script[src*="/widgets.js"]');
  const base = new URL(".", script.src).href;
  const options = {}; // what `render` was given goes before the attributes of the script
  const filled = new WeakMap(); // box -> the article it was filled for
  let articleId;
  let round = 0; // what was asked for in an earlier one comes too late
  let timers = [];
  let sheet;

  const option = (name, box) => box?.dataset[name] ?? options[name] ?? script.dataset[name];
  const kindOf = (box) => box.dataset.recommender;
  const limitOf = (box) => option("limit", box) ?? LIMITS[kindOf(box)];

  function make(name, part, properties) {
    return Object.assign(document.createElement(name), { part, className: `recommender-${part}` }, properties);
  }

  // Drawing. The same elements as /embed gives, so that boxes that came with the page are treated like our own.

  function sectionOf(box) {
    const found = box.querySelector(".recommender") ?? box.shadowRoot?.querySelector(".recommender");
    if (found) return found;
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(STYLE);
    const root = box.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    const section = make("section", "box", { className: "recommender" });
    root.append(section);
    return section;
  }

  function language(box) {
    return box.closest("[lang]")?.lang || "en";
  }

  function label(box) {
    const known = LABELS[language(box).toLowerCase().split("-")[0]] ?? LABELS.en;
    return option("label", box) ?? known[kindOf(box) === "related" ? 0 : 1];
  }

  function age(published, lang) {
    const seconds = (Date.now() - Date.parse(published)) / 1000;
    const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? UNITS[2];
    if (seconds >= 7 * 86400) return new Intl.DateTimeFormat(lang, { dateStyle: "medium" }).format(Date.parse(published));
    return new Intl.RelativeTimeFormat(lang, { numeric: "auto" }).format(-Math.floor(Math.max(seconds, 0) / length), unit);
  }

  function tellAges(section, box) {
    for (const time of section.querySelectorAll("time[datetime]")) {
      try { time.textContent = age(time.dateTime, language(box)); } catch { /* a language tag that is none */ }
    }
  }

  function drawRow(item, box, layout) {
    const row = make("li", "item");
    const link = make("a", "link");
    const title = make("span", "title", { dir: "auto", textContent: item.title ?? "" });
    const pictured = layout === "cards" && option("images", box) !== "off";
    const picture = make("span", "picture");
    const published = make("time", "time");
    if (item.id) {
      const pattern = option("link", box);
      if (pattern) link.href = pattern.replace("{id}", () => encodeURIComponent(item.id));
      else if (/^https?:/i.test(item.url)) link.href = item.url;
      Object.assign(link.dataset, { id: item.id, position: item.position, source: item.source });
      row.dataset.section = item.section ?? "";
      if (item.published_at) published.dateTime = item.published_at;
    } else row.ariaHidden = "true";
    if (pictured && item.image_url) {
      picture.append(make("img", "image", { alt: "", width: 320, height: 180, loading: "lazy", decoding: "async", src: item.image_url }));
    }
    if (pictured) link.append(picture);
    if (layout !== "list") {
      link.append(make("span", "section", { dir: "auto", textContent: item.section ?? "" }));
    }
    link.append(title);
    if (layout === "cards") link.append(published);
    row.append(link);
    return row;
  }

  function draw(box, items, { request_id: requestId = "", variant } = {}) {
    const section = sectionOf(box);
    const layout = option("layout", box) ?? LAYOUTS[kindOf(box)];
    Object.assign(section.dataset, { box: kindOf(box), layout });
    let list = section.querySelector("ol");
    if (!list) {
      const heading = make(`h${option("heading", box) ?? 2}`, "label", { textContent: label(box) });
      list = make("ol", "list", { role: "list" });
      section.ariaLabel = label(box);
      section.append(heading, list);
    }
    const before = new Map([...list.children].map((row) => [row.querySelector("a").dataset.id, row]));
    // A list that came again as it was is the answer that it was, so that it is not shown anew.
    if (section.variant != variant || [...before.keys()].join() !== items.map(({ id }) => id).join()) section.dataset.requestId = requestId;
    section.variant = variant;
    const places = new Map([...before.values()].map((row) => [row, row.getBoundingClientRect()]));
    const rows = items.map((item) => {
      const stays = item.id && before.get(item.id);
      if (!stays) return drawRow(item, box, layout);
      stays.querySelector(".recommender-title").textContent = item.title;
      Object.assign(stays.querySelector("a").dataset, { position: item.position, source: item.source });
      return stays;
    });
    list.replaceChildren(...rows);
    section.ariaBusy = String(!items[0]?.id);
    tellAges(section, box);
    if (before.has(undefined) || !before.size || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const row of rows) { // what stays moves to its new place
      const from = places.get(row);
      const to = row.getBoundingClientRect();
      if (from && from.x === to.x && from.y === to.y) continue;
      const start = from ? { translate: `${from.x - to.x}px ${from.y - to.y}px` } : { opacity: 0 };
      row.animate([start, {}], { duration: MOVE_MS, easing: "ease-in-out" });
    }
  }

  function hideEmpty(box) {
    const section = sectionOf(box);
    if (section.querySelector("a[href]")) return; // a list that is a little old is better than none
    section.replaceChildren();
    filled.delete(box);
    box.hidden = true;
  }

  // Asking. The first box of each kind shares one request; every other has its own.

  function plansFor(boxes) {
    const related = boxes.find((box) => kindOf(box) === "related");
    const together = (box) => kindOf(box) === "trending" && option("section", box) === option("section", related);
    const trending = related && boxes.find(together);
    const pair = trending ? [related, trending] : [];
    const alone = boxes.filter((box) => !pair.includes(box)).map((box) => [box]);
    return [...(trending ? [pair] : []), ...alone].map((some) => ({ boxes: some, url: addressFor(some) }));
  }

  function addressFor([box, trending]) {
    const query = new URLSearchParams();
    const kind = kindOf(box);
    if (kind === "related") query.append("article_id", articleId);
    if (trending) {
      query.append("related", limitOf(box));
      query.append("trending", limitOf(trending));
    } else query.append("limit", limitOf(box));
    const names = kind === "related" && !trending ? ["section"] : ["section", "window", "rank"];
    for (const name of names) {
      const value = option(name, trending ?? box);
      if (value) query.append(name, value);
    }
    const own = kind === "trending" ? [articleId] : [];
    const excluded = [...own, ...[box, trending].map((one) => one && option("exclude", one))].filter(Boolean);
    for (const value of new Set(excluded)) query.append("exclude", value);
    const variant = option("variant") ?? drawn();
    if (variant) query.append("variant", variant);
    return `${base}v1/${trending ? "widgets" : kind}?${query}`;
  }

  // A reader's variant, where the page names none: by a number that is kept where counting is allowed.

  function drawn() {
    if (!EXPERIMENT || option("variant") || !mayCount()) return;
    const [factor, parts] = EXPERIMENT;
    try {
      const number = (localStorage[READER] ??= Math.random()) * factor % 1;
      return parts.find(([, end]) => number < end)?.[0];
    } catch { /* not allowed here */ }
  }

  async function fill({ boxes, url }, mayDraw = () => true) {
    const asked = round;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) throw response;
      const answer = await response.json();
      if (asked !== round) return;
      for (const box of boxes.filter(mayDraw)) {
        const { items } = answer[kindOf(box)] ?? answer;
        if (!items.length) hideEmpty(box);
        else {
          draw(box, items, answer);
          filled.set(box, articleId);
        }
      }
      look();
    } catch {
      if (asked === round) boxes.forEach(hideEmpty);
    }
  }

  function keepFresh(plan) {
    const periods = plan.boxes.map((box) => Number(option("refresh", box))).filter((seconds) => seconds > 0);
    if (!periods.length) return;
    const inUse = (box) => box.matches(":hover, :focus-within");
    const due = (box) => option("refresh", box) > 0 && !inUse(box);
    const ask = () => document.visibilityState === "visible" && plan.boxes.some(due) && fill(plan, due);
    timers.push(setInterval(ask, Math.max(Math.min(...periods), 5) * 1000));
  }

  function showBoxes() {
    round++;
    timers.forEach(clearInterval);
    timers = [];
    const kinds = articleId ? ["related", "trending"] : ["trending"];
    const boxes = [...document.querySelectorAll("[data-recommender]")].filter((box) => kinds.includes(kindOf(box)));
    const first = !filled.has(document);
    const came = (box) => first && box.querySelector(".recommender a[href]");
    filled.set(document, true);
    const answers = plansFor(boxes).map((plan) => {
      keepFresh(plan);
      const ready = plan.boxes.every((box) => (came(box) && !drawn()) || (filled.has(box) && filled.get(box) === articleId));
      plan.boxes.forEach((box) => {
        if (ready) filled.set(box, articleId);
        box.hidden = false;
        const section = sectionOf(box);
        section.addEventListener("error", hideBroken, true);
        if (ready || came(box)) tellAges(section, box);
        else draw(box, Array.from({ length: limitOf(box) }, () => ({})));
      });
      return ready ? undefined : fill(plan);
    });
    look();
    return Promise.all(answers);
  }

  function hideBroken(event) {
    event.target.hidden = true; // its place stays empty, without the browser's mark
  }

  // Counting. One view for a page that was in sight for a second in all; a page that the browser shows again from
  // memory goes on where it stopped, and so does not report again.

  let view;
  let leftMs;
  let seenSince;
  let timer;

  const inSight = () => document.visibilityState === "visible" && !document.prerendering;
  const mayCount = () => option("count") !== "off" && !(navigator.globalPrivacyControl && option("gpc") !== "ignore");

  const send = (what, told) => navigator.sendBeacon(`${base}v1/${what}`, JSON.stringify(told));

  function watch() {
    clearTimeout(timer);
    const now = performance.now();
    if (seenSince !== undefined) leftMs -= now - seenSince;
    const seen = view && inSight();
    seenSince = seen ? now : undefined;
    if (seen) timer = setTimeout(report, Math.max(leftMs, 0));
    look();
  }

  function report() {
    if (!mayCount()) return; // `count(true)` may still allow it
    send("views", { ...view, ...recall(view.article_id) });
    view = seenSince = undefined;
  }

  function expectView() {
    seenSince = undefined;
    leftMs = VISIBLE_MS;
    view = articleId && { article_id: articleId, event_id: crypto.getRandomValues(new Uint32Array(4)).join("-"), visitor_id: option("visitorId") };
    watch();
  }

  // A box is told of when its middle row was in sight for a second, or when something in it is clicked, once.

  const told = new WeakMap(); // box as it is drawn -> the answer it was told of with
  const waits = new Map();
  const rows = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      const section = target.closest(".recommender");
      clearTimeout(waits.get(section));
      if (isIntersecting) waits.set(section, setTimeout(tell, VISIBLE_MS, section));
    }
  }, { threshold: 0.5 });

  function look() {
    rows.disconnect();
    waits.forEach(clearTimeout);
    waits.clear();
    if (!inSight()) return;
    for (const box of document.querySelectorAll("[data-recommender], .recommender")) {
      const section = box.shadowRoot?.querySelector(".recommender") ?? box;
      const items = section.querySelectorAll("li");
      if (section.dataset.requestId) rows.observe(items[items.length >> 1]);
    }
  }

  function tell(section) {
    const { box, requestId } = section.dataset;
    if (told.get(section) === requestId || !mayCount()) return;
    told.set(section, requestId);
    send("impressions", { request_id: requestId, box, visitor_id: option("visitorId") });
  }

  // A click is remembered for the page it leads to, whose view then names the box, the place and the answer.

  function clicked(event) {
    const link = event.composedPath().find((node) => node.dataset?.position && node.href);
    const section = link?.closest(".recommender");
    if (!section || !mayCount()) return;
    tell(section);
    const click = { source: section.dataset.box, request_id: section.dataset.requestId, position: Number(link.dataset.position) };
    try { sessionStorage.setItem(CAME_FROM, JSON.stringify([link.dataset.id, click])); } catch { /* not allowed here */ }
  }

  function recall(id) {
    try {
      const [clickedId, click] = JSON.parse(sessionStorage.getItem(CAME_FROM) ?? "[]");
      sessionStorage.removeItem(CAME_FROM);
      return clickedId === id ? click : {};
    } catch { return {}; }
  }

  // The one global name

  function render(given = {}) {
    Object.assign(options, given);
    const changed = "articleId" in given && (given.articleId || undefined) !== articleId;
    if (changed) {
      articleId = given.articleId || undefined;
      expectView();
    }
    return showBoxes().then(() => {});
  }

  function count(allowed) {
    options.count = allowed ? "on" : "off";
    watch();
  }

  window.recommender = Object.freeze({ render, count });

  const start = () => articleId || render({ articleId: script.dataset.articleId });
  document.addEventListener("visibilitychange", watch);
  document.addEventListener("prerenderingchange", watch);
  document.addEventListener("click", clicked, true);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
