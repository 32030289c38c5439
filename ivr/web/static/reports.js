// Sorts a report's tables by the column whose heading is pressed: numbers by size, names by alphabet, dashes last.

function valueOf(row, column) {
  return row.cells[column].dataset.value ?? "";
}

function compare(one, other, column, isDown) {
  const a = valueOf(one, column), b = valueOf(other, column);
  if (a === "" || b === "") return (a === "") - (b === "");
  const order = column > 0 ? Number(a) - Number(b) : a.localeCompare(b, document.documentElement.lang);
  return isDown ? -order : order;
}

for (const table of document.querySelectorAll("table[data-sortable]")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector(".sort").addEventListener("click", () => {
      const body = table.tBodies[0];
      const isDown = heading.ariaSort ? heading.ariaSort === "ascending" : column > 0;
      const rows = [...body.rows].filter((row) => row.cells.length === headings.length);
      rows.sort((one, other) => compare(one, other, column, isDown));
      headings.forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      body.append(...rows);
    });
  });
}
