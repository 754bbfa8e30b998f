"use strict";
const cards = [...document.querySelectorAll(".card")];
const byId = (id) => document.getElementById(id);
const [filter, below, search, shown, help] = ["filter", "below", "search", "shown", "help"].map(byId);
const kept = "zodiac-quality:" + location.pathname; // the same when a late submission joins the others
let current = -1;

const visible = () => cards.filter((card) => !card.hidden);

function fits(card) {
  const points = Number(card.dataset.points);
  const kinds = card.dataset.kinds.split(" ");
  const chosen = filter.value === "all" || (filter.value === "below" ? points < Number(below.value) : kinds.includes(filter.value));
  return chosen && card.dataset.name.toLocaleLowerCase().includes(search.value.trim().toLocaleLowerCase());
}

function apply() {
  for (const card of cards) card.hidden = !fits(card);
  shown.textContent = `${visible().length} of ${cards.length} shown`;
  below.parentElement.hidden = filter.value !== "below";
  current = -1;
}

function move(step) {
  const list = visible();
  if (!list.length) return;
  const here = list.indexOf(cards[current]);
  const next = list[Math.min(Math.max(here + step, 0), list.length - 1)];
  current = cards.indexOf(next);
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

function turn() {
  filter.selectedIndex = (filter.selectedIndex + 1) % filter.options.length;
  apply();
}

const keys = {
  j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
  f: turn, "/": () => search.focus(), "?": () => help.showModal(),
  q: () => cards[current]?.querySelector("input")?.select(),
};

// Where a keyboard writes other letters than Latin ones, the place of the key counts.
const places = { KeyJ: "j", KeyK: "k", KeyF: "f", KeyQ: "q", Slash: "/" };
function meant({ key, code, shiftKey }) {
  if (key in keys || /^[a-z]$/i.test(key)) return key;
  return code === "Slash" && shiftKey ? "?" : places[code];
}

document.addEventListener("keydown", (event) => {
  if (help.open || event.ctrlKey || event.altKey || event.metaKey) return;
  const typing = event.target.matches("input, select, textarea");
  if (typing && event.key === "Escape") event.target.blur();
  // The arrows would change the number that was typed.
  const leaving = event.target.matches("input[type=number]") && ["ArrowUp", "ArrowDown", "Enter"].includes(event.key);
  const key = leaving && event.key === "Enter" ? "ArrowDown" : meant(event);
  if ((typing && !leaving) || !(key in keys)) return;
  event.preventDefault();
  if (leaving) event.target.blur();
  keys[key]();
});

document.addEventListener("focusin", (event) => {
  const card = event.target.closest(".card");
  if (card) current = cards.indexOf(card);
});

for (const input of [filter, below, search]) input.addEventListener("input", apply);
byId("ask").addEventListener("click", () => help.showModal());

// Points that a person gives stay in this browser until they are saved as a file.
const inputs = [...document.querySelectorAll(".card input")];
const given = () => Object.fromEntries(inputs.filter((input) => input.value !== "").map((input) => [input.dataset.key, input.value]));
try {
  const before = JSON.parse(localStorage.getItem(kept) ?? "{}");
  for (const input of inputs) input.value = before[input.dataset.key] ?? input.value;
} catch { /* a browser may keep nothing for a file */ }
for (const input of inputs) {
  input.addEventListener("input", () => {
    try { localStorage.setItem(kept, JSON.stringify(given())); } catch { /* see above */ }
  });
}
byId("save")?.addEventListener("click", () => {
  const cell = (text) => `"${text.replace(/^[=+\-@]/, "'$&").replaceAll('"', '""')}"`;
  const lines = Object.entries(given()).map(([key, value]) => `${cell(key)},${cell(value)}`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeffkey,quality\r\n" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
  link.download = "quality.csv";
  link.click();
  URL.revokeObjectURL(link.href);
});
apply();
