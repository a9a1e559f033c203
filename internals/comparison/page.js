const WORDS = JSON.parse(document.getElementById("words").textContent);
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const source = path => WORDS.embedded[path] ?? path; // in a file that is shared, pictures are inside
const number = text => text === "nan" || text === "" ? NaN : Number(text);

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

const sections = [...document.querySelectorAll("section.data")].map(section => {
  const known = JSON.parse(section.querySelector(".known").textContent);
  const bodies = [...section.querySelectorAll("tbody:not(.fold)")];
  known.groups.forEach((group, place) => { group.place = place; });
  const byKey = new Map(known.groups.map(group => [group.key, group]));
  bodies.forEach(body => { byKey.get(body.rows[0].dataset.key).body = body; });
  const boxes = bodies.map(body => body.querySelector("input[type=checkbox]"));
  const [metric, axis] = [[".metric", WORDS.metrics], [".axis", WORDS.axes]].map(([name, options]) => {
    const select = section.querySelector(name);
    Object.entries(options).forEach(([value, text]) => select.append(make("option", { value, textContent: text })));
    select.addEventListener("change", () => draw(all));
    return select;
  });
  const names = [...section.querySelectorAll("thead th")].map(head => head.textContent);
  const columns = names.map(name => name.toLowerCase()); // as a filter names them
  const all = { section, known, bodies, boxes, metric, axis, names, columns, byKey, baseline: known.baseline };
  return all;
});

// which rows are ticked, in the order in which the table shows them
function ticked({ section, byKey }) {
  return [...section.querySelectorAll("tbody input:checked")].map(box => byKey.get(box.value));
}

// colours and dashes go by the place among the ticked, so that no two are alike
function styleAt(place) {
  const { colors, dashes } = WORDS.palette;
  return { color: colors[place % colors.length], dash: dashes[Math.floor(place / colors.length) % dashes.length] };
}

// Plotly is told which lines to show, and over what
function draw(all) {
  const { section, metric, axis } = all;
  const chosen = ticked(all);
  const plot = section.querySelector(".plot");
  const empty = section.querySelector(".empty");
  const drawn = chosen.some(group => group.lines.length);
  empty.hidden = drawn;
  plot.hidden = section.querySelector(".choice").hidden = !drawn;
  empty.textContent = "No epoch is recorded: " + chosen.map(group => `${group.label} ${group.endings.join(", ")}`).join("; ");
  if (!window.Plotly || !drawn) return; // it is large, and is still being read: everything else can be used
  const traces = chosen.flatMap((group, place) => group.lines.map(({ kind, name, single, arrays }) => {
    const { color, dash } = styleAt(place);
    const shared = { legendgroup: group.key, mode: single ? "markers" : "lines", x: arrays[axis.value], y: arrays[metric.value], name };
    if (kind === "band") return { ...shared, fill: "toself", fillcolor: color + "33", hoverinfo: "skip", line: { width: 0 }, showlegend: false };
    if (kind === "seed") return { ...shared, line: { color, dash, width: 1 }, opacity: 0.5, showlegend: false };
    return { ...shared, line: { color, dash, width: 2.5 }, marker: { color, size: 8 } };
  }));
  const color = getComputedStyle(document.body).color;
  const share = metric.value.includes("accuracy");
  const lines = { gridcolor: "#8884", zerolinecolor: "#8886", automargin: true };
  const few = axis.value === "epoch" && Math.max(...chosen.map(group => group.epochs)) <= 12;
  Plotly.react(plot, traces, {
    paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { color }, uirevision: `${metric.value} ${axis.value}`,
    modebar: { bgcolor: "transparent", color: "#888", activecolor: color }, margin: { t: 10, r: 10, b: 40, l: 40 }, hovermode: "closest",
    hoverlabel: { namelength: -1 }, legend: { orientation: "h", y: -0.2 },
    xaxis: { ...lines, title: { text: WORDS.axes[axis.value] }, ...(few ? { dtick: 1 } : {}) },
    yaxis: { ...lines, title: { text: WORDS.metrics[metric.value] }, tickformat: share ? ".0%" : "", hoverformat: share ? ".2%" : ".4g" },
  }, { responsive: true, displaylogo: false });
}

