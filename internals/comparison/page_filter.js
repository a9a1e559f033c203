// a filter: words that a row must hold, and conditions such as "accuracy > 80" on a column
const TESTS = { ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b, "=": (a, b) => a === b, "!=": (a, b) => a !== b };
function conditions(text) {
  const found = [];
  const words = text.toLowerCase().replace(/([a-z][\w ]*?)\s*(<=|>=|!=|==?|<|>)\s*(\S+)/g, (whole, name, sign, value) => {
    const parts = name.replaceAll("_", " ").trim().split(" ");
    found.push({ parts, sign: sign === "==" ? "=" : sign, value: value.replace(/%$/, "") });
    return " ";
  });
  return [found, words.split(/\s+/).filter(Boolean)];
}

// a condition may be on a setting that has no column, because all rows are alike in it
const isColumn = name => sections.some(all => all.columns.includes(name) || all.known.groups.some(group => name in group.settings));

// words before the column's name are words to be found: "seeds accuracy > 80"
const findColumn = parts => parts.findIndex((_, index) => isColumn(parts.slice(index).join(" ")));

// what a word may be: what the row and its runs show but for commands, and the values of its settings
function textOf(group) {
  if (!group.words) {
    const copy = group.body.cloneNode(true);
    copy.querySelectorAll(".command, .against, .note, button").forEach(each => each.remove());
    group.words = [copy.textContent, ...Object.values(group.settings)].join(" ").toLowerCase();
  }
  return group.words;
}

function holds(all, group, name, sign, value) {
  const cell = group.body.rows[0].cells[all.columns.indexOf(name)];
  if (name === "started") return TESTS[sign](cell.textContent.slice(0, value.length), value); // as far as it is given
  const one = (cell?.dataset.value ?? group.settings[name] ?? "").toLowerCase();
  const numbers = [one, value].map(text => number(text.replaceAll(",", "")));
  return numbers.some(isNaN) ? "= !=".includes(sign) && TESTS[sign](one, value) : TESTS[sign](...numbers);
}

function fits(all, group, [wanted, words]) {
  const has = word => textOf(group).includes(word);
  return words.every(has) && wanted.every(({ parts, sign, value }) => {
    const start = findColumn(parts);
    return start >= 0 && parts.slice(0, start).every(has) && holds(all, group, parts.slice(start).join(" "), sign, value);
  });
}

const filter = document.getElementById("filter");
function sift(all) {
  const { section, bodies, byKey } = all;
  const wanted = filter.value.trim() ? conditions(filter.value) : null;
  const fold = section.querySelector(".fold");
  const open = !fold || fold.querySelector("button").getAttribute("aria-expanded") === "true";
  if (fold) fold.hidden = wanted !== null;
  bodies.forEach(body => {
    body.hidden = wanted ? !fits(all, byKey.get(body.rows[0].dataset.key), wanted) : !open && body.classList.contains("reference");
  });
  const shown = bodies.filter(body => !body.hidden);
  // a hyperparameter has a column only where the shown rows differ in it
  const rules = [];
  const alike = [];
  const first = all.names.indexOf("epochs") + 1;
  all.names.forEach((name, column) => {
    if (column < first || name === "status" || name === "key") return;
    const values = new Set(shown.map(body => body.rows[0].cells[column].textContent));
    if (values.size > 1 || !values.size) return;
    rules.push(`thead th:nth-child(${column + 1}), tr.group > :nth-child(${column + 1}) { display: none; }`);
    if (![...values][0].startsWith("-")) alike.push(`${name} ${[...values][0]}`);
  });
  section.querySelector("style.columns").textContent = `section[data-number="${section.dataset.number}"] { ${rules.join(" ")} }`;
  const words = [section.dataset.shared, ...alike].filter(Boolean).join(", ");
  section.querySelector(".shared").textContent = words && shown.length ? `In all rows that are shown: ${words}.` : "";
  return shown.length;
}

function siftAll() {
  const shown = sections.reduce((sum, all) => sum + sift(all), 0);
  const rows = sections.reduce((sum, all) => sum + all.bodies.length, 0);
  const [wanted, words] = conditions(filter.value);
  const lost = wanted.find(({ parts }) => findColumn(parts) < 0);
  const name = words.join(" ").replaceAll("_", " ");
  document.getElementById("found").textContent = lost ? `There is no column ${lost.parts.join(" ")}.`
    : !filter.value.trim() ? "" : `${shown} of ${rows} rows${!shown && isColumn(name) ? `; for a column's values write ${name} = ...` : ""}`;
}
if (filter) {
  filter.closest("div").hidden = false;
  filter.addEventListener("input", () => { siftAll(); keep(); });
}
document.querySelectorAll(".fold button").forEach(button => {
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", button.getAttribute("aria-expanded") !== "true");
    siftAll();
  });
});

