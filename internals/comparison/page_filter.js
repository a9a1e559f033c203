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

function fits(all, body, [wanted, words]) {
  const cells = [...body.rows[0].cells];
  const names = all.names.map(name => name.toLowerCase());
  const text = (body.textContent + " " + (all.section.querySelector(".shared")?.textContent ?? "")).toLowerCase();
  return wanted.every(({ parts, sign, value }) => {
    // words before the column's name are words to be found: "seeds accuracy > 80"
    const start = parts.findIndex((_, index) => names.includes(parts.slice(index).join(" ")));
    if (start < 0) return false;
    if (!parts.slice(0, start).every(word => text.includes(word))) return false;
    const cell = cells[names.indexOf(parts.slice(start).join(" "))];
    const [one, other] = [(cell.dataset.value ?? "").toLowerCase(), value];
    const numbers = [number(one), number(other)];
    return numbers.some(isNaN) ? "= !=".includes(sign) && TESTS[sign](one, other) : TESTS[sign](...numbers);
  }) && words.every(word => text.includes(word));
}

const filter = document.getElementById("filter");
function sift(all) {
  const { section, bodies } = all;
  const wanted = filter.value.trim() ? conditions(filter.value) : null;
  const fold = section.querySelector(".fold button");
  const open = !fold || fold.getAttribute("aria-expanded") === "true";
  bodies.forEach(body => {
    body.hidden = wanted ? !fits(all, body, wanted) : !open && body.classList.contains("reference");
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
  section.querySelector(".shared").textContent = words ? `In all rows that are shown: ${words}.` : "";
  return shown.length;
}

function siftAll() {
  const shown = sections.reduce((sum, all) => sum + sift(all), 0);
  const rows = sections.reduce((sum, all) => sum + all.bodies.length, 0);
  const columns = new Set(sections.flatMap(all => all.names.map(name => name.toLowerCase())));
  const [wanted] = conditions(filter.value);
  const lost = wanted.find(({ parts }) => !parts.some((_, index) => columns.has(parts.slice(index).join(" "))));
  document.getElementById("found").textContent = lost ? `There is no column ${lost.parts.join(" ")}.` : filter.value.trim() ? `${shown} of ${rows} rows` : "";
}
if (filter) {
  filter.closest("div").hidden = false;
  filter.addEventListener("input", siftAll);
}
document.querySelectorAll(".fold button").forEach(button => {
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", button.getAttribute("aria-expanded") !== "true");
    siftAll();
  });
});

