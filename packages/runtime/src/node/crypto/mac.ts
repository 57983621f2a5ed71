import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { HashName, Mac } from '@kaon/interface/crypto/v1';
import { DIGEST, DIGEST_LENGTH } from './hash.ts';
import { createWasmHmacSha1 } from './sha1.ts';

/** HMAC (RFC 2104) under one key. HMAC-SHA1 of short inputs, which STUN and SRTP have, goes through a WebAssembly kernel where that runs. */
export function createMac(hash: HashName, key: Uint8Array): Mac {
  const plain = new NodeMac(hash, key);
  return hash === 'SHA-1' ? (createWasmHmacSha1(key, plain) ?? plain) : plain;
}

class NodeMac implements Mac {
  readonly length: number;
  readonly #digest: string;
  readonly #key: KeyObject;

  constructor(hash: HashName, key: Uint8Array) {
    this.length = DIGEST_LENGTH[hash];
    this.#digest = DIGEST[hash];
    this.#key = createSecretKey(key);
  }

  sign(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
    const hmac = createHmac(this.#digest, this.#key);
    for (const part of parts) hmac.update(part);
    out.set(hmac.digest());
  }

  signRange(out: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    this.sign(out, buffer.subarray(start, end));
  }
}
