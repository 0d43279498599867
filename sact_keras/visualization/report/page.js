"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const grid = byId("grid");
  const entries = [...grid.children];
  const visible = () => [...grid.children].filter((entry) => !entry.hidden);

  // Sorting.
  const compare = {
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, "en", { numeric: true }),
    cost: (a, b) => a.dataset.cost - b.dataset.cost,
    flops: (a, b) => a.dataset.flops - b.dataset.flops,
  };
  const sort = () => {
    const [, minus, key] = /^(-?)(.*)$/.exec(byId("sort").value);
    entries.sort((a, b) => (minus ? compare[key](b, a) : compare[key](a, b)));
    grid.append(...entries);
  };
  byId("sort").addEventListener("change", sort);

  // Finding.
  const find = () => {
    const words = byId("filter").value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const entry of entries) {
      const text = entry.dataset.words.toLowerCase();
      entry.hidden = !words.every((word) => text.includes(word));
      shown += !entry.hidden;
    }
    byId("count").textContent = `${shown} shown`;
    byId("none").hidden = shown > 0;
  };
  byId("filter").addEventListener("input", find);

  // The overlays' strength: all of them follow one property.
  const strength = byId("strength");
  strength?.addEventListener("input", () => {
    document.documentElement.style.setProperty("--strength", strength.value / 100);
    byId("strength-value").textContent = `${strength.value} %`;
  });

  // The histogram's numbers.
  const bar = byId("bar");
  const summary = bar.textContent;
  const histogram = document.querySelector(".histogram svg");
  histogram.addEventListener("pointerover", (event) => {
    bar.textContent = event.target.closest("g")?.dataset.text ?? summary;
  });
  histogram.addEventListener("pointerleave", () => { bar.textContent = summary; });

  // An image's details.
  const details = byId("details");
  let current = null;
  const show = (entry) => {
    current = entry;
    byId("details-name").replaceChildren(entry.querySelector("h3 bdi").cloneNode(true));
    const body = entry.querySelector("template").content.cloneNode(true);
    byId("details-body").replaceChildren(body);
    const among = visible();
    byId("previous").disabled = among.indexOf(entry) <= 0;
    byId("next").disabled = among.indexOf(entry) === among.length - 1;
    if (!details.open) details.showModal();
    details.scrollTop = 0;
  };
  const step = (by) => {
    const among = visible();
    const next = among[among.indexOf(current) + by];
    if (next) show(next);
  };
  document.addEventListener("click", (event) => {
    const opener = event.target.closest(".open, [data-opens]");
    if (!opener) return;
    show(opener.dataset.opens ? byId(opener.dataset.opens) : opener.closest(".entry"));
  });
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("close").addEventListener("click", () => details.close());
  details.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  // A click beside the dialog.
  details.addEventListener("click", (event) => {
    if (event.target === details) details.close();
  });
})();
