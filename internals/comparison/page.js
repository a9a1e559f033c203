const WORDS = JSON.parse(document.getElementById("words").textContent);
const SHEET = WORDS["sheet"];
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const sections = [...document.querySelectorAll("section.data")].map(section => {
  const known = JSON.parse(section.querySelector(".known").textContent);
  known.groups.forEach((group, place) => { group.place = place; });
  const boxes = [...section.querySelectorAll("input[type=checkbox]")];
  const [metric, axis] = [[".metric", WORDS.metrics], [".axis", WORDS.axes]].map(([name, options]) => {
    const select = section.querySelector(name);
    Object.entries(options).forEach(([value, text]) => select.append(make("option", { value, textContent: text })));
    select.addEventListener("change", () => draw(all));
    return select;
  });
  const all = { section, known, boxes, metric, axis };
  return all;
});

// which rows are ticked, in the order of the table as it was written
function ticked({ known, boxes }) {
  const keys = new Set(boxes.filter(box => box.checked).map(box => box.value));
  return known.groups.filter(group => keys.has(group.key));
}

// Plotly is told which lines to show, and over what
function draw({ section, known, boxes, metric, axis }) {
  const plot = section.querySelector(".plot");
  if (!window.Plotly) return; // it is large, and is still being read: everything else can be used
  const traces = ticked({ known, boxes }).flatMap(group => group.lines.map(
    ({ style, arrays }) => ({ ...style, x: arrays[axis.value], y: arrays[metric.value] })));
  const color = getComputedStyle(document.body).color;
  const share = metric.value.includes("accuracy");
  const lines = { gridcolor: "#8884", zerolinecolor: "#8886", automargin: true };
  Plotly.react(plot, traces, {
    paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { color },
    modebar: { bgcolor: "transparent", color: "#888", activecolor: color }, margin: { t: 10, r: 10, b: 40, l: 40 }, hovermode: "closest",
    legend: { orientation: "h", y: -0.2 },
    xaxis: { ...lines, title: { text: WORDS.axes[axis.value] } },
    yaxis: { ...lines, title: { text: WORDS.metrics[metric.value] }, tickformat: share ? ".0%" : "", hoverformat: share ? ".2%" : ".4g" },
  }, { responsive: true, displaylogo: false });
}

// the words of Python, filled in; comparisons are [points, low, high, method, b, c, causes]
function explain([points, low, high, method, b, c], first, second) {
  const signed = number => (number < 0 ? "" : "+") + number.toFixed(2);
  if (points === null) return WORDS.unknown;
  const more = low !== null && (low > 0 || high < 0);
  const sweep = fill(WORDS.sweep, second);
  const values = { amount: signed(points), n1: first.n, n2: second.n, b, c, sweep,
    chance: more ? WORDS.more : WORDS["not more"], differ: more ? WORDS.differ : WORDS["not differ"] };
  if (low !== null) Object.assign(values, { low: signed(low), high: signed(high) });
  return fill(low === null ? WORDS["no interval"] : WORDS.interval, values) + " " + fill(WORDS[method], values);
}

function tableOf(head, rows) {
  const line = (cells, tag) => make("tr", {}, ...cells.map(text => make(tag, { textContent: text })));
  return make("div", { className: "scroll" },
    make("table", {}, make("thead", {}, line(head, "th")), make("tbody", {}, ...rows.map(cells => line(cells, "td")))));
}

function details(title, open, ...children) {
  return make("details", { open }, make("summary", { textContent: title }), ...children);
}

function tile([place, image, truth, one, sureness, other, otherSureness]) {
  const percent = share => (100 * share).toFixed(0) + " %";
  const picture = make("span", { className: "tile" });
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `test image ${image}, ${truth}`);
  if (place >= 0) Object.assign(picture.style, { backgroundImage: `url(${SHEET})`, backgroundSize: "3072px auto",
    backgroundPosition: `${-96 * (place % 32)}px ${-96 * Math.floor(place / 32)}px` });
  return make("li", { title: `test image ${image}` }, ...(place >= 0 ? [picture] : []),
    `${place < 0 || /\D/.test(image) ? image + ": " : ""}${truth}; first: ${one}, ${percent(sureness)}; second: ${other}, ${percent(otherSureness)}`);
}

function pictures(pair, first, second) {
  if (!pair) return make("p", { textContent: fill(WORDS["no pictures"], { first: first.key, second: second.key }) });
  if (pair.problem) return make("p", { textContent: pair.problem });
  const titles = [`Right in ${pair.runs[0]}, wrong in ${pair.runs[1]}`, `Right in ${pair.runs[1]}, wrong in ${pair.runs[0]}`];
  return make("div", {}, ...pair.ways.flatMap((way, index) => [
    make("p", { textContent: titles[index] + (way.length ? ", the surest first:" : ": none") }),
    make("ul", { className: "tiles" }, ...way.map(tile))]));
}

