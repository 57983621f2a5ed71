import type { CryptoProvider, HashName } from '@kaon/interface/crypto/v1';
import { concatBytes, encodeUtf8 } from '@kaon/wire';

/** The TLS 1.2 pseudorandom function (RFC 5246 §5): P_hash(secret, label + seed), `length` bytes. */
export function prf(
  crypto: Pick<CryptoProvider, 'mac'>,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array {
  const mac = crypto.mac(hash, secret);
  const labelled = concatBytes(encodeUtf8(label), seed);
  const out = new Uint8Array(length);
  const a = new Uint8Array(mac.length);
  const block = new Uint8Array(mac.length);
  mac.sign(a, labelled);
  for (let at = 0; at < length; at += mac.length) {
    mac.sign(block, a, labelled);
    out.set(block.subarray(0, Math.min(mac.length, length - at)), at);
    const next = a.slice();
    mac.sign(a, next);
  }
  return out;
}
