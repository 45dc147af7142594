// Node: verify a handle and look its payload up, for both Node proxies.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

const { PEER_KEY, HANDLES, TENANT } = process.env;
const key = readFileSync(PEER_KEY);
const vault = new Map();
for (const line of readFileSync(HANDLES, "utf8").split("\n")) {
  const at = line.indexOf("\t");
  if (at > 0) vault.set(line.slice(0, at), line.slice(at + 1));
}

// The members of the handle's payload, as JSON text without braces.
export function redeem(handle) {
  if (handle.length !== 77 || !handle.startsWith("klk1_")) return;
  const bytes = Buffer.from(handle.slice(5), "base64url");
  if (bytes.length !== 54) return;
  const mac = createHmac("sha256", key).update(TENANT).update("\0").update(bytes.subarray(0, 38)).digest();
  if (!timingSafeEqual(mac.subarray(0, 16), bytes.subarray(38))) return;
  if (bytes.readUInt32BE(34) < Date.now() / 1000) return;
  return vault.get(bytes.toString("hex", 0, 16));
}
