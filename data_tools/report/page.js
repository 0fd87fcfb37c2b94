// Marks on pairs: ticked on cards, kept in the browser, saved as the text that curation/manual.py reads.
(() => {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const storageKey = `data_tools.report.${page.id}`;
  const cards = [...document.querySelectorAll("[data-stem]")].filter((card) => card.querySelector("input"));
  const cardsOf = new Map(); // stem -> its cards; a pair may stand in several places
  for (const card of cards) {
    const stem = card.dataset.stem;
    cardsOf.set(stem, [...(cardsOf.get(stem) || []), card]);
  }
  let saying = ""; // key of the words in the bar's status
  let marks = recall() || new Map(page.marks); // stem -> "keep" or "drop"

  function recall() {
    try {
      const stored = localStorage.getItem(storageKey);
      return stored === null ? null : new Map(JSON.parse(stored));
    } catch (error) {
      return null; // refused, or not ours
    }
  }

  function remember() {
    try {
      localStorage.setItem(storageKey, JSON.stringify([...marks]));
    } catch (error) {
      say("forgets");
    }
  }

  function show(stem) {
    const mark = marks.get(stem);
    for (const card of cardsOf.get(stem) || []) {
      for (const box of card.querySelectorAll("input")) box.checked = box.name === mark;
      if (mark) card.dataset.mark = mark;
      else delete card.dataset.mark;
    }
  }

  function showAll() {
    for (const stem of cardsOf.keys()) show(stem);
    showTally();
  }

  function showTally() {
    const keep = [...marks.values()].filter((mark) => mark === "keep").length;
    const tally = document.getElementById("tally");
    tally.textContent = marks.size
      ? words("tally", { marked: marks.size, keep, drop: marks.size - keep })
      : words("nothing");
    for (const id of ["save", "copy", "clear"]) document.getElementById(id).disabled = !marks.size;
  }

  function setMark(stem, mark) {
    if (mark) marks.set(stem, mark);
    else marks.delete(stem);
    say("");
    remember();
    show(stem);
    showTally();
  }

  function words(key, values = {}) {
    return page.words[pageLanguage()][key].replace(/{(\w+)}/g, (_, name) => values[name]);
  }

  function say(key) {
    saying = key;
    document.getElementById("status").textContent = key && words(key);
  }

  // Strings compare by UTF-16 units, Python's by code points: so stems are sorted by theirs.
  function codePoints(stem) {
    return Array.from(stem, (letter) => letter.codePointAt(0).toString(16).padStart(6, "0")).join();
  }

  function manualText() {
    const lines = [...marks].map(([stem, mark]) => [codePoints(stem), `${mark} ${stem}\n`]);
    lines.sort(([a], [b]) => (a < b ? -1 : 1));
    return `${page.heading}\n${lines.map(([, line]) => line).join("")}`;
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([manualText()], { type: "text/plain;charset=utf-8" }));
    link.download = "manual.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    say("saved");
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(manualText());
      say("copied");
    } catch (error) {
      say(copyBySelection(manualText()) ? "copied" : "no copy");
    }
  }

  function copyBySelection(text) {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  function clear() {
    if (!confirm(words("ask clear", { marked: marks.size }))) return;
    marks = new Map();
    say("");
    remember();
    showAll();
  }

  function toggle(card, mark) {
    const stem = card.dataset.stem;
    setMark(stem, marks.get(stem) === mark ? null : mark);
  }

  function visit(card, step) {
    const next = cards[cards.indexOf(card) + step];
    if (next) next.querySelector("input").focus();
  }

  function press(event) {
    const card = event.target.closest("[data-stem]");
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = {
      k: () => toggle(card, "keep"),
      d: () => toggle(card, "drop"),
      s: save,
      arrowright: () => visit(card, 1),
      arrowleft: () => visit(card, -1),
    }[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  }

  document.addEventListener("change", (event) => {
    const card = event.target.closest("[data-stem]");
    if (card) setMark(card.dataset.stem, event.target.checked ? event.target.name : null);
  });
  document.addEventListener("keydown", press);
  window.addEventListener("storage", (event) => {
    if (event.key !== storageKey) return; // another tab with this page changed its marks
    marks = recall() || new Map(page.marks);
    showAll();
  });
  document.addEventListener("pagelanguage", () => {
    showTally();
    say(saying);
  });
  document.getElementById("save").addEventListener("click", save);
  document.getElementById("copy").addEventListener("click", copy);
  document.getElementById("clear").addEventListener("click", clear);
  document.getElementById("bar").hidden = false;
  showAll();
})();
