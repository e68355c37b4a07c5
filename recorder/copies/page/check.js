"use strict";
const EXPECTED = "EXPECTED";
const SAYS = {
  waiting: "まだ確かめていません", good: "○ 複製した時のままです", bad: "× 変わっています",
  unknown: "？ この媒体のものではありません", failed: "× 読めません",
};
const rows = document.getElementById("rows");
const verdict = document.getElementById("verdict");

function row(name, state, sum) {
  const made = document.createElement("tr");
  for (const [text, style] of [[name, ""], [SAYS[state], ""], [sum, "sum"]]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    cell.className = style;
    made.append(cell);
  }
  made.dataset.name = name;
  made.dataset.state = state;
  rows.append(made);
}

async function stateOf(file) {
  if (!Object.hasOwn(EXPECTED, file.name)) return "unknown";
  try {
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    const digits = Array.from(sum, (one) => one.toString(16).padStart(2, "0")).join("");
    return digits === EXPECTED[file.name] ? "good" : "bad";
  } catch {
    return "failed";
  }
}

function say(style, text) {
  verdict.hidden = false;
  verdict.className = style;
  verdict.textContent = text;
}

function conclude(states) {
  const all = Object.keys(EXPECTED).map((name) => states.get(name) ?? "waiting");
  const found = [...states.values()];
  if (found.some((one) => one === "bad" || one === "failed")) {
    say("bad", "× 変わっている、又は読めない録音があります。担当課に連絡してください。");
  } else if (all.every((one) => one === "good") && !found.includes("unknown")) {
    say("good", "○ すべての録音が、複製した時のままです。");
  } else {
    say("part", "選んでいない録音、又はこの媒体のものではないファイルがあります。");
  }
}

let turn = 0;
document.getElementById("files").addEventListener("change", async (event) => {
  const mine = ++turn;
  if (!globalThis.crypto?.subtle) { // the page lies on a server, say: no recording is to blame for that
    say("part", "このブラウザでは確かめられません。この画面を媒体からMicrosoft Edgeで開いてください。");
    return;
  }
  const states = new Map();
  for (const file of event.target.files) states.set(file.name, await stateOf(file));
  if (mine !== turn) return;
  rows.replaceChildren();
  for (const [name, sum] of Object.entries(EXPECTED)) row(name, states.get(name) ?? "waiting", sum);
  for (const [name, state] of states) if (state === "unknown") row(name, state, "");
  conclude(states);
});
for (const [name, sum] of Object.entries(EXPECTED)) row(name, "waiting", sum);
