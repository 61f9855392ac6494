"use strict";
const text = (row, index) => { const cell = row.cells[index]; return cell.dataset.value ?? cell.textContent.trim(); };
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...body.rows];
      rows.sort((a, b) => (up ? 1 : -1) * text(a, index).localeCompare(text(b, index), "en", { numeric: true }));
      body.append(...rows);
    });
  });
}
for (const input of document.querySelectorAll("input[data-filters]")) {
  const rows = [...document.getElementById(input.dataset.filters).tBodies[0].rows];
  const shown = document.querySelector(`[data-shown="${input.dataset.filters}"]`);
  const found = rows.map((row) => row.textContent.toLowerCase());
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase().trim();
    let count = 0;
    rows.forEach((row, index) => { row.hidden = !found[index].includes(wanted); count += row.hidden ? 0 : 1; });
    shown.textContent = wanted ? `${count} of ${rows.length}` : "";
  });
}
