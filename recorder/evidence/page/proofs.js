// What a package is checked with: hashes, Merkle proofs (RFC 9162 2.1), signed notes (C2SP), and what a time stamp is
// for (RFC 3161). Bytes in, answers out: nothing here touches the page.

const utf8 = new TextEncoder();

const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");

function unhex(text) {
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text)) throw new Error("not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
}

function unbase64(text) {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  if (btoa(String.fromCharCode(...bytes)) !== text) throw new Error("not base64 in its one form");
  return bytes;
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

async function sha256(...parts) {
  const data = parts.length === 1 ? parts[0] : joined(...parts);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data));
}

const leafHash = (line) => sha256(Uint8Array.of(0), line);
const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

// RFC 9162 2.1.3.2. Sizes stay far below 2^53.
async function isIncluded(leaf, index, size, proof, root) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  let [number, last, found] = [BigInt(index), BigInt(size - 1), leaf];
  for (const one of proof) {
    if (last === 0n) return false;
    if (number & 1n || number === last) {
      found = await nodeHash(one, found);
      while (!(number & 1n) && number) [number, last] = [number >> 1n, last >> 1n];
    } else {
      found = await nodeHash(found, one);
    }
    [number, last] = [number >> 1n, last >> 1n];
  }
  return last === 0n && equal(found, root);
}

// RFC 9162 2.1.1: the root over some leaves, by their hashes.
async function rootOf(leaves) {
  if (leaves.length === 0) return sha256(new Uint8Array());
  if (leaves.length === 1) return leaves[0];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(await rootOf(leaves.slice(0, split)), await rootOf(leaves.slice(split)));
}

// --- signed notes -------------------------------------------------------------------------------------------

const [LOG, WITNESS] = [1, 4];

function parseNote(bytes) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const gap = text.lastIndexOf("\n\n");
  if (gap < 0 || !text.endsWith("\n")) throw new Error("not a signed note");
  const signatures = text.slice(gap + 2, -1).split("\n").map((line) => {
    const found = /^— ([^ +]+) ([A-Za-z0-9+/=]+)$/.exec(line);
    if (!found) throw new Error("not a signature of a note");
    const raw = unbase64(found[2]);
    if (raw.length < 5) throw new Error("not a signature of a note");
    return { name: found[1], id: raw.slice(0, 4), value: raw.slice(4) };
  });
  return { text: text.slice(0, gap + 1), signatures };
}

function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length < 4 || lines.pop() !== "" || !/^(0|[1-9]\d{0,14})$/.test(lines[1])) throw new Error("not a checkpoint");
  const root = unbase64(lines[2]);
  if (root.length !== 32) throw new Error("not a checkpoint");
  return { origin: lines[0], size: Number(lines[1]), root, extensions: lines.slice(3) };
}

async function keyId(name, key, kind) {
  return (await sha256(utf8.encode(`${name}\n`), Uint8Array.of(kind), key)).slice(0, 4);
}

async function parseKey(line) {
  const [name, id, ...rest] = line.trim().split("+");
  const raw = unbase64(rest.join("+"));
  if (raw.length !== 33 || !name) throw new Error("not a key");
  const key = { name, kind: raw[0], bytes: raw.slice(1), id: await keyId(name, raw.slice(1), raw[0]) };
  if (hex(key.id) !== id) throw new Error("not a key");
  return key;
}

const isSigned = async (signature, message, key) => {
  try {
    return await ed25519.verifyAsync(signature, message, key, { zip215: false });
  } catch {
    return false;  // no point on the curve, or of another length
  }
};

async function isSignedNote(note, key) {
  for (const one of note.signatures) {
    if (one.name !== key.name || !equal(one.id, key.id)) continue;
    if (await isSigned(one.value, utf8.encode(note.text), key.bytes)) return true;
  }
  return false;
}

// When a witness cosigned (seconds since 1970), or null: C2SP tlog-cosignature, v1.
async function cosignedAt(note, key) {
  for (const one of note.signatures) {
    if (one.name !== key.name || !equal(one.id, key.id) || one.value.length !== 72) continue;
    const seconds = Number(new DataView(one.value.buffer, one.value.byteOffset).getBigUint64(0));
    const said = utf8.encode(`cosignature/v1\ntime ${seconds}\n${note.text}`);
    if (await isSigned(one.value.slice(8), said, key.bytes)) return seconds;
  }
  return null;
}

// --- time stamps --------------------------------------------------------------------------------------------

// One element of DER: its tag, its content, and what follows.
function der(bytes) {
  if (bytes.length < 2) throw new Error("not DER");
  let [length, head] = [bytes[1], 2];
  if (length & 128) {
    const count = length & 127;
    if (count === 0 || count > 4 || bytes.length < 2 + count) throw new Error("not DER");
    length = bytes.slice(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
    head += count;
  }
  if (head + length > bytes.length) throw new Error("not DER");
  return { tag: bytes[0], content: bytes.slice(head, head + length), rest: bytes.slice(head + length) };
}

function elements(bytes) {
  const found = [];
  for (let rest = bytes; rest.length; ) {
    const one = der(rest);
    found.push(one);
    rest = one.rest;
  }
  return found;
}

// What an RFC 3161 answer is for, and when: { imprint, at }. Who signed it isn't looked at.
function parseStamp(bytes) {
  const [status, token] = elements(der(bytes).content);
  if (elements(status.content)[0].content[0] !== 0) throw new Error("not granted");
  const signed = elements(elements(token.content)[1].content)[0];
  const encapsulated = elements(signed.content)[2];
  const info = elements(der(elements(elements(encapsulated.content)[1].content)[0].content).content);
  const imprint = elements(info[2].content)[1].content;
  const at = new TextDecoder().decode(info[4].content);
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(at);
  if (!found) throw new Error("no time");
  return { imprint, at: Date.UTC(+found[1], found[2] - 1, +found[3], +found[4], +found[5], +found[6]) };
}
