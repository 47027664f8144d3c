/* Puts changed rows into the table without disturbing whoever is using it.
 *
 * As an htmx extension: `hx-swap-oob="rows:#rows"` replaces the rows that are there and inserts those that
 * are not, newest first; `rows-known` only replaces; `rows-all` is the whole page, so what it lacks goes.
 * Everything else stays as it is: the scroll position, the focus, pictures that are loaded.
 */
(() => {
  "use strict";

  const STYLES = new Set(["rows", "rows-known", "rows-all"]);
  const LIVE = new Set(["queued", "submitting", "uncertain", "processing"]);

  function onScreen(row) {
    const { top, bottom } = row.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }

  /* The row that stays where it is on the screen, and where that is. */
  function anchor(list, staying) {
    if (window.scrollY <= 0) return null;
    const row = [...list.children].find((each) => staying(each) && each.getBoundingClientRect().bottom > 64);
    return row && { id: row.id, top: row.getBoundingClientRect().top };
  }

  function hold(kept) {
    const row = kept && document.getElementById(kept.id);
    const moved = row ? row.getBoundingClientRect().top - kept.top : 0;
    if (moved) window.scrollBy({ top: moved, behavior: "instant" });
  }

  function replace(old, fresh) {
    const focused = old.contains(document.activeElement) ? document.activeElement.dataset.focus ?? "open" : null;
    keepPicture(old, fresh);
    tellEnding(old, fresh);
    old.replaceWith(fresh);
    if (focused) (fresh.querySelector(`[data-focus="${focused}"]`) ?? fresh.querySelector(".prompt"))?.focus({ preventScroll: true });
  }

  function keepPicture(old, fresh) {
    const [before, after] = [old.querySelector(".thumb img"), fresh.querySelector(".thumb img")];
    if (before && after && before.getAttribute("src") === after.getAttribute("src")) after.replaceWith(before);
  }

  function tellEnding(old, fresh) {
    if (!LIVE.has(old.dataset.status) || LIVE.has(fresh.dataset.status)) return;
    const text = (selector) => fresh.querySelector(selector)?.textContent.trim() ?? "";
    window.drover.announce(`${text(".state .word")}: ${text(".prompt").slice(0, 120)}`);
  }

  function insert(list, fresh) {
    if ("past" in list.dataset && !list.children.length) return;
    const after = [...list.children].find((each) => each.dataset.at < fresh.dataset.at);
    const full = list.children.length >= Number(list.dataset.page);
    if (after) after.before(fresh);
    else if (!full) list.append(fresh);
  }

  /* Rows beyond the page's size go, unless they are on the screen or in use. */
  function trim(list) {
    const most = Number(list.dataset.page);
    while (list.children.length > most) {
      const last = list.lastElementChild;
      if (last.contains(document.activeElement) || last.getBoundingClientRect().top < innerHeight) break;
      last.remove();
      const older = document.getElementById("older");
      if (older && list.lastElementChild) {
        older.href = older.href.replace(/([?&]before=)[^&]*/, `$1${list.lastElementChild.dataset.at}`);
        older.hidden = false;
      }
    }
  }

  function merge(list, fragment, style) {
    const sent = new Set([...fragment.children].map((each) => each.id));
    // What has ended does not go stale: it may stay for as long as somebody looks at it.
    const seen = (row) => !LIVE.has(row.dataset.status) && onScreen(row);
    const staying = (row) => style !== "rows-all" || sent.has(row.id) || seen(row);
    const kept = anchor(list, staying);
    const made = [];
    for (const row of [...list.children].filter((each) => !staying(each))) row.remove();
    for (const fresh of [...fragment.children]) {
      const old = document.getElementById(fresh.id);
      if (old) replace(old, fresh);
      else if (style !== "rows-known") insert(list, fresh);
      if (fresh.isConnected) made.push(fresh);
    }
    trim(list);
    window.drover.refresh();
    hold(kept);
    return made;
  }

  document.addEventListener("click", (event) => {
    const place = event.target.closest(".row .state, .row time");
    if (place) place.closest(".row").querySelector(".prompt").click();
  });

  htmx.defineExtension("rows", {
    isInlineSwap: () => false,
    handleSwap: (style, target, fragment) => {
      return STYLES.has(style) && merge(target, fragment, style);
    },
  });
})();
