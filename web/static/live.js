// Keeps a page up to date in place. Everything it shows was drawn by the server: on
// each change it fetches this same page and takes over the parts marked data-live.
// Without it the page refreshes itself.
"use strict";
(() => {
  const events = document.body.dataset.events;
  const following = document.getElementById("following");
  const rest = 1000, poll = 10000; // milliseconds
  let source = null, asking = false, again = false;

  function localTimes(root) {
    for (const t of root.querySelectorAll("time")) {
      const at = new Date(t.dateTime);
      if (!isNaN(at)) t.title = at.toLocaleString([], { dateStyle: "medium", timeStyle: "long" }) + " where you are";
    }
  }

  function say(text) {
    if (following.textContent !== text) following.textContent = text;
  }

  // newest is the last line of the timeline, to be read aloud when it changes.
  function newest() {
    const line = document.querySelector(".timeline > li");
    return line ? line.id + "|" + line.querySelector(".text").textContent : "";
  }

  function takeOver(page) {
    const before = newest();
    for (const fresh of page.querySelectorAll("[data-live]")) {
      const old = document.getElementById(fresh.id);
      if (!old || old.isEqualNode(fresh)) continue;
      const focused = old.contains(document.activeElement) ? document.activeElement : null;
      const href = focused && focused.getAttribute("href");
      old.replaceWith(fresh);
      localTimes(fresh);
      if (href) {
        for (const a of fresh.querySelectorAll("a")) if (a.getAttribute("href") === href) { a.focus({ preventScroll: true }); break; }
      }
    }
    document.title = page.title;
    const now = newest();
    if (now !== before) say("New: " + now.slice(now.indexOf("|") + 1));
    if (!page.body.dataset.events && source) { source.close(); source = null; say("It is over; nothing more is to come here."); }
  }

  async function refresh() {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
      if (answer.ok) takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (e) {
      say("The connection is lost; trying again.");
    }
    setTimeout(() => {
      asking = false;
      if (again) { again = false; refresh(); }
    }, rest);
  }

  // A hidden page listens to nothing: browsers allow few open streams to one server.
  function follow() {
    if (document.hidden) {
      if (source) source.close();
      source = null;
      return;
    }
    if (source) return;
    source = new EventSource(events);
    source.addEventListener("open", () => { say("Changes are shown as they happen."); refresh(); });
    source.addEventListener("change", refresh);
    source.addEventListener("error", () => say("The connection is lost; trying again."));
  }

  localTimes(document);
  if (!events || !window.EventSource) return;
  follow();
  document.addEventListener("visibilitychange", follow);
  setInterval(() => {
    if (document.hidden || !source || source.readyState === EventSource.OPEN) return;
    refresh();
    if (source.readyState === EventSource.CLOSED) { source = null; follow(); }
  }, poll);
})();
