// The check of a package: what is wrong, what is proved, what stays open, as remarks { code, values } whose sentences
// stand in SENTENCES. The same as recorder/evidence/checking.py and signers.py, in the same order.

const N = {
  manifest: "manifest.json", facts: "facts.json", seconds: "seconds.txt", register: "register.json",
  checkpoint: "checkpoint.txt", keys: "keys.json", stamp: "timestamp.tsr", custody: "custody.json",
  cover: "cover.html", sums: "custody.sha256",
};
const OF_CUSTODY = ["cover.html", "cover.pdf", "custody.html", "custody.json", "custody.pdf", "custody.sha256"];
const HEADER_BYTES = 4096;
const LATEST_S = 1e11 - 1; // what no clock says

const inFours = (text) => text.match(/.{1,4}/g).join(" ");
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const sorted = (names) => Array.from(names).sort((one, other) => (one < other ? -1 : one > other ? 1 : 0));

// As in 2026-11-22T09:15:02, in Japan.
const inJapan = (ms) => new Date(ms + 9 * 3600_000).toISOString().slice(0, 19);

// When a checkpoint says that it was made.
function madeAt(checkpoint) {
  const said = checkpoint.extensions.find((one) => /^time [0-9]{1,11}$/.test(one));
  return said ? inJapan(Number(said.slice(5)) * 1000) : "?";
}

// The epochs in keys.json, each signed for by the one before.
async function keyChain(keys) {
  const found = [];
  for (const one of keys.epochs) {
    const line = utf8.encode(one.entry);
    const entry = JSON.parse(one.entry);
    const note = parseNote(utf8.encode(one.note));
    const checkpoint = parseCheckpoint(note.text);
    const epoch = { key: await parseKey(entry.key), number: entry.number };
    const before = found.at(-1);
    const proof = one.proof.map(unhex);
    const isLast = await isIncluded(await leafHash(line), epoch.number - 1, checkpoint.size, proof, checkpoint.root);
    const signers = before ? [epoch.key, before.key] : [epoch.key];
    let isGood = entry.kind === "epoch" && checkpoint.size === epoch.number && isLast &&
      (!before || before.number < epoch.number);
    for (const key of signers) isGood &&= key.name === checkpoint.origin && await isSignedNote(note, key);
    if (!isGood) throw new Error("a key doesn't follow from the one before");
    found.push(epoch);
  }
  if (!found.length) throw new Error("no keys");
  return found;
}

const keyLine = (key) => `${key.name}+${hex(key.id)}+${btoa(String.fromCharCode(key.kind, ...key.bytes))}`;

const isManifest = (said) => isObject(said.files) && Object.values(said.files).every(isObject) &&
  typeof said.call === "string" &&
  (said.recording === null || (typeof said.recording === "string" && Object.hasOwn(said.files, said.recording))) &&
  isSealedSaid(said);

const isText = (value) => typeof value === "string";
const isAudio = (said) => isObject(said) && /^[0-9a-f]{64}$/.test(said.sha256) && isText(said.encoding) &&
  [said.rate_hz, said.channels, said.starts_ns].every(Number.isInteger);
const isFacts = (said) => isText(said.id) && Array.isArray(said.flags) &&
  [said.started_ns, said.ended_ns].every(Number.isInteger) && (said.recording === null || isAudio(said.recording));

class Check {
  constructor(files, published) {
    this.files = files;
    this.published = published;
    this.blamed = new Set();
    this.facts = null;
  }

  async remarks() {
    this.sums = new Map();
    for (const [name, data] of this.files) this.sums.set(name, hex(await sha256(data)));
    this.trusted = this.published ? await parseKey(this.published) : null;
    const manifest = this.object(N.manifest);
    if (!manifest || !isManifest(manifest)) {
      return [this.fault(this.files.has(N.manifest) ? "unreadable" : "missing", N.manifest)];
    }
    const found = [];
    const ofPapers = this.sumsListed();
    found.push(...this.againstManifest(manifest, ofPapers), ...this.papers(ofPapers));
    let entry = null;
    if (N.register in manifest.files) {
      const told = await this.register(manifest.call);
      entry = told.entry;
      found.push(...told.remarks);
    } else {
      found.push({ code: "unsigned", values: {} });
    }
    const facts = this.ofFacts(entry, found);
    found.push(...await this.audio(manifest, facts, entry), ...await checkSealed(this, manifest));
    if (!this.blamed.size) found.push({ code: "files_whole", values: { count: String(this.files.size) } });
    for (const code of ["papers", "people", "before"]) found.push({ code, values: {} });
    return found;
  }

  // --- the files --------------------------------------------------------------------------------------------

