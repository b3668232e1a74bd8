// Reports that a reader opened an article, and keeps the Trending list alive.

const VISIBLE_MS = 1000;
const REFRESH_MS = 15000;
const TIMEOUT_MS = 5000;
const MOVE_MS = 600;
const CAME_FROM = "came-from";

const page = document.body.dataset;

// Where the reader came from: the box link that was pressed is remembered for the very next page, and for its address.

function remember(event) {
  const link = event.target.closest("[data-box] a[data-position]");
  if (!link) return;
  const box = link.closest("[data-box]").dataset;
  const click = { source: box.box, request_id: box.requestId, position: Number(link.dataset.position) };
  sessionStorage.setItem(CAME_FROM, JSON.stringify({ path: link.pathname, click }));
}

function recall() {
  const remembered = sessionStorage.getItem(CAME_FROM);
  sessionStorage.removeItem(CAME_FROM);
  const { path, click } = JSON.parse(remembered) ?? {};
  return path === location.pathname ? click : {};
}

// One view for a page that was in sight for a second. A page restored from the back-forward cache goes on where it
// stopped, so it does not report again.

function reportView(articleId) {
  const cameFrom = recall();
  let timer;

  const report = () => {
    document.removeEventListener("visibilitychange", wait);
    const view = { article_id: articleId, event_id: globalThis.crypto.randomUUID?.(), ...cameFrom };
    navigator.sendBeacon("/v1/views", JSON.stringify(view));
  };
  const wait = () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") timer = setTimeout(report, VISIBLE_MS);
  };

  document.addEventListener("visibilitychange", wait);
  wait();
}

// Trending: the items that stay are moved, not replaced, and nothing moves under the reader's hand.

function keepAlive(box) {
  const list = box.querySelector("ol");
  const blank = box.querySelector("template").content.firstElementChild;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const isInUse = () => box.matches(":hover") || box.contains(document.activeElement);

  const fill = (row, item) => {
    const link = row.querySelector("a");
    row.dataset.id = item.id;
    link.href = page.articlePage.replace("ARTICLE", () => item.id.split("/").map(encodeURIComponent).join("/"));
    link.dataset.position = item.position;
    row.querySelector(".kicker").textContent = item.section ?? "";
    row.querySelector(".headline").textContent = item.title;
    return row;
  };

  const show = (items) => {
    const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
    const places = new Map([...rows.values()].map((row) => [row, row.getBoundingClientRect()]));
    list.replaceChildren(...items.map((item) => fill(rows.get(item.id) ?? blank.cloneNode(true), item)));
    if (still.matches) return;
    for (const row of list.children) {
      const before = places.get(row);
      const after = row.getBoundingClientRect();
      const start = before ? { translate: `${before.x - after.x}px ${before.y - after.y}px` } : { opacity: 0 };
      row.animate([start, {}], { duration: MOVE_MS, easing: "ease-in-out" });
    }
  };

  const refresh = async () => {
    if (document.visibilityState !== "visible" || isInUse()) return;
    const query = new URLSearchParams({ limit: box.dataset.limit });
    if (page.articleId) query.append("exclude", page.articleId);
    for (const link of document.querySelectorAll("[data-box=related] a[data-id]")) query.append("exclude", link.dataset.id);
    const response = await fetch(`/v1/trending?${query}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return;
    const answer = await response.json();
    if (isInUse() || answer.items.length === 0) return;
    box.dataset.requestId = answer.request_id;
    show(answer.items);
  };

  setInterval(() => refresh().catch(() => {}), REFRESH_MS); // a list that is a little old is better than a broken page
}

// A picture that does not arrive leaves its place empty, without the browser's mark.

function hideBroken(image) {
  const hide = () => { image.hidden = true; };
  if (image.loading === "eager" && image.complete && image.naturalWidth === 0) hide();
  image.addEventListener("error", hide);
}

function start() {
  document.addEventListener("click", remember);
  if (page.articleId) reportView(page.articleId);
  document.querySelectorAll("[data-box=trending]").forEach(keepAlive);
  document.querySelectorAll(".picture img").forEach(hideBroken);
}

if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
else start();
