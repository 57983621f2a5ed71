import crypto, { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { HashName, Mac } from '@kaon/interface/crypto/v1';
import { DIGEST, DIGEST_LENGTH } from './hash.ts';

/** Longest input in bytes that is hashed in one shot: beyond, what a hash object costs no longer shows. */
const ONE_SHOT_LENGTH = 4096;

/**
 * HMAC (RFC 2104) under one key. Inputs of up to `ONE_SHOT_LENGTH` bytes, as STUN, SRTP and the DTLS key schedule have them, are hashed in
 * one shot where the platform can; the rest, and everything on Bun, whose `createHmac` is fast, goes by that.
 */
export function createMac(hash: HashName, key: Uint8Array): Mac {
  return hasOneShot() ? new OneShotMac(hash, key) : new NodeMac(hash, key);
}

let oneShot: boolean | undefined;

/** Whether `crypto.hash` is there, as in Node, and gives one character per byte. */
function hasOneShot(): boolean {
  if (oneShot === undefined) {
    try {
      oneShot = !('Bun' in globalThis) && crypto.hash('sha1', new Uint8Array(1), 'binary').length === 20;
    } catch {
      oneShot = false;
    }
  }
  return oneShot;
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

/**
 * HMAC by its definition, as two hashes: `crypto.hash` makes no objects, so that both together take a fraction of the time that `createHmac` takes
 * for a packet. It gives its digest as a string, one character per byte, since a string is made faster than a buffer.
 */
class OneShotMac implements Mac {
  readonly length: number;
  readonly #hash: HashName;
  readonly #digest: string;
  /** For long inputs, made for the first of them. */
  #plain: Mac | undefined = undefined;
  readonly #block: number;
  /** The key with the inner padding. */
  readonly #inner: Uint8Array;
  /** The key with the outer padding, and room for the inner digest. */
  readonly #outer: Uint8Array;

  constructor(hash: HashName, key: Uint8Array) {
    this.length = DIGEST_LENGTH[hash];
    this.#hash = hash;
    this.#digest = DIGEST[hash];
    this.#block = hash === 'SHA-384' || hash === 'SHA-512' ? 128 : 64;
    this.#inner = new Uint8Array(this.#block);
    if (key.length <= this.#block) this.#inner.set(key);
    else putDigest(this.#inner, 0, crypto.hash(this.#digest, key, 'binary'));
    this.#outer = new Uint8Array(this.#block + this.length);
    for (let i = 0; i < this.#block; i++) {
      this.#outer[i] = this.#inner[i]! ^ 0x5c;
      this.#inner[i]! ^= 0x36;
    }
  }

  sign(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
    let at = this.#block;
    for (const part of parts) at += part.length;
    if (at > scratch.length) {
      this.#long().sign(out, ...parts);
      return;
    }
    at = this.#block;
    for (const part of parts) {
      scratch.set(part, at);
      at += part.length;
    }
    this.#finish(out, at);
  }

  signRange(out: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    const at = this.#block + end - start;
    if (at > scratch.length) {
      this.#long().sign(out, buffer.subarray(start, end));
      return;
    }
    scratch.set(buffer.subarray(start, end), this.#block);
    this.#finish(out, at);
  }

  /** A key of one block, filled up with zeros, is the same key (RFC 2104 §2). */
  #long(): Mac {
    this.#plain ??= new NodeMac(
      this.#hash,
      this.#inner.map((byte) => byte ^ 0x36),
    );
    return this.#plain;
  }

  /** The input stands in the scratch memory already, behind room for the key. */
  #finish(out: Uint8Array, end: number): void {
    scratch.set(this.#inner);
    putDigest(this.#outer, this.#block, crypto.hash(this.#digest, scratch.subarray(0, end), 'binary'));
    putDigest(out, 0, crypto.hash(this.#digest, this.#outer, 'binary'));
  }
}

/** Where key and input are put together; nothing in it is needed after a call. */
const scratch: Uint8Array = new Uint8Array(128 + ONE_SHOT_LENGTH);

function putDigest(out: Uint8Array, at: number, digest: string): void {
  for (let i = 0; i < digest.length; i++) out[at + i] = digest.charCodeAt(i);
}