  // A manifest of which the papers say otherwise was altered; if only one of them does, that one was.
  againstManifest(manifest, ofPapers) {
    const found = [];
    const sum = this.sums.get(N.manifest);
    const custody = this.object(N.custody) ?? {};
    const isRight = sum === ofPapers.get(N.manifest) || sum === custody.manifest_sha256 ||
      this.text(N.cover).includes(inFours(sum));
    if (!isRight) found.push(this.fault("altered", N.manifest));
    for (const name of sorted(Object.keys(manifest.files))) {
      const said = manifest.files[name].sha256;
      if (!this.files.has(name)) found.push(this.fault("missing", name));
      else if (this.sums.get(name) !== said) {
        if (!isRight) found.push({ code: "differs_from_altered", values: { file: name } });
        else if (name !== manifest.recording) found.push(this.fault("altered", name));
      }
    }
    for (const name of sorted(this.files.keys())) {
      if (!(name in manifest.files) && name !== N.manifest && !OF_CUSTODY.includes(name)) {
        found.push(this.fault("extra", name));
      }
    }
    return found;
  }

  sumsListed() {
    const lines = this.text(N.sums).split("\n").map((line) => /^([0-9a-f]{64}) {2}([A-Za-z0-9._-]+)$/.exec(line));
    return new Map(lines.filter(Boolean).map((one) => [one[2], one[1]]));
  }

  papers(ofPapers) {
    const found = [];
    for (const name of OF_CUSTODY) if (!this.files.has(name)) found.push(this.fault("missing", name));
    const expected = sorted([N.manifest, ...OF_CUSTODY.filter((name) => name !== N.sums)]);
    const lines = this.text(N.sums).split("\n").length - 1;
    if (this.files.has(N.sums) && (lines !== ofPapers.size || sorted(ofPapers.keys()).join() !== expected.join())) {
      return [...found, this.fault("unreadable", N.sums)];
    }
    for (const name of sorted(ofPapers.keys())) {
      if (this.files.has(name) && this.sums.get(name) !== ofPapers.get(name) && !this.blamed.has(name)) {
        found.push(this.fault("altered", name === N.manifest ? N.sums : name));
      }
    }
    return found;
  }

  // --- the register -----------------------------------------------------------------------------------------

  async register(call) {
    let said, line, entry, proof, isOfCall;
    try {
      said = JSON.parse(this.text(N.register));
      line = utf8.encode(said.entry);
      entry = JSON.parse(said.entry);
      proof = said.proof.map(unhex);
      isOfCall = entry.kind === "recorded" && entry.call === call && entry.number === said.number;
    } catch {
      return { entry: null, remarks: [this.fault("unreadable", N.register)] };
    }
    let note, checkpoint;
    try {
      note = parseNote(this.files.get(N.checkpoint) ?? new Uint8Array());
      checkpoint = parseCheckpoint(note.text);
    } catch {
      return { entry, remarks: [this.fault("unreadable", N.checkpoint)] };
    }
    const remarks = await this.signatures(note, checkpoint);
    const isIn = said.size === checkpoint.size &&
      await isIncluded(await leafHash(line), said.number - 1, said.size, proof, checkpoint.root);
    if (!isIn && !this.blamed.has(N.checkpoint)) remarks.push(this.fault("not_included", N.register));
    else if (!isOfCall) remarks.push(this.fault("entry_differs", N.register));
    else if (isIn) remarks.push({ code: "included", values: { number: String(said.number), size: String(said.size) } });
    remarks.push(...await this.stamp(note));
    return { entry: isIn && isOfCall ? entry : null, remarks };
  }

  async signatures(note, checkpoint) {
    let epochs, witnesses;
    try {
      const keys = this.object(N.keys);
      epochs = await keyChain(keys);
      witnesses = await Promise.all(keys.witnesses.map(parseKey));
    } catch {
      return [this.fault("keys_differ", N.keys)];
    }
    const found = [];
    const signer = epochs.findLast((one) => one.number <= checkpoint.size);
    if (signer && signer.key.kind === LOG && checkpoint.origin === signer.key.name && await isSignedNote(note, signer.key)) {
      found.push({ code: "signed", values: { name: signer.key.name, time: madeAt(checkpoint) } });
    } else {
      found.push(this.fault("not_signed", N.checkpoint));
    }
    if (!this.trusted) found.push({ code: "key_unknown", values: { key: keyLine(epochs[0].key) } });
    else if (epochs.some((one) => keyLine(one.key) === keyLine(this.trusted))) found.push({ code: "published", values: {} });
    else found.push(this.fault("key_not_published", N.keys));
    const known = new Map(witnesses.filter((one) => one.kind === WITNESS).map((one) => [one.name, one]));
    const others = note.signatures.map((one) => one.name).filter((name) => name !== checkpoint.origin);
    const names = sorted(new Set([...others, ...known.keys()]));
    if (!names.length) found.push({ code: "no_witness", values: {} });
    for (const name of names) {
      const key = known.get(name);
      const seconds = key ? await cosignedAt(note, key) : null;
      if (seconds === null || seconds > LATEST_S) found.push(this.fault("not_cosigned", N.checkpoint, { name }));
      else {
        found.push({ code: "cosigned", values: { name, time: inJapan(seconds * 1000) } });
        found.push({ code: "witness_unknown", values: { key: keyLine(key) } });
      }
    }
    return found;
  }

