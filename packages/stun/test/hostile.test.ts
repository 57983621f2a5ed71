import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  decodeMessage,
  defaultCrypto,
  encodeMessage,
  isStun,
  verifyFingerprint,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../src/index.ts';
import { SAMPLES } from './helpers/attributes.ts';
import { request } from './helpers/message.ts';
import * as vectors from './vectors/rfc5769.ts';

const sha1 = defaultCrypto.mac('SHA-1', new Uint8Array(1));
const sha256 = defaultCrypto.mac('SHA-256', new Uint8Array(1));
const inputs: [string, Uint8Array][] = [
  ...Object.entries(vectors).filter((entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array),
  ...SAMPLES.map(([attribute], i): [string, Uint8Array] => [
    `${attribute.type} (${i})`,
    encodeMessage(request(attribute), { integrity: sha1, integritySha256: sha256, fingerprint: true }),
  ]),
];

/** Everything that looks at a peer's bytes. */
function feed(bytes: Uint8Array): void {
  isStun(bytes);
  verifyFingerprint(bytes);
  const message = decodeMessage(bytes);
  // What was read can be written: no reader lets something pass that its writer refuses.
  if (!isMalformed(message)) encodeMessage(message);
}

describe.each(inputs)('%s', (_, vector) => {
  it('every prefix is refused', () => {
    for (let length = 0; length < vector.length; length++) {
      const prefix = vector.slice(0, length);
      expect(isMalformed(decodeMessage(prefix))).toBe(true);
      expect([verifyFingerprint(prefix), verifyIntegrity(prefix, sha1), verifyIntegritySha256(prefix, sha256)]).toEqual(
        [false, false, false],
      );
    }
  });

  it('every flipped bit is survived', () => {
    for (let bit = 0; bit < vector.length * 8; bit++) {
      const flipped = vector.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      feed(flipped);
    }
  });

  it('every prefix whose length field agrees is survived', () => {
    for (let length = 20; length < vector.length; length += 4) {
      const prefix = vector.slice(0, length);
      prefix[2] = (length - 20) >> 8;
      prefix[3] = length - 20;
      feed(prefix);
      verifyIntegrity(prefix, sha1);
      verifyIntegritySha256(prefix, sha256);
    }
  });
});
