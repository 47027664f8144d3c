/* Put changed rows into the table without disturbing the user: scroll position, focus and loaded images stay.
 *
 * As an htmx extension with three ways to swap:
 * - `hx-swap-oob="rows:#rows"` replaces rows that are on the page and inserts the others, newest first;
 * - `rows-replace` only replaces;
 * - `rows-all` brings the whole page: rows that it lacks are removed.
 */
(() => {
  "use strict";

  const SWAP_STYLES = new Set(["rows", "rows-replace", "rows-all"]);
  const LIVE_STATES = new Set(window.drover.settings.liveStates);
  const PAGE_SIZE = window.drover.settings.pageSize;
  /* Pixels that the page's sticky header covers, with a margin. */
  const HEADER_HEIGHT = 64;

  const isLive = (row) => LIVE_STATES.has(row.dataset.status);

  function isOnScreen(row) {
    const { top, bottom } = row.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }

  /* Return the first visible row that will stay, with its position; null while the page is not scrolled. */
  function findAnchor(list, willStay) {
    if (window.scrollY <= 0) return null;
    const isBelowHeader = (row) => row.getBoundingClientRect().bottom > HEADER_HEIGHT;
    const row = [...list.children].find((candidate) => willStay(candidate) && isBelowHeader(candidate));
    return row && { id: row.id, top: row.getBoundingClientRect().top };
  }

  /* Scroll so that the anchor is where it was on the screen. */
  function restoreScroll(anchor) {
    const row = anchor && document.getElementById(anchor.id);
    const distance = row ? row.getBoundingClientRect().top - anchor.top : 0;
    if (distance) window.scrollBy({ top: distance, behavior: "instant" });
  }

  function replace(oldRow, newRow) {
    const focused = oldRow.contains(document.activeElement) ? document.activeElement : null;
    keepLoadedImage(oldRow, newRow);
    announceEnd(oldRow, newRow);
    oldRow.replaceWith(newRow);
    if (!focused) return;
    const sameElement = newRow.querySelector(`[data-focus="${focused.dataset.focus}"]`);
    (sameElement ?? newRow.querySelector(".prompt")).focus({ preventScroll: true });
  }

  function keepLoadedImage(oldRow, newRow) {
    const [oldImage, newImage] = [oldRow, newRow].map((row) => row.querySelector(".thumbnail img"));
    if (oldImage && newImage && oldImage.getAttribute("src") === newImage.getAttribute("src")) {
      newImage.replaceWith(oldImage);
    }
  }

  function announceEnd(oldRow, newRow) {
    if (!isLive(oldRow) || isLive(newRow)) return;
    const text = (selector) => newRow.querySelector(selector).textContent.trim();
    window.drover.announce(`${text(".state-label")}: ${text(".prompt").slice(0, 120)}`);
  }

  function insert(list, row) {
    // An empty page of older rows stays empty: newer rows do not belong there.
    if ("olderPage" in list.dataset && !list.children.length) return;
    const next = [...list.children].find((other) => other.dataset.sortKey < row.dataset.sortKey);
    if (next) next.before(row);
    else if (list.children.length < PAGE_SIZE) list.append(row);
  }

  /* Remove rows beyond the page's size, unless they are on the screen or focused. */
  function trim(list) {
    while (list.children.length > PAGE_SIZE) {
      const last = list.lastElementChild;
      if (last.contains(document.activeElement) || last.getBoundingClientRect().top < innerHeight) break;
      last.remove();
      linkToOlderRows(list.lastElementChild);
    }
  }

  function linkToOlderRows(lastRow) {
    const link = document.getElementById("older");
    link.href = link.href.replace(/([?&]before=)[^&]*/, `$1${lastRow.dataset.sortKey}`);
    link.hidden = false;
  }

  /* Return the rows of the fragment that are on the page now. */
  function merge(list, fragment, style) {
    const newRows = [...fragment.children];
    const newIds = new Set(newRows.map((row) => row.id));
    // A row that has ended does not become outdated: it may stay while the user sees it.
    const willStay = (row) => style !== "rows-all" || newIds.has(row.id) || (!isLive(row) && isOnScreen(row));
    const anchor = findAnchor(list, willStay);
    for (const row of [...list.children].filter((row) => !willStay(row))) row.remove();
    for (const newRow of newRows) {
      const oldRow = document.getElementById(newRow.id);
      if (oldRow) replace(oldRow, newRow);
      else if (style !== "rows-replace") insert(list, newRow);
    }
    trim(list);
    window.drover.updateTimes();
    restoreScroll(anchor);
    return newRows.filter((row) => row.isConnected);
  }

  /* These have a tooltip and therefore lie above the link that covers the row. */
  document.addEventListener("click", (event) => {
    const target = event.target.closest(".row .state, .row time");
    target?.closest(".row").querySelector(".prompt").click();
  });

  htmx.defineExtension("rows", {
    isInlineSwap: () => false,
    handleSwap: (style, target, fragment) => SWAP_STYLES.has(style) && merge(target, fragment, style),
  });
})();