function resize(section, width) {
  const plot = section.querySelector(".plot");
  if (plot.data && !plot.hidden) Plotly.relayout(plot, { width, autosize: width === null });
}

// the column "against the baseline"; a click on a row's cell makes it the baseline
function fillAgainst(all) {
  const { section, known, bodies, byKey, names } = all;
  const baseline = known.groups[all.baseline];
  const column = names.indexOf("against the baseline");
  if (!baseline) return;
  section.querySelector("thead .against button").title = `against ${baseline.label}`;
  bodies.forEach(body => {
    const group = byKey.get(body.rows[0].dataset.key);
    const cell = body.rows[0].cells[column];
    const found = group === baseline ? null : compared(known, baseline, group);
    const points = found ? found[0] : group.mean === null ? null : group.mean - baseline.mean;
    const words = group === baseline ? ["the baseline"] : points === null ? ["-"] : [signed(points)];
    if (group !== baseline && points !== null) {
      words.push(!found ? "\u2026" : found[1] === null ? "-" : `${signed(found[1])} to ${signed(found[2])} ${isMore(found) ? "\u25CF" : "\u25CB"}`);
    }
    cell.dataset.value = group === baseline ? 0 : points ?? "nan";
    const button = make("button", { type: "button", title: group === baseline ? "all rows are compared with this one" : "compare all rows with this one" },
      make("span", { textContent: words[0] }), ...words.slice(1).map(text => make("small", { textContent: " " + text })));
    button.disabled = group.mean === null;
    button.addEventListener("click", () => {
      all.baseline = group.place;
      fillAgainst(all);
      keep();
      show(all);
      body.rows[0].cells[column].querySelector("button").focus();
    });
    body.rows[0].classList.toggle("baseline", group === baseline);
    cell.replaceChildren(button);
  });
}

function show(all) {
  const { section, known, bodies, byKey } = all;
  const chosen = ticked(all);
  const baseline = known.groups[all.baseline] ?? chosen[0];
  section.querySelector(".chosen").hidden = !chosen.length;
  section.querySelector(".chosen").classList.toggle("none", !chosen.length);
  bodies.forEach(body => {
    const group = byKey.get(body.rows[0].dataset.key);
    const place = chosen.indexOf(group);
    const found = place >= 0 && group !== baseline ? compared(known, baseline, group) : null;
    const causes = found ? found[6] : 0;
    body.rows[0].classList.toggle("unfair", causes > 1);
    body.querySelector(".note").textContent = causes > 1 ? `\u26A0 ${causes} things differ from the baseline` : "";
    body.querySelector(".color").replaceWith(place >= 0 ? colorAt(place) : make("span", { className: "color" }));
  });
  if (!chosen.length) return;
  const rows = differing(known, chosen);
  section.querySelector(".means").replaceChildren(...drawMeans(chosen),
    ...(rows.length ? [tableOf(["differs", ...chosen.map(group => group.label)], rows)] : []));
  section.querySelector(".comparisons").replaceChildren(
    ...chosen.filter(group => group !== baseline).map(group => compareTwo(known, baseline, group, chosen)));
  showPictures(section, chosen);
  draw(all);
}

// ticks, baselines and the filter are kept in the address, so that a reload or a bookmark shows them again
function keep() {
  const keys = sections.flatMap(all => ticked(all).map(group => group.key));
  const moved = sections.filter(all => all.baseline !== all.known.baseline).map(all => all.known.groups[all.baseline].key);
  history.replaceState(null, "", "#runs=" + keys.join(",") + (moved.length ? "&baseline=" + moved.join(",") : "")
    + (filter.value.trim() ? "&filter=" + encodeURIComponent(filter.value) : ""));
}

