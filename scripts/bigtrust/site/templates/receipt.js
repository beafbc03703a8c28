// Verifies a receipt where it lies: no network, no dependency, only the browser's own cryptography.
// What it is told (the company's key, the words of the language) is in #told. The checks are those of
// scripts/bigtrust/signed_receipts.py; hashing and proofs as in RFC 9162, section 2.1.
const told = JSON.parse(document.getElementById("told").textContent);
const encoder = new TextEncoder();
const HEX = { hash: /^[0-9a-f]{64}$/, signature: /^[0-9a-f]{128}$/, nonce: /^[0-9a-f]{32}$/ };
const FIELDS = ["channel", "effective_by", "head", "key", "latest_by", "nonce", "number", "requested_at", "scope", "subject", "version"];
const CHECKS = ["form", "key", "signature", "witness", "entry", "inclusion", "head", "consistency"];

// RFC 8785, for texts, whole numbers, truth values, null, lists and objects.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${entries.join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new RangeError("no whole number");
  return JSON.stringify(value);
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const hasExactly = (value, names) => isObject(value) && Object.keys(value).sort().join() === [...names].sort().join();
const isHex = (value, kind) => typeof value === "string" && HEX[kind].test(value);
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (...parts) => hex(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
const isDay = (value) => typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) && !isNaN(Date.parse(value));
const isMoment = (value) => typeof value === "string" && value.endsWith("Z") && !isNaN(Date.parse(value));

function isHead(head) {
  return hasExactly(head, ["at", "root", "signature", "size"]) && typeof head.at === "string" && isHex(head.root, "hash")
    && isHex(head.signature, "signature") && Number.isSafeInteger(head.size) && head.size > 0;
}

function isReceipt(content) {
  if (!isObject(content) || !hasExactly(content, "effect" in content ? ["effect", "receipt", "signature"] : ["receipt", "signature"])) return false;
  const { receipt, effect } = content;
  const isWhole = hasExactly(receipt, FIELDS) && isHex(content.signature, "signature") && isHex(receipt.key, "hash")
    && isHex(receipt.nonce, "nonce") && isHex(receipt.subject, "hash") && typeof receipt.number === "string"
    && Object.hasOwn(told.scopes, receipt.scope) && isMoment(receipt.requested_at) && isDay(receipt.latest_by)
    && (receipt.effective_by === null || isDay(receipt.effective_by)) && (receipt.head === null || isHead(receipt.head));
  if (!isWhole || effect === undefined) return isWhole;
  return hasExactly(effect, ["consistency", "entry", "head", "path"]) && isHead(effect.head) && isObject(effect.entry)
    && Number.isSafeInteger(effect.entry.number) && Number.isSafeInteger(effect.entry.run) && isMoment(effect.entry.at)
    && [effect.path, effect.consistency].every((path) => Array.isArray(path) && path.every((node) => isHex(node, "hash")))
    && (receipt.head !== null || effect.consistency.length === 0);
}

async function isSigned(key, purpose, value, signature) {
  return crypto.subtle.verify("Ed25519", key, bytes(signature), encoder.encode(`bigtrust ${purpose} v1\n${canonical(value)}`));
}

const isHeadSigned = (key, { at, root, size, signature }) => isSigned(key, "head", { at, root, size }, signature);

const joined = (left, right) => sha256(Uint8Array.of(1), bytes(left), bytes(right));

// Follows a proof to the roots of a beginning of the tree and of the tree: RFC 9162, sections 2.1.3.2 and 2.1.4.2.
async function climbed(index, last, path, start) {
  let [before, after] = [start, start];
  for (const node of path) {
    if (last === 0) return [];
    if (index % 2 === 1 || index === last) {
      [before, after] = [await joined(node, before), await joined(node, after)];
      while (index % 2 === 0 && index > 0) [index, last] = [index / 2, Math.floor(last / 2)];
    } else {
      after = await joined(after, node);
    }
    [index, last] = [Math.floor(index / 2), Math.floor(last / 2)];
  }
  return last === 0 ? [before, after] : [];
}

async function isIncluded(entry, path, head) {
  if (entry.number < 1 || entry.number > head.size) return false;
  const leaf = await sha256(Uint8Array.of(0), encoder.encode(canonical(entry)));
  return (await climbed(entry.number - 1, head.size - 1, path, leaf))[1] === head.root;
}

// Whether the ledger of `head` begins with the one that had the head `seen`, in which `entry` was not yet.
async function isConsistent(seen, path, head, entry) {
  if (entry.number <= seen.size) return false;
  let [index, last] = [seen.size - 1, head.size - 1];
  while (index % 2 === 1) [index, last] = [Math.floor(index / 2), Math.floor(last / 2)];
  const isSubtree = Number.isInteger(Math.log2(seen.size)); // which the proof does not repeat
  const nodes = isSubtree ? [seen.root, ...path] : path;
  if (nodes.length === 0) return false;
  const [before, after] = await climbed(index, last, nodes.slice(1), nodes[0]);
  return before === seen.root && after === head.root;
}

