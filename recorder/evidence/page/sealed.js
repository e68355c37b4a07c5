// What there is to say of a sealed recording, its keys and its copy: the same as recorder/evidence/sealed_checks.py. No
// key is needed. docs/sealed.md has the form of the file.

const SEALED = { head: 148, record: 36, tag: 16, mostFrames: 8000, mostBytes: 1 << 26 };
const COPY_HEAD_BYTES = 44;
const ENCODING_TAGS = [1, 6, 7];
const ascii = (data) => new TextDecoder("latin1").decode(data);

// Its head and whole records of audio, or null if it has no head.
function scanSealed(data) {
  if (data.length < SEALED.head) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const length = view.getUint16(10);
  const id = data.subarray(20, 20 + length);
  const isHead = ascii(data.subarray(0, 8)) === "sealed-1" && ENCODING_TAGS.includes(data[8]) &&
    (data[9] === 1 || data[9] === 2) && length > 0 && length <= 128 && id.every((one) => one < 128) &&
    stripped(data.subarray(20 + length, SEALED.head));
  if (!isHead) return null;
  const records = [];
  let offset = SEALED.head;
  while (offset + SEALED.record <= data.length) {
    const kind = ascii(data.subarray(offset, offset + 4));
    const frames = view.getUint32(offset + 24);
    const side = data[offset + 29];
    const size = view.getUint32(offset + 32);
    const end = offset + SEALED.record + size;
    const isRecord = view.getUint16(offset + 30) === 0 && view.getUint32(offset + 4) > 0 &&
      ENCODING_TAGS.includes(data[offset + 28]) && size >= SEALED.tag && size <= SEALED.mostBytes && end <= data.length &&
      (kind === "AUDI" ? side <= 2 && frames > 0 && frames <= SEALED.mostFrames : kind === "LAST" && !side && !frames);
    if (!isRecord || kind === "LAST") break;
    records.push({ frame: Number(view.getBigInt64(offset + 16)), frames, end });
    offset = end;
  }
  return { id: ascii(id), records };
}

const stripped = (data) => data.every((one) => one === 0);

// SHA-256 of the tags of its records, as its last record has it.
async function recordsSha256(data) {
  const found = scanSealed(data);
  if (!found) return "";
  const tags = new Uint8Array(found.records.length * SEALED.tag);
  found.records.forEach((one, at) => tags.set(data.subarray(one.end - SEALED.tag, one.end), at * SEALED.tag));
  return hex(await sha256(tags));
}

// The second up to which the records reach that lie in the first `whole` bytes; null if that can't be told.
function secondBefore(data, whole, frames) {
  if (!whole) return 0;
  const found = scanSealed(data.subarray(0, whole));
  if (!found) return null;
  let [first, end] = found.records.length ? [Infinity, -Infinity] : [0, 0];
  for (const one of found.records) {
    first = Math.min(first, one.frame);
    end = Math.max(end, one.frame + one.frames);
  }
  return end - first <= frames ? Math.floor((end - first) / 8000) : null;
}

// What a manifest says of one has the form of it.
function isSealedSaid(manifest) {
  const said = manifest.sealed ?? null;
  if (said === null) return true;
  if (!isObject(said) || !isObject(said.keys) || !isText(said.records_sha256) || said.copy === undefined) return false;
  const copy = said.copy;
  if (copy !== null && (!isObject(copy) || !isText(copy.file) || !isText(copy.samples_sha256))) return false;
  const files = [...Object.values(said.keys), ...(copy ? [copy.file] : [])];
  return files.every((one) => isText(one) && Object.hasOwn(manifest.files, one));
}

function openerCommand(recording, keys) {
  const ofKeys = sorted(Object.keys(keys)).map((segment) => `--key ${segment}=${keys[segment]}`).join(" ");
  const stem = recording.replace(/\.[^.]+$/, "");
  return `python3 open_sealed.py ${recording} ${ofKeys} --identity SECRET.txt -o ${stem}.wav`;
}

// The keys of a sealed recording, and its copy: what they are, and who can compare them.
async function checkSealed(check, manifest) {
  const [said, recording] = [manifest.sealed ?? null, manifest.recording ?? null];
  if (said === null || recording === null) return [];
  const found = [];
  const data = check.files.get(recording);
  if (data && !check.blamed.has(recording)) {
    if (await recordsSha256(data) !== said.records_sha256) found.push(check.fault("records_differ", N.manifest));
    found.push({ code: "sealed", values: { file: recording, command: openerCommand(recording, said.keys) } });
  }
  const copy = said.copy && check.files.get(said.copy.file);
  if (!copy || check.blamed.has(said.copy.file)) return found;
  const samples = hex(await sha256(copy.subarray(COPY_HEAD_BYTES)));
  if (samples !== said.copy.samples_sha256) found.push(check.fault("copy_differs", said.copy.file));
  else found.push({ code: "copy", values: { file: said.copy.file, recording, samples } });
  return found;
}
