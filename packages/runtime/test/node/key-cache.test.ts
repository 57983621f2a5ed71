import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicKeyCount, publicKeyFrom } from '../../src/node/crypto/key-cache.ts';
import { nodeCrypto } from '../../src/node/index.ts';

const DATA = Uint8Array.of(1, 2, 3);

function keyPair(): { spki: Uint8Array; pkcs8: Uint8Array } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    spki: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    pkcs8: new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })),
  };
}

describe('public keys', () => {
  it('are read once, by their bytes', () => {
    const { spki } = keyPair();
    expect(publicKeyFrom(spki.slice())).toBe(publicKeyFrom(spki));
  });

  it('that are no keys are not kept', () => {
    const before = publicKeyCount();
    expect(() => publicKeyFrom(new Uint8Array(91))).toThrow();
    expect(publicKeyCount()).toBe(before);
  });

  it('are kept 64 at most, those used last', () => {
    const first = keyPair().spki;
    const second = keyPair().spki;
    const kept = publicKeyFrom(first);
    const lost = publicKeyFrom(second);
    for (let i = 0; i < 63; i++) {
      publicKeyFrom(keyPair().spki);
      publicKeyFrom(first);
    }
    expect(publicKeyCount()).toBe(64);
    expect(publicKeyFrom(first)).toBe(kept);
    expect(publicKeyFrom(second)).not.toBe(lost);
  });
});

describe('signers', () => {
  it('are made once for an array, and anew when its bytes change', () => {
    const [one, other] = [keyPair(), keyPair()];
    const array = one.pkcs8.slice();
    const signer = nodeCrypto.signer(array);
    expect(nodeCrypto.signer(array)).toBe(signer);
    expect(nodeCrypto.signer(array.slice())).not.toBe(signer);
    array.set(other.pkcs8);
    const changed = nodeCrypto.signer(array);
    expect(nodeCrypto.verify(0x0403, other.spki, DATA, changed.sign(0x0403, DATA))).toBe(true);
    expect(nodeCrypto.verify(0x0403, one.spki, DATA, signer.sign(0x0403, DATA))).toBe(true);
    array.fill(0);
    expect(() => nodeCrypto.signer(array)).toThrow(expect.objectContaining({ code: 'RUNTIME_BAD_PRIVATE_KEY' }));
  });
});
