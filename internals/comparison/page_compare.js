// what the ticked rows tell: the means, what differs, each one beside the baseline, the pictures

function signed(points) {
  const text = Math.abs(points).toFixed(2);
  return Number(text) === 0 ? text : (points < 0 ? "\u2212" : "+") + text;
}

// a comparison is [points, low, high, method, b, c, causes, p], of the second group beside the first
function compared(known, first, second) {
  const found = known.comparisons[`${first.place} ${second.place}`];
  if (found) return found;
  const turned = known.comparisons[`${second.place} ${first.place}`];
  if (!turned) return null;
  const [points, low, high, method, b, c, ...others] = turned;
  const minus = value => value === null ? null : -value;
  return [minus(points), minus(high), minus(low), method, c, b, ...others];
}

const isMore = ([, low, high]) => low !== null && (low > 0 || high < 0);

// the words of Python, filled in
function explain(found, first, second, amongSeveral) {
  const [points, low, high, method, b, c] = found;
  if (points === null) return WORDS.unknown;
  const sides = [first, second].sort((one, other) => one.n - other.n);
  const few = sides.filter(group => group.n < WORDS.fewest);
  const lacking = few.length ? few : sides.slice(0, 1);
  const failures = [first.failures, second.failures].filter(Boolean).join(" and ");
  const values = { amount: signed(points), one: first.label, two: second.label, n1: first.n, n2: second.n, b: b.toLocaleString("en"), c: c.toLocaleString("en"),
    sweep: lacking.map(group => group.sweep).join(" and "), failures, chance: isMore(found) ? WORDS.more : WORDS["not more"] };
  if (low !== null) Object.assign(values, { low: signed(low), high: signed(high) });
  return [fill(low === null ? WORDS["no interval"] : WORDS.interval, values), amongSeveral,
    failures && method !== "at chance" ? fill(WORDS.failures, values) : "", fill(WORDS[method], values)].filter(Boolean).join(" ");
}

// what Holm's correction leaves of one of several comparisons
function explainAmong(found, all) {
  const values = all.map(each => each?.[7] ?? null).filter(p => p !== null).sort((a, b) => a - b);
  if (!found || found[7] === null || values.length < 2) return "";
  const kept = values.find((p, place) => p >= 0.05 / (values.length - place)) ?? Infinity;
  return fill(WORDS.several, { count: values.length, chance: found[7] < kept ? WORDS.more : WORDS["not more"] });
}

function tableOf(head, rows) {
  const line = cells => make("tr", {}, make("th", { scope: "row", textContent: cells[0] }), ...cells.slice(1).map(textContent => make("td", { textContent })));
  const heads = make("tr", {}, ...head.map(textContent => make("th", { scope: "col", textContent })));
  return make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "what differs" },
    make("table", {}, make("thead", {}, heads), make("tbody", {}, ...rows.map(line))));
}

function details(title, ...children) {
  return make("details", {}, make("summary", { textContent: title }), ...children);
}

function tile([place, image, truth, one, sureness, other, otherSureness]) {
  const percent = share => (100 * share).toFixed(0) + " %";
  const picture = make("span", { className: "tile" });
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `test image ${image}, ${truth}`);
  if (place >= 0) Object.assign(picture.style, { backgroundImage: `url(${source(WORDS.sheet)})`, backgroundSize: "3072px auto",
    backgroundPosition: `${-96 * (place % 32)}px ${-96 * Math.floor(place / 32)}px` });
  return make("li", { title: `test image ${image}` }, ...(place >= 0 ? [picture] : []),
    `${place < 0 || /\D/.test(image) ? image + ": " : ""}${truth}; first: ${one}, ${percent(sureness)}; second: ${other}, ${percent(otherSureness)}`);
}

function disagreements(known, first, second) {
  const kept = known.pairs[`${first.place} ${second.place}`];
  const turned = known.pairs[`${second.place} ${first.place}`];
  const turnRow = ([place, image, truth, one, sureness, ...other]) => [place, image, truth, ...other, one, sureness];
  const pair = kept ?? (turned?.ways ? { runs: [...turned.runs].reverse(), ways: turned.ways.map(way => way.map(turnRow)).reverse() } : turned);
  if (!pair) return make("p", { textContent: fill(WORDS["no pictures"], { first: first.key, second: second.key }) });
  if (pair.problem) return make("p", { textContent: pair.problem });
  const titles = [`Right in ${pair.runs[0]}, wrong in ${pair.runs[1]}`, `Right in ${pair.runs[1]}, wrong in ${pair.runs[0]}`];
  return make("div", {}, ...pair.ways.flatMap((way, index) => [
    make("p", { textContent: titles[index] + (way.length ? ", the surest first:" : ": none") }),
    make("ul", { className: "tiles" }, ...way.map(tile))]));
}

function diffOf(known, first, second) {
  if (first.text && first.text === second.text) return make("p", { textContent: "The code is the same, letter by letter." });
  const signs = { "+": "-", "-": "+" };
  const isName = line => /^(---|\+\+\+) /.test(line);
  const turn = line => isName(line) ? line : line.startsWith("@@") ? line.replace(/-(\S+) \+(\S+)/, "-$2 +$1")
    : (signs[line[0]] ?? line[0]) + line.slice(1);
  const found = known.diffs[`${first.text} ${second.text}`] ?? known.diffs[`${second.text} ${first.text}`]?.map(turn);
  // other rows may have the same text, so the names are those of the two that are compared
  const lines = found?.map(line => isName(line) ? `${line.slice(0, 3)} ${(line[0] === "-" ? first : second).label}, ${line.split("/").pop()}` : line);
  if (!lines) return make("p", { textContent: first.text && second.text ? fill(WORDS.elsewhere, { first: first.key, second: second.key })
    : "Not both kept their script." });
  const kind = line => line.startsWith("@@") || isName(line) ? "place" : { "+": "added", "-": "removed" }[line[0]] ?? "";
  return make("pre", { tabIndex: 0 }, ...lines.map(line => make("span", { className: kind(line), textContent: line + "\n" })));
}