function diffOf(known, first, second) {
  const lines = known.diffs[`${first.text} ${second.text}`];
  if (first.text && first.text === second.text) return make("p", { textContent: "The code is the same, letter by letter." });
  if (!lines) return make("p", { textContent: first.text && second.text ? fill(WORDS.elsewhere, { first: first.key, second: second.key })
    : "Not both kept their script." });
  const kind = line => line.startsWith("@@") || /^(---|\+\+\+) /.test(line) ? "place" : { "+": "added", "-": "removed" }[line[0]] ?? "";
  return make("pre", { tabIndex: 0 }, ...lines.map(line => make("span", { className: kind(line), textContent: line + "\n" })));
}

// what else differs: every recorded fact that is not the same
function differing(known, first, second) {
  const [one, other] = [known.facts[first.place], known.facts[second.place]];
  return Object.keys({ ...one, ...other }).map(name => [name, one[name]?.[1] ?? WORDS.nothing, other[name]?.[1] ?? WORDS.nothing])
    .filter(([, before, after]) => before !== after);
}

function compareTwo(known, first, second) {
  const found = known.comparisons[`${first.place} ${second.place}`];
  const article = make("article", { className: "comparison" },
    make("h4", { textContent: `${second.label}, compared with ${first.label}` }));
  if (!found) {
    article.append(make("p", { textContent: fill(WORDS.elsewhere, { first: first.key, second: second.key }) }));
    return [article, 0];
  }
  const causes = found[6];
  article.classList.toggle("unfair", causes > 1);
  const cause = causes > 1 ? WORDS.causes : causes ? WORDS["one cause"] : WORDS["no cause"];
  const rows = differing(known, first, second);
  article.append(
    make("p", { className: "verdict", textContent: explain(found, first, second) }),
    make("p", { className: "cause", textContent: fill(cause, { causes }) }),
    tableOf(["", "test accuracy", "last epoch", "best epoch"],
      [first, second].map(group => [group.label, group.accuracy, group.last, group.best])),
    details(`What differs (${rows.length})`, causes === 1, tableOf(["", first.label, second.label], rows)),
    details("The scripts, line by line", false, diffOf(known, first, second)),
    details("Test images on which they disagree", false, pictures(known.pairs[`${first.place} ${second.place}`], first, second)));
  return [article, causes];
}

function show(all) {
  const { section, known } = all;
  const chosen = ticked(all);
  const keys = new Set(chosen.map(group => group.key));
  section.querySelectorAll("[data-group]").forEach(run => { run.hidden = !keys.has(run.dataset.group); });
  section.querySelectorAll(".live").forEach(part => { part.hidden = !chosen.length; });
  const causes = {};
  section.querySelector(".comparisons").replaceChildren(...chosen.slice(1).map(group => {
    const [article, count] = compareTwo(known, chosen[0], group);
    causes[group.key] = count;
    return article;
  }));
  all.boxes.forEach(box => {
    const row = box.closest("tr");
    const count = causes[box.value] ?? 0;
    row.classList.toggle("unfair", count > 1);
    row.querySelector(".note").textContent = count > 1 ? `\u26A0 ${count} things differ from ${chosen[0].label}` : "";
  });
  if (chosen.length) draw(all);
}

// the ticks are kept in the address, so that a reload or a bookmark shows them again
function restore() {
  const kept = location.hash.startsWith("#runs=") ? new Set(location.hash.slice(6).split(",")) : null;
  sections.forEach(all => {
    all.boxes.forEach((box, index) => { box.checked = kept ? kept.has(box.value) : index < 2; });
    show(all);
  });
}
sections.forEach(all => all.boxes.forEach(box => {
  box.addEventListener("change", () => {
    const chosen = sections.flatMap(other => other.boxes.filter(each => each.checked).map(each => each.value));
    history.replaceState(null, "", "#runs=" + chosen.join(","));
    show(all);
  });
}));
window.addEventListener("hashchange", restore);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => sections.forEach(show));

// a row opens to its runs
document.querySelectorAll("button.open").forEach(button => {
  const toggle = open => {
    button.setAttribute("aria-expanded", open);
    button.closest("tbody").querySelectorAll(".member").forEach(row => { row.hidden = !open; });
  };
  button.addEventListener("click", () => toggle(button.getAttribute("aria-expanded") !== "true"));
  toggle(false);
});
document.querySelectorAll("details.pictures").forEach(each => { each.open = false; });

// a click on a column's name sorts by it, a second one the other way round
document.querySelectorAll("table.groups").forEach(table => table.querySelectorAll("th button").forEach((button, index) =>
  button.addEventListener("click", () => {
    const head = button.parentElement;
    const down = head.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("th").forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = body => body.rows[0].cells[index + 1].dataset.value;
    const number = text => text === "nan" || text === "" ? NaN : Number(text);
    [...table.tBodies].sort((a, b) => {
      const [x, y] = [number(value(a)), number(value(b))];
      const order = isNaN(x) || isNaN(y) ? (isNaN(x) - isNaN(y)) || value(a).localeCompare(value(b)) : x - y;
      return down ? -order : order;
    }).forEach(body => table.append(body));
  })));
restore();