// What became of a receipt: its result, the checks that were made, and the receipt if it can be read.
async function verify(content, today) {
  const checks = Object.fromEntries(CHECKS.map((name) => [name, "skipped"]));
  const outcome = (result, failed) => {
    if (failed) checks[failed] = "failed";
    return { result, checks, receipt: undefined };
  };
  const pass = (name) => { checks[name] = "passed"; };
  let text, whole;
  try {
    text = typeof content === "string" ? content : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
    whole = JSON.parse(text);
  } catch {
    return outcome("none", "form");
  }
  if (!isObject(whole) || !isObject(whole.receipt)) return outcome("none", "form");
  if (Number.isSafeInteger(whole.receipt.version) && whole.receipt.version > 1) return outcome("newer", "form");
  let isOriginal = false;
  try {
    isOriginal = whole.receipt.version === 1 && isReceipt(whole) && [canonical(whole), `${canonical(whole)}\n`].includes(text);
  } catch { /* a number that is none of ours */ }
  if (!isOriginal) return outcome("altered", "form");
  pass("form");
  const { receipt, signature, effect } = whole;
  if (receipt.key !== told.key) return outcome("foreign", "key");
  pass("key");
  let key;
  try {
    key = await crypto.subtle.importKey("raw", bytes(told.key), "Ed25519", false, ["verify"]);
  } catch {
    return outcome("unsupported");
  }
  if (!(await isSigned(key, "receipt", receipt, signature))) return outcome("altered", "signature");
  pass("signature");
  if (receipt.head !== null) {
    if (!(await isHeadSigned(key, receipt.head))) return outcome("altered", "witness");
    pass("witness");
  }
  if (effect === undefined) {
    const by = receipt.effective_by ?? receipt.latest_by;
    const result = today > by ? "overdue" : receipt.effective_by ? "open" : "open_by_law";
    return { ...outcome(result), receipt, by };
  }
  const { entry, path, head, consistency } = effect;
  const isOfThis = entry.kind === "request_effective" && entry.commitment === await sha256(encoder.encode(canonical(receipt)));
  if (!isOfThis) return outcome("altered", "entry");
  pass("entry");
  if (!(await isIncluded(entry, path, head))) return outcome("altered", "inclusion");
  pass("inclusion");
  if (!(await isHeadSigned(key, head))) return outcome("altered", "head");
  pass("head");
  if (receipt.head !== null) {
    if (!(await isConsistent(receipt.head, consistency, head, entry))) return outcome("altered", "consistency");
    pass("consistency");
  }
  return { ...outcome("effective"), receipt, entry };
}

const day = (value) => new Date(value).toLocaleDateString(told.language, { dateStyle: "long", timeZone: "UTC" });
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const place = (id) => document.getElementById(id);

function show({ result, checks, receipt, entry, by }) {
  const { title, text } = told.results[result];
  const values = { requested: receipt && day(receipt.requested_at), effective: entry && day(entry.at), run: entry?.run, by: by && day(by) };
  const isGood = ["effective", "open", "open_by_law"].includes(result);
  place("result").className = `result ${isGood ? "good" : "bad"}`;
  place("result").dataset.result = result;
  place("result-title").textContent = title;
  place("result-text").textContent = fill(text, values);
  place("result-about").textContent = receipt
    ? `${fill(told.number, receipt)}. ${fill(told.about, { scope: told.scopes[receipt.scope] })}.` : "";
  place("result-checks").replaceChildren(...CHECKS.map((name) => {
    const item = document.createElement("li");
    item.className = checks[name];
    item.textContent = `${told.checks[name]} : ${told.states[checks[name]]}`.replace(" :", told.language === "fr" ? "\u00a0:" : ":");
    return item;
  }));
  place("result").hidden = false;
  place("result").focus();
}

async function examine(content) {
  const today = new Date().toISOString().slice(0, 10);
  show(globalThis.crypto?.subtle ? await verify(content, today) : { result: "unsupported", checks: Object.fromEntries(CHECKS.map((name) => [name, "skipped"])) });
}

const readFile = async (file) => { if (file) await examine(await file.arrayBuffer()); };
place("file").addEventListener("change", (event) => readFile(event.target.files[0]));
place("verify").addEventListener("click", () => examine(place("text").value));
place("drop").addEventListener("dragover", (event) => { event.preventDefault(); place("drop").classList.add("over"); });
place("drop").addEventListener("dragleave", () => place("drop").classList.remove("over"));
place("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  place("drop").classList.remove("over");
  readFile(event.dataTransfer.files[0]);
});
place("tool").hidden = false;
globalThis.verifyReceipt = verify;
