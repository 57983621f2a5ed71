import type { Aead, AeadName, CryptoProvider } from '@kaon/interface/crypto/v1';
import { seededRandom } from '../random.ts';
import { check, checkEqual, checkThrows, type Framework, fromHex, toHex } from './framework.ts';
import { AEAD_VECTORS } from './vectors/aeads.ts';

/** Makes a keyed AEAD. */
type MakeAead = CryptoProvider['aead'];

/** Tests one cipher of a provider, and against `other` where it is given. */
export function aeadTests({ it }: Framework, make: MakeAead, cipher: AeadName, other: MakeAead | undefined): void {
  const keyLength = cipher === 'AES-128-GCM' ? 16 : 32;
  const random = seededRandom(11);
  const key = random.bytes(keyLength);

  for (const vector of AEAD_VECTORS.filter((each) => each.cipher === cipher)) {
    it(`${cipher}: ${vector.name}`, () => {
      const aead = make(cipher, fromHex(vector.key));
      checkEqual(aead.tagLength, 16, 'tagLength');
      const plaintext = fromHex(vector.plaintext);
      const sealed = seal(aead, fromHex(vector.nonce), fromHex(vector.aad), plaintext);
      checkEqual(toHex(sealed), vector.ciphertext + vector.tag, 'sealed');
      checkEqual(open(aead, fromHex(vector.nonce), fromHex(vector.aad), sealed), plaintext, 'opened');
    });
  }

  it(`${cipher}: works in place, at any offset, and touches nothing else`, () => {
    const aead = make(cipher, key);
    for (const [start, length] of [
      [0, 5],
      [3, 100],
      [13, 1163],
      [64, 0],
    ] as const) {
      const plaintext = random.bytes(length);
      const buffer = new Uint8Array(start + length + 16 + 9).fill(0xa5);
      buffer.set(plaintext, start);
      const nonce = random.bytes(12);
      const aad = random.bytes(13);
      const end = aead.seal(nonce, aad, buffer, start, start + length);
      checkEqual(end, start + length + 16, 'end of the sealed bytes');
      check(
        buffer.subarray(0, start).every((byte) => byte === 0xa5),
        'seal wrote in front',
      );
      check(
        buffer.subarray(end).every((byte) => byte === 0xa5),
        'seal wrote behind',
      );
      const back = aead.open(nonce, aad, buffer, start, end);
      checkEqual(back, start + length, 'end of the opened bytes');
      checkEqual(buffer.slice(start, back), plaintext, 'plaintext');
      check(
        buffer.subarray(0, start).every((byte) => byte === 0xa5),
        'open wrote in front',
      );
    }
  });

  it(`${cipher}: every size from 0 to 300 and some large ones`, () => {
    const aead = make(cipher, key);
    const peer = make(cipher, key);
    for (const length of [...Array(301).keys(), 1000, 1200, 4096, 16_384, 65_000]) {
      const plaintext = random.bytes(length);
      const nonce = random.bytes(12);
      checkEqual(open(peer, nonce, EMPTY, seal(aead, nonce, EMPTY, plaintext)), plaintext, `${length} bytes`);
    }
  });

  it(`${cipher}: sequential, repeated, backward and random nonces`, () => {
    const aead = make(cipher, key);
    const peer = make(cipher, key);
    const nonces: Uint8Array[] = [];
    for (let i = 0; i < 100; i++) nonces.push(counted(i));
    for (let i = 250; i < 260; i++) nonces.push(counted(i));
    for (let i = 65_530; i < 65_540; i++) nonces.push(counted(i));
    for (let i = 2 ** 32 - 5; i < 2 ** 32 + 5; i++) nonces.push(counted(i));
    for (let i = 50; i > 0; i--) nonces.push(counted(i));
    for (let i = 0; i < 100; i++) nonces.push(random.bytes(12), counted(i * 3), counted(7));
    const sealed = nonces.map((nonce, i) => seal(aead, nonce, counted(i), new Uint8Array(i % 90).fill(i)));
    const order = nonces.map((_, i) => i);
    for (const list of [order, [...order].reverse(), order.map(() => random.integer(0, nonces.length - 1))]) {
      for (const i of list) {
        const opened = open(peer, nonces[i]!, counted(i), sealed[i]!);
        checkEqual(opened, new Uint8Array(i % 90).fill(i), `packet ${i}`);
      }
    }
  });

  it(`${cipher}: seals the same whatever was sealed or opened before`, () => {
    const used = make(cipher, key);
    for (let i = 0; i < 200; i++) {
      const nonce = random.chance(0.5) ? counted(i) : random.bytes(12);
      const data = random.bytes(random.integer(0, 1500));
      const aad = random.bytes(random.integer(0, 20));
      const fresh = seal(make(cipher, key), nonce, aad, data);
      checkEqual(toHex(seal(used, nonce, aad, data)), toHex(fresh), `packet ${i}`);
      if (random.chance(0.3)) check(used.open(nonce, aad, random.bytes(40), 0, 40) === -1, 'noise was accepted');
    }
  });

  it(`${cipher}: refuses any flipped bit of ciphertext, tag, nonce and associated data with -1`, () => {
    const aead = make(cipher, key);
    const nonce = counted(5);
    const aad = random.bytes(13);
    const sealed = seal(aead, nonce, aad, random.bytes(40));
    const refused = (n: Uint8Array, a: Uint8Array, s: Uint8Array, what: string): void => {
      const copy = s.slice();
      checkEqual(aead.open(n, a, copy, 0, copy.length), -1, what);
    };
    for (let bit = 0; bit < sealed.length * 8; bit++)
      refused(nonce, aad, flip(sealed, bit), `bit ${bit} of the record`);
    for (let bit = 0; bit < aad.length * 8; bit++) refused(nonce, flip(aad, bit), sealed, `bit ${bit} of the aad`);
    for (let bit = 0; bit < 96; bit++) refused(flip(nonce, bit), aad, sealed, `bit ${bit} of the nonce`);
    refused(nonce, aad.subarray(1), sealed, 'a shorter aad');
    checkEqual(open(aead, nonce, aad, sealed) !== undefined, true, 'the genuine record after all that');
  });

  it(`${cipher}: open answers -1 for everything too short to hold a tag`, () => {
    const aead = make(cipher, key);
    for (let length = 0; length < 16; length++) {
      checkEqual(aead.open(counted(1), EMPTY, new Uint8Array(20), 0, length), -1, `${length} bytes`);
    }
  });

  it(`${cipher}: only reads nonce and associated data, and keeps no hold of them or of the key`, () => {
    const mutable = key.slice();
    const aead = make(cipher, mutable);
    const nonce = counted(3);
    const aad = random.bytes(13);
    const texts = [toHex(nonce), toHex(aad)];
    const first = seal(aead, nonce, aad, Uint8Array.of(1, 2, 3));
    checkEqual([toHex(nonce), toHex(aad)], texts, 'nonce and aad after seal');
    mutable.fill(0);
    nonce.fill(9);
    aad.fill(9);
    checkEqual(
      open(make(cipher, key), fromHex(texts[0]!), fromHex(texts[1]!), first),
      Uint8Array.of(1, 2, 3),
      'opened',
    );
    checkEqual(
      toHex(seal(aead, fromHex(texts[0]!), fromHex(texts[1]!), Uint8Array.of(1, 2, 3))),
      toHex(first),
      'again',
    );
  });

  it(`${cipher}: two keys side by side do not disturb each other`, () => {
    const one = make(cipher, key);
    const two = make(cipher, random.bytes(keyLength));
    for (let i = 0; i < 50; i++) {
      const a = seal(one, counted(i), EMPTY, new Uint8Array(50).fill(1));
      const b = seal(two, counted(i), EMPTY, new Uint8Array(50).fill(2));
      checkEqual(open(one, counted(i), EMPTY, a), new Uint8Array(50).fill(1), 'the first key');
      checkEqual(open(two, counted(i), EMPTY, b), new Uint8Array(50).fill(2), 'the second key');
      checkEqual(open(one, counted(i), EMPTY, b), undefined, 'the wrong key');
    }
  });

  it(`${cipher}: refuses keys of another length with RangeError`, () => {
    for (const length of [0, 15, keyLength === 16 ? 32 : 16, 33]) {
      check(
        checkThrows(() => make(cipher, new Uint8Array(length)), `a key of ${length} bytes`) instanceof RangeError,
        `not a RangeError for ${length}`,
      );
    }
  });

  if (other !== undefined) {
    it(`${cipher}: is understood by the other provider`, () => {
      const mine = make(cipher, key);
      const theirs = other(cipher, key);
      for (let i = 0; i < 60; i++) {
        const data = random.bytes(i * 7);
        checkEqual(open(theirs, counted(i), counted(i), seal(mine, counted(i), counted(i), data)), data, 'theirs');
        checkEqual(open(mine, counted(i), counted(i), seal(theirs, counted(i), counted(i), data)), data, 'mine');
      }
    });
  }
}

const EMPTY = new Uint8Array(0);

/** The nonce of DTLS 1.2 records: a fixed part and a counter. */
function counted(count: number): Uint8Array {
  const nonce = Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 0, 1, 0, 0, 0, 0, 0, 0);
  const view = new DataView(nonce.buffer);
  view.setUint16(6, Math.floor(count / 2 ** 32));
  view.setUint32(8, count >>> 0);
  return nonce;
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return flipped;
}

function seal(aead: Aead, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(plaintext.length + 16);
  buffer.set(plaintext);
  return buffer.slice(0, aead.seal(nonce, aad, buffer, 0, plaintext.length));
}

/** The plaintext, or undefined when it is refused. Leaves `sealed` as it is. */
function open(aead: Aead, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const buffer = sealed.slice();
  const end = aead.open(nonce, aad, buffer, 0, buffer.length);
  return end < 0 ? undefined : buffer.slice(0, end);
}
