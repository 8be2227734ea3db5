// Sorting, filtering and downloading of the tables that ask for it. Without this script they are plain tables.
"use strict";

const value = (row, column, kind) => {
  const cell = row.cells[column];
  if (kind === "text") return cell.textContent.trim();
  return cell.dataset.value === "" ? null : Number(cell.dataset.value);
};
const compare = (a, b, kind) => (kind === "text" ? a.localeCompare(b) : a - b);

for (const table of document.querySelectorAll("table.scoreboard, table.rows")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  for (const [column, head] of heads.entries()) {
    const kind = head.dataset.sort;
    if (!kind) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((one, two) => {
        const [a, b] = [value(one, column, kind), value(two, column, kind)];
        if (a === null || b === null) return (a === null) - (b === null); // unknown stays last
        return (down ? -1 : 1) * compare(a, b, kind);
      });
      body.append(...rows);
    });
  }
}

for (const table of document.querySelectorAll("table.scoreboard")) {
  const body = table.tBodies[0];
  const filters = table.parentElement.querySelector(".filters");
  const shown = filters.querySelector(".shown");
  const apply = () => {
    const wanted = [...filters.querySelectorAll("select")].filter((s) => s.value);
    let count = 0;
    for (const row of body.rows) {
      row.hidden = wanted.some((s) => row.dataset[s.dataset.filter] !== s.value);
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = wanted.length ? shown.dataset.shown.replace("{count}", count).replace("{all}", body.rows.length) : "";
  };
  filters.hidden = false;
  filters.addEventListener("change", apply);
  apply(); // a browser may restore the choice when the reader comes back
}

for (const table of document.querySelectorAll("table[data-search]")) {
  const label = document.createElement("label");
  label.className = "find";
  const input = document.createElement("input");
  input.type = "search";
  label.append(`${table.dataset.search} `, input);
  table.parentElement.before(label);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
}

// What scrolls sideways can be scrolled by the keyboard too; what fits is no stop on the way.
const reach = () => {
  for (const box of document.querySelectorAll("div.cell_output, .highlight pre, div.math, .table-wrapper")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
addEventListener("load", reach);
addEventListener("resize", reach);
