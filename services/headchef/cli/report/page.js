"use strict";
(() => {
  const root = document.documentElement;
  const box = document.getElementById("cards");
  const cards = Array.from(box.children);
  const search = document.getElementById("search");
  const filters = Array.from(document.querySelectorAll("[data-filter]"));
  const order = document.getElementById("order");
  const count = document.getElementById("count");
  const tools = document.querySelector(".tools");
  const nothing = document.getElementById("nothing");
  const texts = new Map();
  const textOf = (card) => {
    if (!texts.has(card)) texts.set(card, card.textContent.toLowerCase());
    return texts.get(card);
  };
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const card of cards) {
      const fits = filters.every((one) => !one.value || card.dataset[one.dataset.filter] === one.value)
        && words.every((word) => textOf(card).includes(word));
      card.hidden = !fits;
      if (fits) shown += 1;
    }
    count.textContent = `${shown} of ${cards.length}`;
    nothing.hidden = shown > 0;
    if (scrollY > box.offsetTop) scrollTo({ top: box.offsetTop - tools.offsetHeight });
  };
  const arrange = () => {
    const by = order.value;
    const value = (card) => Number(card.dataset[by]);
    box.append(...cards.toSorted((a, b) => (by === "n" ? value(a) - value(b) : value(b) - value(a))));
  };
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 120); });
  for (const one of filters) one.addEventListener("change", show);
  order.addEventListener("change", arrange);
  document.getElementById("clear").addEventListener("click", () => {
    search.value = "";
    for (const one of filters) one.value = "";
    show();
  });
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
})();
