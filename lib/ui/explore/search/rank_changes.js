// Columns of ranked texts, and a line from each text's place in one column to its place in the next.
// Texts are set as text, never as HTML. No request leaves this script.
const SVG = "http://www.w3.org/2000/svg";
const FEW = 3, FEW_LARGE = 6; // rows of a column before all are asked for; of the present mode, which has the window to itself

const node = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

const describeChange = (row) => {
  if (row.before === undefined) return null;
  if (row.before === null) return ["new", "not among the first ten of the column before"];
  const rise = row.before - row.rank;
  if (rise === 0) return ["=", "same rank as in the column before"];
  return [`${rise > 0 ? "▲" : "▼"} ${Math.abs(rise).toLocaleString("en")}`, `rank ${row.before.toLocaleString("en")} in the column before`];
};

const rowOf = (row) => {
  const item = node("li", { class: row.right ? "row right" : "row", "data-text": row.key, value: row.rank });
  item.append(node("span", { class: "rank" }, row.rank.toLocaleString("en")), node("span", { class: "text" }, row.text));
  if (row.right) item.querySelector(".text").prepend(node("span", { class: "mark" }, "✓ Right answer"), " ");
  const change = describeChange(row);
  if (change) item.append(node("span", { class: "change", title: change[1] }, change[0], node("span", { class: "unseen" }, `, ${change[1]}`)));
  return item;
};

const columnOf = (column, most) => {
  const rows = column.rows.filter((row) => row.rank <= most || row.right);
  const list = node("ol", { "aria-label": column.title });
  rows.forEach((row, at) => {
    if (at && row.rank > rows[at - 1].rank + 1) list.append(node("li", { class: "gap", "aria-hidden": "true" }, "⋮"));
    list.append(rowOf(row));
  });
  if (!rows.length) list.append(node("li", { class: "row" }, node("span", { class: "text" }, column.empty)));
  const heading = node("p", { class: "heading" }, node("strong", {}, column.title), ` ${column.summary}`);
  return node("section", { class: "column" }, heading, list);
};

const drawLines = (host) => {
  const board = host.querySelector("svg"), frame = host.getBoundingClientRect(), columns = [...host.querySelectorAll(".column")];
  board.replaceChildren();
  board.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
  const edges = columns.map((column) => new Map([...column.querySelectorAll(".row[data-text]")].map((item) => [item.dataset.text, item])));
  const isStacked = columns.length > 1 && columns[1].offsetTop > columns[0].offsetTop + 10;
  for (let at = 1; at < columns.length && !isStacked; at += 1) {
    for (const [key, right] of edges[at]) {
      const left = edges[at - 1].get(key);
      if (!left) continue;
      const from = left.getBoundingClientRect(), to = right.getBoundingClientRect();
      const [x1, x2] = [from.right - frame.left + 2, to.left - frame.left - 2];
      const [y1, y2] = [from, to].map((box) => box.top + box.height / 2 - frame.top), middle = (x1 + x2) / 2;
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("d", `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`);
      const rise = Number(left.value) - Number(right.value);
      line.setAttribute("class", right.classList.contains("right") ? `right ${rise > 0 ? "better" : rise < 0 ? "worse" : "same"}` : "");
      board.append(line);
    }
  }
};

export default function ({ parentElement, data }) {
  const host = parentElement.querySelector(".rankings");
  const view = (host.closerView ??= { isExpanded: false }), few = data.is_large ? FEW_LARGE : FEW;
  for (const [name, value] of Object.entries(data.colours)) host.style.setProperty(`--${name}`, value);
  const render = () => {
    const hasMore = data.columns.some((column) => column.rows.some((row) => row.rank > few && !row.right));
    const more = node("button", { type: "button", class: "more", "aria-expanded": String(view.isExpanded) }, view.isExpanded ? "Show fewer" : "Show ten");
    more.addEventListener("click", () => { view.isExpanded = !view.isExpanded; render(); host.querySelector(".more").focus(); });
    const board = document.createElementNS(SVG, "svg");
    board.setAttribute("aria-hidden", "true");
    const columns = node("div", { class: "columns" }, ...data.columns.map((column) => columnOf(column, view.isExpanded ? Infinity : few)));
    host.classList.toggle("expanded", view.isExpanded);
    host.classList.toggle("large", data.is_large);
    const foot = node("div", { class: "foot" }, node("span", { class: "note" }, data.note), ...(hasMore ? [more] : []));
    host.replaceChildren(board, columns, foot);
    drawLines(host);
  };
  render();
  const summary = data.columns.map(({ title, summary: words, rows }) => `${title}: ${words || `${rows.length} texts`}`).join(". ");
  parentElement.querySelector("[role=status]").textContent = summary; // read out when another question is answered
  const observer = new ResizeObserver(() => drawLines(host));
  observer.observe(host);
  return () => observer.disconnect();
}
