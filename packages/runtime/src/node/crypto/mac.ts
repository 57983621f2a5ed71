import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { HashName, Mac } from '@kaon/interface/crypto/v1';
import { DIGEST, DIGEST_LENGTH } from './hash.ts';

/** HMAC (RFC 2104) under one key. */
export function createMac(hash: HashName, key: Uint8Array): Mac {
  return new NodeMac(hash, key);
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
}
