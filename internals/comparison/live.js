// The runs that train: each epoch they write index_files/live.js anew, which is loaded every few seconds. It calls
// trainingRuns with a list of what they tell; see internals/runs/live.py.
(() => {
  const PERIOD = 3000; // milliseconds between two looks
  const SPOKEN = 60000; // between two announcements to a screen reader, if nothing ends
  const DAY = 86400; // seconds after which a run that was killed is no news
  const MOST_ENDED = 4; // cards of runs that have ended
  const section = document.getElementById("training");
  const opened = performance.timeOrigin / 1000;
  const cards = new Map(); // by run
  let spokenAt = 0, spokenEnds = 0;

  function add(parent, tag, className = "", text = "") {
    const element = Object.assign(document.createElement(tag), { className, textContent: text });
    parent.append(element);
    return element;
  }

  const atWork = run => ["training", "evaluating"].includes(run.state);
  const isSilent = (run, now) => atWork(run) && now - run.written > run.patience;
  const last = values => values[values.length - 1];
  const percent = share => share === null || share === undefined ? "unknown" : (100 * share).toFixed(2) + " %";
  const several = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

  function duration(seconds) {
    if (seconds < 45) return "less than a minute";
    if (seconds < 5400) return several(Math.round(seconds / 60), "minute");
    if (seconds < 2 * DAY) return several(Math.round(seconds / 3600), "hour");
    return several(Math.round(seconds / DAY), "day");
  }

  function clock(stamp, now) {
    const time = new Date(1000 * stamp);
    const words = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    return now - stamp < DAY / 2 ? words : `${time.toLocaleDateString()} ${words}`;
  }

  // how far a run is, or how it has ended
  function describe(run, now) {
    if (!atWork(run)) {
      return run.ending + (typeof run.test_accuracy === "number" ? `, ${percent(run.test_accuracy)} of the test images` : "");
    }
    const epoch = `epoch ${Math.min(run.done + 1, run.epochs)} of ${run.epochs}`;
    if (isSilent(run, now)) return `${epoch}; no word since ${clock(run.written, now)}: it was killed, or it hangs`;
    if (run.state === "evaluating") {
      return `${run.done < run.epochs ? `${run.done} of ${several(run.epochs, "epoch")}` : several(run.epochs, "epoch")} done, being evaluated`;
    }
    const left = run.left === null ? null : Math.max(0, run.left - (now - run.written));
    return left === null ? epoch : `${epoch}, ${duration(left)} to go`;
  }

  function addShape(parent, tag, attributes, text = "") {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.entries(attributes).forEach(([name, value]) => shape.setAttribute(name, value));
    shape.textContent = text;
    parent.append(shape);
    return shape;
  }

  // training and validation by epoch, on an axis that grows with them up to the last epoch there will be
  function drawCurves(place, metric, run, format) {
    const [left, right, top, bottom] = [42, 312, 8, 112];
    const lines = ["", "val_"].map(prefix => run.history[prefix + metric]);
    const values = lines.flat().filter(value => value !== null);
    const highest = metric === "accuracy" ? 1 : Math.max(...values, 0) || 1;
    const end = Math.min(run.epochs, Math.max(10, 2 ** Math.ceil(Math.log2(run.done + 1))));
    const x = index => left + (right - left) * (end > 1 ? index / (end - 1) : 0.5);
    const y = value => bottom - (bottom - top) * value / highest;
    const named = lines.map((line, place) => `${["training", "validation"][place]} ${format(last(line))}`);
    const svg = addShape(place, "svg", { viewBox: "0 0 320 132", role: "img",
      "aria-label": `${metric} after ${several(run.done, "epoch")}: ${named.join(", ")}` });
    [0, highest / 2, highest].forEach(value => {
      addShape(svg, "line", { class: "grid", x1: left, x2: right, y1: y(value), y2: y(value) });
      const name = metric === "accuracy" ? `${100 * value} %` : value.toPrecision(2);
      addShape(svg, "text", { x: left - 5, y: y(value) + 4, "text-anchor": "end" }, value ? name : "0");
    });
    addShape(svg, "text", { x: left, y: 128, "text-anchor": end > 1 ? "middle" : "start" }, "1");
    addShape(svg, "text", { x: right, y: 128, "text-anchor": "end" }, `epoch ${end}`);
    lines.forEach((line, which) => {
      const kind = ["trained", "validated"][which];
      const points = line.map((value, index) => value === null ? null : [x(index), y(value)]).filter(Boolean);
      addShape(svg, "polyline", { class: kind, points: points.map(point => point.map(n => n.toFixed(1)).join()).join(" ") });
      if (points.length) addShape(svg, "circle", { class: kind, r: 3, cx: last(points)[0], cy: last(points)[1] });
    });
    const legend = add(place, "p", "legend", `${metric}: `);
    named.forEach((words, which) => add(legend, "span", ["trained", "validated"][which], words));
  }

  function makeCard(run) {
    const card = add(section.querySelector(".cards"), "article", "live-run");
    const link = add(add(card, "h3"), "a", "", run.run);
    link.href = run.run.split("/").map(encodeURIComponent).join("/") + "/";
    return { card, words: add(card, "p", "words"), caption: add(card, "p", "caption"), curves: add(card, "div", "curves") };
  }

  function showCard(known, run, words) {
    known.words.textContent = words;
    known.caption.textContent = run.caption;
    known.card.classList.toggle("over", !atWork(run));
    if (run.done === known.drawn) return;
    known.drawn = run.done;
    known.curves.replaceChildren();
    const decimal = value => value === null || value === undefined ? "unknown" : value.toPrecision(3);
    [["accuracy", percent], ["loss", decimal]].forEach(
      ([metric, format]) => drawCurves(add(known.curves, "div"), metric, run, format));
  }

  function folderOf(row) {
    try {
      return decodeURIComponent(row.dataset.folder);
    } catch { // a name whose bytes are no text
      return row.dataset.folder;
    }
  }

  // of the table: what was written when the page was, is older
  function showInRow(run, words) {
    document.querySelectorAll("tr.member[data-folder]").forEach(row => {
      const cell = row.querySelector(".status");
      if (cell && folderOf(row) === run.run && cell.textContent !== words) cell.textContent = words;
    });
  }

  function showEnds(ended) {
    const line = section.querySelector(".ended");
    line.hidden = !ended.length;
    const told = ended.slice(-3).map(({ run, text }) => `${run.run}: ${text}`).join("; ");
    const more = ended.length > 3 ? `${several(ended.length, "run")} have ended, the last ones are ` : "";
    line.querySelector("span").textContent = `${more}${told}. `;
  }

  function speak(now, words, ends) {
    if (1000 * now - spokenAt < SPOKEN && ends === spokenEnds) return;
    [spokenAt, spokenEnds] = [1000 * now, ends];
    section.querySelector(".spoken").textContent = words.join("; ");
  }

  function show(runs) {
    const now = Date.now() / 1000;
    const told = new Map(runs.map(run => [run.run, run]));
    for (const [name, { run }] of cards) {
      if (!told.has(name)) told.set(name, atWork(run) ? { ...run, state: "stopped", ending: "it has ended" } : run);
    }
    for (const [name, run] of told) {
      const isNews = atWork(run) ? !isSilent(run, now) || now - run.written < DAY : run.written > opened;
      if (!cards.has(name) && !isNews) continue;
      const known = cards.get(name) ?? makeCard(run);
      [known.run, known.text] = [run, describe(run, now)];
      cards.set(name, known);
      showCard(known, run, known.text);
      showInRow(run, known.text);
    }
    const all = [...cards.values()];
    const ended = all.filter(({ run }) => !atWork(run)).sort((one, other) => one.run.written - other.run.written);
    ended.slice(0, -MOST_ENDED).forEach(({ card }) => card.remove());
    showEnds(ended);
    const count = all.length - ended.length;
    section.querySelector("summary").textContent = count ? `In training: ${several(count, "run")}` : "No run trains any more";
    section.hidden = !all.length;
    document.querySelectorAll(".until-training").forEach(part => { part.hidden = count > 0; });
    speak(now, all.map(({ run, text }) => `${run.run}: ${text}`).slice(-3), ended.length);
  }

  function load() {
    if (document.hidden) return;
    const script = document.createElement("script");
    script.src = `${section.dataset.files}/live.js?${Date.now()}`; // another address, or it may be taken from memory
    script.onload = script.onerror = () => script.remove();
    document.head.append(script);
  }

  function start() {
    const line = add(section, "p", "ended");
    add(line, "span");
    Object.assign(add(line, "button", "", "Load the page again"), { type: "button", onclick: () => location.reload() });
    const details = Object.assign(add(section, "details"), { open: true });
    add(details, "summary");
    add(details, "div", "cards");
    add(section, "p", "spoken").setAttribute("role", "status");
    setInterval(load, PERIOD);
    document.addEventListener("visibilitychange", load);
    load();
  }
  window.trainingRuns = show; // what live.js calls
  start();
})();
