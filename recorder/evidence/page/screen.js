// The page: files in, remarks out. What strangers wrote reaches it as text only.

const $ = (id) => document.getElementById(id);

async function filesOf(entries) {
  const found = new Map();
  const walk = async (entry) => {
    if (entry.isFile) {
      found.set(entry.name, await new Promise((done, failed) => entry.file(done, failed)));
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return;
      for (const one of some) await walk(one);
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function sentence(remark, language) {
  return SENTENCES[remark.code][language].replace(/\{(\w+)\}/g, (_, name) => remark.values[name]);
}

const VERDICTS = {
  bad: ["変わったところがあります。", "Something was altered."],
  part: ["変わったところは見つかりませんが、証明されないことがあります。",
    "Nothing was found to be altered, but not everything is proved."],
  good: ["この録音は、登録されたときのままです。", "This recording is as it was entered."],
};
const HEADINGS = {
  fault: ["変わったところ", "What was altered"], proved: ["証明されたこと", "What is proved"],
  open: ["証明されないこと、確かめること", "What isn't proved, or is for you to compare"],
};

function show(remarks, facts) {
  const of = (kind) => remarks.filter((one) => SENTENCES[one.code].kind === kind);
  // Whoever forges everything has keys, too: only one that was known beforehand makes it whole.
  const has = (code) => remarks.some((one) => one.code === code);
  const verdict = of("fault").length ? "bad" : has("signed") && has("published") ? "good" : "part";
  const box = $("verdict");
  box.className = verdict;
  box.replaceChildren();
  element("strong", VERDICTS[verdict][0], box);
  element("span", VERDICTS[verdict][1], box).className = "en";
  box.hidden = false;
  const found = $("found");
  found.replaceChildren();
  for (const [kind, [japanese, english]] of Object.entries(HEADINGS)) {
    if (!of(kind).length) continue;
    element("h2", `${japanese} / ${english}`, found);
    const list = element("ul", "", found);
    for (const remark of of(kind)) {
      const item = element("li", sentence(remark, "ja"), list);
      item.dataset.code = remark.code;
      item.dataset.values = JSON.stringify(remark.values);
      element("span", sentence(remark, "en"), item).className = "en";
    }
  }
  if (facts.length) {
    element("h2", "通話の記録 / The call (facts.json)", found);
    const table = element("table", "", found);
    for (const [name, value] of facts) {
      const row = element("tr", "", table);
      element("th", name, row);
      element("td", value, row);
    }
  }
}

let chosen = new Map();
let running = 0;

async function run() {
  if (!chosen.size) return;
  const turn = ++running;
  $("verdict").className = "";
  $("verdict").textContent = "確かめています… / checking…";
  $("verdict").hidden = false;
  const files = new Map();
  for (const [name, file] of chosen) files.set(name, new Uint8Array(await file.arrayBuffer()));
  const check = new Check(files, $("key").value.trim());
  const remarks = await check.remarks();
  if (turn === running) show(remarks, check.shown());
}

function choose(files) {
  chosen = files;
  run().catch((problem) => {
    $("verdict").className = "bad";
    $("verdict").textContent = `確かめられませんでした / could not be checked: ${problem.message}`;
  });
}

const listed = (input) => new Map(Array.from(input.files, (file) => [file.name, file]));
for (const id of ["folder", "some"]) $(id).addEventListener("change", () => choose(listed($(id))));
$("key").addEventListener("change", () => choose(chosen));
$("files").addEventListener("dragover", (event) => {
  event.preventDefault();
  $("files").className = "over";
});
$("files").addEventListener("dragleave", () => { $("files").className = ""; });
$("files").addEventListener("drop", async (event) => {
  event.preventDefault();
  $("files").className = "";
  choose(await filesOf(Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry()).filter(Boolean)));
});
