// Optional comfort for the triage file: theme, filter, keys. Without it everything is shown.
"use strict";
(() => {
  const root = document.documentElement;
  const articles = [...document.querySelectorAll("article.problem")];
  const lanes = new Map();
  for (const lane of document.querySelectorAll("[data-for]")) {
    lanes.set(lane.dataset.for, [...(lanes.get(lane.dataset.for) || []), lane]);
  }

  const button = document.getElementById("theme");
  const themes = ["system", "light", "dark"];
  const setTheme = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const now = themes.indexOf(root.dataset.theme || "system");
    setTheme(themes[(now + 1) % themes.length]);
  });

  // A link to a problem opens it.
  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    const details = target && target.querySelector(":scope > details");
    if (!details) return;
    target.hidden = false;
    details.open = true;
    details.firstElementChild.focus({ preventScroll: true });
    target.scrollIntoView();
  };
  addEventListener("hashchange", openTarget);
  openTarget();

  // Paper has nothing to click on.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = articles.map((article) => article.firstElementChild).filter((details) => !details.open);
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  const form = document.getElementById("filter");
  if (!form) return;
  form.hidden = false;
  const texts = new Map();
  const textOf = (article) => {
    if (!texts.has(article)) texts.set(article, article.textContent.toLowerCase());
    return texts.get(article);
  };
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kind = form.elements.class.value;
    const severity = form.elements.severity.value;
    let shown = 0;
    for (const article of articles) {
      const fits =
        (!kind || article.dataset.class === kind) &&
        (!severity || article.dataset.severity === severity) &&
        words.every((word) => textOf(article).includes(word));
      article.hidden = !fits;
      for (const lane of lanes.get(article.id) || []) lane.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    form.querySelector("output").textContent =
      shown === articles.length ? `${shown} shown` : `${shown} of ${articles.length} shown`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();

  const openAll = (open) => {
    for (const article of articles) if (!article.hidden) article.firstElementChild.open = open;
  };
  document.getElementById("open-all").addEventListener("click", () => openAll(true));
  document.getElementById("close-all").addEventListener("click", () => openAll(false));

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || (event.key !== "j" && event.key !== "k")) return;
    if (event.target.closest && event.target.closest("input, select, textarea")) return;
    const visible = articles.filter((article) => !article.hidden);
    const here = visible.findIndex((article) => article.contains(document.activeElement));
    const next = visible[event.key === "j" ? here + 1 : Math.max(here - 1, 0)];
    if (!next) return;
    next.firstElementChild.firstElementChild.focus();
    next.scrollIntoView({ block: "nearest" });
    event.preventDefault();
  });
})();