  async stamp(note) {
    if (!this.files.has(N.stamp)) return [{ code: "no_stamp", values: {} }];
    try {
      const said = parseStamp(this.files.get(N.stamp));
      if (!equal(said.imprint, await sha256(utf8.encode(note.text)))) throw new Error("for something else");
      return [{ code: "stamped", values: { time: inJapan(said.at) } }, { code: "stamp_unchecked", values: {} }];
    } catch {
      return this.blamed.has(N.checkpoint) ? [] : [this.fault("stamp_differs", N.stamp)];
    }
  }

  // --- the call ---------------------------------------------------------------------------------------------

  ofFacts(entry, found) {
    const facts = this.object(N.facts);
    if (!facts || !isFacts(facts)) {
      if (this.files.has(N.facts)) found.push(this.fault("unreadable", N.facts));
      return null;
    }
    if (entry && this.sums.get(N.facts) !== entry.row) {
      found.push(this.fault("facts_differ", N.facts));
      return null;
    }
    if (entry) found.push({ code: "facts_proved", values: {} });
    this.facts = facts;
    return facts;
  }

  async audio(manifest, facts, entry) {
    const name = manifest.recording;
    if (name === null || name === undefined) return [{ code: "no_recording", values: {} }];
    const data = this.files.get(name);
    if (!data) return [];
    const found = [];
    const audio = facts?.recording ?? {};
    const lines = this.text(N.seconds);
    const marks = /^([0-9a-f]{8}\n)*$/.test(lines) ? unhex(lines.replaceAll("\n", "")) : new Uint8Array();
    if (this.sums.get(name) === (audio.sha256 ?? manifest.files[name].sha256)) {
      if (entry && facts) found.push({ code: "audio_proved", values: { file: name } });
    } else {
      found.push(await this.altered(name, data, facts, marks));
    }
    return found;
  }

  // Where a recording was altered first, by the marks of its seconds: beginnings that are alike come before all that
  // aren't, so it is looked for by halves.
  async altered(name, data, facts, marks) {
    const isAlike = async (number, second) => {
      const end = Math.min(HEADER_BYTES + number * second, data.length);
      return equal((await sha256(data.subarray(0, end))).slice(0, 4), marks.slice(number * 4, number * 4 + 4));
    };
    const head = data.subarray(0, HEADER_BYTES);
    const other = name.endsWith(".sealed") ? scanSealed(head)?.id : /"id":"([A-Za-z0-9-]{1,64})"/.exec(ascii(head))?.[1];
    if (other && facts && other !== facts.id && !await isAlike(0, 0)) return this.fault("other_call", name, { call: other });
    const audio = facts?.recording;
    if (!marks.length || this.blamed.has(N.seconds) || !audio) return this.fault("audio_altered_somewhere", name);
    const second = Math.max(1, audio.rate_hz * audio.channels) * (audio.encoding === "pcm16" ? 2 : 1);
    let [low, high] = [0, marks.length / 4];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (await isAlike(middle, second)) low = middle + 1;
      else high = middle;
    }
    if (Number.isInteger(audio.sealed_bytes)) {
      const after = secondBefore(data, low ? HEADER_BYTES + (low - 1) * second : 0, audio.frames);
      if (after === null) return this.fault("audio_altered_somewhere", name);
      const clock = inJapan(audio.starts_ns / 1e6 + after * 1000).slice(11);
      return this.fault("sealed_altered", name, { from: String(after), clock });
    }
    if (low === 0) return this.fault("head_altered", name);
    const clock = inJapan(audio.starts_ns / 1e6 + (low - 1) * 1000).slice(11);
    return this.fault("audio_altered", name, { from: String(low - 1), to: String(low), clock });
  }

  // What the page shows of the call: names and values.
  shown() {
    const facts = this.facts;
    if (!facts) return [];
    const time = (ns) => (ns === null ? "—" : `${inJapan(ns / 1e6).replace("T", " ")} (+09:00)`);
    return [
      ["通話番号 / id", facts.id], ["開始 / started", time(facts.started_ns)], ["終了 / ended", time(facts.ended_ns)],
      ["発信者番号 / caller", facts.caller ?? "—"], ["着信先番号 / called", facts.callee ?? "—"],
      ["内線 / extension", facts.extension ?? "—"], ["種別 / direction", facts.direction],
      ["特記事項 / flags", facts.flags.join(", ") || "—"],
    ].map(([name, value]) => [name, String(value)]);
  }

  // --- in detail --------------------------------------------------------------------------------------------

  text(name) {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.files.get(name) ?? new Uint8Array());
  }

  object(name) {
    try {
      const said = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.files.get(name)));
      return isObject(said) ? said : null;
    } catch {
      return null;
    }
  }

  fault(code, file, values = {}) {
    this.blamed.add(file);
    return { code, values: { file, ...values } };
  }
}