// what differs among the ticked rows: every recorded fact that is not the same in all
function differing(known, chosen) {
  const facts = chosen.map(group => known.facts[group.place]);
  return Object.keys(Object.assign({}, ...facts)).map(name => [name, ...facts.map(each => each[name] ?? WORDS.nothing)])
    .filter(([, ...values]) => new Set(values).size > 1);
}

function colorAt(place) {
  const { color, dash } = styleAt(place);
  const spot = make("span", { className: "color" });
  spot.style.borderColor = color;
  if (dash === "solid") spot.style.background = color;
  return spot;
}

// a row of the picture of means: seeds as dots, the mean as a line, its interval as a bar
function drawMeans(chosen) {
  const known = chosen.filter(group => group.mean !== null);
  const ends = known.flatMap(group => [...group.seeds, ...group.interval]);
  if (known.length < 2) return chosen.length < 2 ? [make("p", { textContent: "Tick a second row to compare the two." })] : [];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const room = Math.max(0.05 * (high - low), 0.1);
  const at = value => `${100 * (value - low + room) / (high - low + 2 * room)}%`;
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find(each => (high - low + 2 * room) / each <= 6);
  const ticks = [];
  for (let tick = Math.ceil((low - room) / step) * step; tick <= high + room; tick += step) ticks.push(tick);
  const mark = (className, left, width = "") => {
    const element = make("span", { className });
    Object.assign(element.style, { left, width });
    return element;
  };
  const grid = () => ticks.map(tick => mark("line", at(tick)));
  const rows = known.map(group => {
    const track = make("div", { className: "track" }, ...grid());
    const { color } = styleAt(chosen.indexOf(group));
    track.style.color = color;
    track.setAttribute("role", "img");
    track.setAttribute("aria-label", `${group.label}: ${group.accuracy}; seeds ${group.seeds.map(seed => seed.toFixed(2)).join(", ")}`);
    if (group.interval.length) track.append(mark("bar", at(group.interval[0]), `calc(${at(group.interval[1])} - ${at(group.interval[0])})`));
    track.append(...group.seeds.map(seed => mark("seed", at(seed))), mark("mean", at(group.mean)));
    return make("div", { className: "mean-row" }, make("div", {}, colorAt(chosen.indexOf(group)), `${group.label}: ${group.accuracy}`), track);
  });
  const axis = make("div", { className: "track axis" }, ...ticks.map(tick => {
    const label = mark("tick", at(tick));
    label.textContent = `${Number(tick.toFixed(1))} %`;
    return label;
  }));
  axis.setAttribute("aria-hidden", "true");
  return [...rows, axis, make("p", { className: "note", textContent: "Test accuracy: a dot is a seed, the upright line is the mean, the bar is its 95 % interval. It covers other seeds, not other images." })];
}

function compareTwo(known, first, second, chosen) {
  const found = compared(known, first, second);
  const article = make("article", { className: "comparison" }, make("h4", { textContent: `${second.label}, compared with ${first.label}` }));
  if (!found) {
    article.append(make("p", { textContent: fill(WORDS.elsewhere, { first: first.key, second: second.key }) }));
    return article;
  }
  const causes = found[6];
  const all = chosen.filter(group => group !== first).map(group => compared(known, first, group));
  article.classList.toggle("unfair", causes > 1);
  article.append(
    make("p", { className: "verdict", textContent: explain(found, first, second, explainAmong(found, all)) }),
    make("p", { className: "cause", textContent: fill(causes > 1 ? WORDS.causes : causes ? WORDS["one cause"] : WORDS["no cause"], { causes }) }),
    details("The scripts, line by line", diffOf(known, first, second)),
    details("Test images on which they disagree", disagreements(known, first, second)));
  return article;
}

// a column a row, a line a picture: only pictures that some ticked row has
function showPictures(section, chosen) {
  const names = WORDS.pictures.filter(name => chosen.some(group => group.pictures.names.includes(`${name}.png`)));
  const place = section.querySelector(".runs");
  place.style.setProperty("--columns", chosen.length);
  place.replaceChildren(
    ...chosen.map((group, index) => make("h4", {}, colorAt(index), group.label)),
    ...names.flatMap(name => chosen.map(group => {
      const words = name.replaceAll("_", " ");
      if (!group.pictures.names.includes(`${name}.png`)) return make("p", { className: "slot", textContent: `${words}: not kept` });
      const path = `${group.pictures.folder}/${name}.png`;
      const picture = make("img", { src: source(path), alt: `${words} of ${group.label}`, loading: "lazy" });
      return source(path) === path ? make("a", { className: "slot", href: path }, picture) : make("div", { className: "slot" }, picture);
    })),
    ...chosen.map(group => group.confused.length
      ? make("div", {}, make("p", { textContent: "Most confused:" }), make("ol", {}, ...group.confused.map(text => make("li", { textContent: text }))))
      : make("p")));
}