function restore() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const [runs, baselines] = ["runs", "baseline"].map(name => kept.get(name)?.split(","));
  if (filter) filter.value = kept.get("filter") ?? "";
  sections.forEach(all => {
    const { known, bodies } = all;
    const whole = WORDS.alone ? bodies.map(body => body.rows[0].dataset.key) : null;
    const [newest, next] = bodies.map(body => body.rows[0].dataset.key);
    const best = known.groups[known.baseline]?.key;
    const ticks = new Set(runs ?? whole ?? [newest, best === newest ? next : best]);
    all.boxes.forEach(box => { box.checked = ticks.has(box.value); });
    const chosen = known.groups.findIndex(group => baselines?.includes(group.key));
    all.baseline = chosen >= 0 ? chosen : known.baseline;
    const fold = all.section.querySelector(".fold button");
    if (fold && all.boxes.some(box => box.checked && box.closest(".reference"))) fold.setAttribute("aria-expanded", "true");
    fillAgainst(all);
    show(all);
  });
  if (filter) siftAll();
}
sections.forEach(all => all.boxes.forEach(box => box.addEventListener("change", () => { keep(); show(all); })));
window.addEventListener("hashchange", () => { if (location.hash.startsWith("#runs=")) restore(); });
// a plot is as wide as the window, and paper is not
window.addEventListener("beforeprint", () => sections.forEach(({ section }) => resize(section, 1000)));
window.addEventListener("afterprint", () => sections.forEach(({ section }) => resize(section, null)));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => sections.forEach(show));
document.querySelectorAll("a.skip").forEach(link => link.addEventListener("click", event => {
  const place = document.querySelector(link.hash);
  event.preventDefault(); // the address keeps the ticks
  place.hidden = false; // where no row is ticked, it says so
  place.focus();
}));

// a row opens to its runs
document.querySelectorAll("button.open").forEach(button => {
  const toggle = open => {
    button.setAttribute("aria-expanded", open);
    button.closest("tbody").classList.toggle("closed", !open);
  };
  button.addEventListener("click", () => toggle(button.getAttribute("aria-expanded") !== "true"));
  toggle(false);
});
document.querySelectorAll("details.pictures").forEach(each => { each.open = false; });

// a click on a column's name sorts by it, numbers from the highest; a second one the other way round
document.querySelectorAll("table.groups").forEach(table => table.querySelectorAll("th button").forEach((button, column) => {
  if (!button.closest("thead")) return;
  button.addEventListener("click", () => {
    const head = button.parentElement;
    const value = body => body.rows[0].cells[column].dataset.value;
    const bodies = [...table.tBodies].filter(body => !body.classList.contains("fold"));
    const numeric = bodies.some(body => !isNaN(number(value(body))));
    const before = head.getAttribute("aria-sort");
    const down = before ? before === "ascending" : numeric;
    table.querySelectorAll("thead th").forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    bodies.sort((a, b) => {
      const [x, y] = [number(value(a)), number(value(b))];
      if (numeric && (isNaN(x) || isNaN(y))) return isNaN(x) - isNaN(y); // what is not known comes last
      const order = numeric ? x - y : value(a).localeCompare(value(b));
      return down ? -order : order;
    });
    const fold = table.querySelector(".fold");
    const [own, others] = [false, true].map(kind => bodies.filter(body => body.classList.contains("reference") === kind));
    table.append(...own, ...(fold ? [fold] : []), ...others);
    sections.filter(({ section }) => section.contains(table)).forEach(show);
  });
}));

// the rows that are shown, for a spreadsheet
document.querySelectorAll("button.csv").forEach(button => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const { names, bodies } = sections.find(({ section }) => section.contains(button));
    const quoted = text => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    const rows = bodies.filter(body => !body.hidden).map(body => [...body.rows[0].cells].map(cell => (cell.querySelector("label") ?? cell).textContent.trim()));
    const text = [names, ...rows].map(cells => cells.map(quoted).join(",")).join("\n") + "\n";
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: "runs.csv" });
    link.click();
    URL.revokeObjectURL(link.href);
  });
});
restore();

// in a file that is shared, Plotly is inside, compressed
const packed = document.getElementById("packed");
if (packed && window.DecompressionStream) {
  const bytes = Uint8Array.from(atob(packed.textContent), letter => letter.charCodeAt(0));
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).blob().then(script => {
    document.head.append(make("script", { src: URL.createObjectURL(script), onload: () => sections.forEach(show) }));
  });
}
