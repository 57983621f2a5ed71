import { createECDH, createHash, createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { AeadName, GroupName, HashName } from '@kaon/interface/crypto/v1';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../src/node/index.ts';
import { bytes, hex } from '../helpers.ts';

const ABC = new TextEncoder().encode('abc');

/** FIPS 180-4 examples and RFC 1321 §A.5, for "abc". */
const ABC_DIGESTS: readonly (readonly [HashName, string])[] = [
  ['MD5', '900150983cd24fb0d6963f7d28e17f72'],
  ['SHA-1', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['SHA-224', '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7'],
  ['SHA-256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['SHA-384', 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7'],
  [
    'SHA-512',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
];

describe.each(ABC_DIGESTS)('hash %s', (name, expected) => {
  it('gives the published digest and knows its length', () => {
    const hash = nodeCrypto.hash(name);
    expect(hex(hash.update(ABC).digest())).toBe(expected);
    expect(hash.length).toBe(expected.length / 2);
  });

  it('goes on after it was read', () => {
    const hash = nodeCrypto.hash(name).update(ABC.subarray(0, 1));
    hash.digest();
    expect(hex(hash.update(ABC.subarray(1)).digest())).toBe(expected);
    expect(hex(hash.digest())).toBe(expected);
  });
});

/** RFC 2202 and RFC 4231, test case 2. */
const JEFE: readonly (readonly [HashName, string])[] = [
  ['MD5', '750c783e6ab0b503eaa86e310a5db738'],
  ['SHA-1', 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
  ['SHA-224', 'a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44'],
  ['SHA-256', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
  ['SHA-384', 'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649'],
  [
    'SHA-512',
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  ],
];

describe.each(JEFE)('HMAC with %s', (name, expected) => {
  it('gives the published tag over parts, and only its own bytes of the output', () => {
    const mac = nodeCrypto.mac(name, new TextEncoder().encode('Jefe'));
    const out = new Uint8Array(mac.length + 2).fill(0xee);
    const data = new TextEncoder().encode('what do ya want for nothing?');
    for (let i = 0; i < 2; i++) mac.sign(out, data.subarray(0, 7), data.subarray(7, 7), data.subarray(7));
    expect(hex(out)).toBe(`${expected}eeee`);
  });

  it('takes keys of any length, the empty one too, and keeps no view of them', () => {
    for (const length of [0, 1, 63, 64, 65, 200]) {
      const key = new Uint8Array(length).fill(7);
      const mac = nodeCrypto.mac(name, key);
      const expectedTag = createHmac(name.replace('-', '').toLowerCase(), key).update(ABC).digest();
      key.fill(0);
      const out = new Uint8Array(mac.length);
      mac.sign(out, ABC);
      expect(hex(out)).toBe(hex(expectedTag));
    }
  });
});

interface AeadVector {
  readonly name: AeadName;
  readonly source: string;
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly sealed: string;
}

const GCM_TEXT =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39';
const GCM_AAD = 'feedfacedeadbeeffeedfacedeadbeefabaddad2';

const AEAD_VECTORS: readonly AeadVector[] = [
  {
    name: 'AES-128-GCM',
    source: 'McGrew and Viega, test case 1',
    key: '00000000000000000000000000000000',
    nonce: '000000000000000000000000',
    aad: '',
    plaintext: '',
    sealed: '58e2fccefa7e3061367f1d57a4e7455a',
  },
  {
    name: 'AES-128-GCM',
    source: 'McGrew and Viega, test case 4',
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    aad: GCM_AAD,
    plaintext: GCM_TEXT,
    sealed:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47',
  },
  {
    name: 'AES-256-GCM',
    source: 'McGrew and Viega, test case 16',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    aad: GCM_AAD,
    plaintext: GCM_TEXT,
    sealed:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b',
  },
  {
    name: 'CHACHA20-POLY1305',
    source: 'RFC 8439 §2.8.2',
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '070000004041424344454647',
    aad: '50515253c0c1c2c3c4c5c6c7',
    plaintext: hex(
      new TextEncoder().encode(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ),
    ),
    sealed:
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691',
  },
];

describe.each(AEAD_VECTORS)('AEAD $name, $source', (vector) => {
  const plaintext = bytes(vector.plaintext);
  const aad = bytes(vector.aad);
  const nonce = bytes(vector.nonce);

  function buffer(contents: string): { buffer: Uint8Array; end: number } {
    const inner = bytes(contents);
    const whole = new Uint8Array(inner.length + 40).fill(0xee);
    whole.set(inner, 9);
    return { buffer: whole, end: 9 + inner.length };
  }

  it('seals in place', () => {
    const aead = nodeCrypto.aead(vector.name, bytes(vector.key));
    const { buffer: whole, end } = buffer(vector.plaintext);
    const sealedEnd = aead.seal(nonce, aad, whole, 9, end);
    expect(sealedEnd).toBe(end + aead.tagLength);
    expect(hex(whole.subarray(9, sealedEnd))).toBe(vector.sealed);
    expect(whole.subarray(0, 9).every((byte) => byte === 0xee)).toBe(true);
    expect(whole.subarray(sealedEnd).every((byte) => byte === 0xee)).toBe(true);
  });

  it('opens in place', () => {
    const aead = nodeCrypto.aead(vector.name, bytes(vector.key));
    const { buffer: whole, end } = buffer(vector.sealed);
    expect(aead.open(nonce, aad, whole, 9, end)).toBe(9 + plaintext.length);
    expect(hex(whole.subarray(9, 9 + plaintext.length))).toBe(vector.plaintext);
  });

  it('does not open what was changed in any bit, with other data or another nonce', () => {
    const aead = nodeCrypto.aead(vector.name, bytes(vector.key));
    const bits = vector.sealed.length * 4;
    for (let bit = 0; bit < bits; bit++) {
      const { buffer: whole, end } = buffer(vector.sealed);
      whole[9 + (bit >> 3)]! ^= 1 << (bit & 7);
      expect(aead.open(nonce, aad, whole, 9, end)).toBe(-1);
    }
    for (const [otherNonce, otherAad] of [
      [nonce, Uint8Array.of(1, ...aad)],
      [Uint8Array.from(nonce, (byte) => byte ^ 1), aad],
    ] as const) {
      const { buffer: whole, end } = buffer(vector.sealed);
      expect(aead.open(otherNonce, otherAad, whole, 9, end)).toBe(-1);
    }
    const { buffer: whole, end } = buffer(vector.sealed);
    expect(aead.open(nonce, aad, whole, 9, end)).toBe(end - 16);
  });

  it('does not open what is shorter than a tag', () => {
    const aead = nodeCrypto.aead(vector.name, bytes(vector.key));
    for (let length = 0; length < 16; length++) {
      expect(aead.open(nonce, aad, new Uint8Array(length), 0, length)).toBe(-1);
    }
  });

  it('refuses a key of another length', () => {
    for (const length of [0, 15, 17, 24, 31, 33, vector.key.length === 32 ? 32 : 16]) {
      expect(() => nodeCrypto.aead(vector.name, new Uint8Array(length))).toThrow(RangeError);
    }
  });
});

const GROUPS: readonly (readonly [GroupName, number, number])[] = [
  ['X25519', 32, 32],
  ['P-256', 65, 32],
  ['P-384', 97, 48],
];

describe.each(GROUPS)('key agreement on %s', (group, publicLength, secretLength) => {
  it('gives both sides the same secret', () => {
    for (let i = 0; i < 20; i++) {
      const [a, b] = [nodeCrypto.keyAgreement(group), nodeCrypto.keyAgreement(group)];
      const secret = a.agree(b.publicKey);
      expect(a.publicKey).toHaveLength(publicLength);
      expect(secret).toHaveLength(secretLength);
      expect(secret).toEqual(b.agree(a.publicKey));
      expect(secret).not.toEqual(nodeCrypto.keyAgreement(group).agree(b.publicKey));
    }
  });

  it('does not accept another length, or bytes that are no key', () => {
    const own = nodeCrypto.keyAgreement(group);
    const peer = nodeCrypto.keyAgreement(group).publicKey;
    for (let length = 0; length < publicLength; length++) expect(own.agree(peer.subarray(0, length))).toBeUndefined();
    expect(own.agree(Uint8Array.of(...peer, 0))).toBeUndefined();
    expect(own.agree(new Uint8Array(publicLength))).toBeUndefined();
  });
});

describe('key agreement', () => {
  it('on X25519 does not accept points of small order (RFC 7748 §6.1)', () => {
    // The points of https://cr.yp.to/ecdh.html#validate.
    for (const point of [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    ]) {
      expect(nodeCrypto.keyAgreement('X25519').agree(bytes(point))).toBeUndefined();
    }
  });

  it('on P-256 does not accept a point off the curve or a compressed one', () => {
    const own = nodeCrypto.keyAgreement('P-256');
    const off = nodeCrypto.keyAgreement('P-256').publicKey.slice();
    off[64]! ^= 1;
    expect(own.agree(off)).toBeUndefined();
    const ecdh = createECDH('prime256v1');
    ecdh.generateKeys();
    expect(own.agree(ecdh.getPublicKey(null, 'compressed'))).toBeUndefined();
    expect(own.agree(ecdh.getPublicKey(null, 'hybrid'))).toBeUndefined();
    expect(own.agree(ecdh.getPublicKey())).toBeDefined();
  });
});

const SCHEME_NAMES: Readonly<Record<number, string>> = {
  1027: 'ecdsa_secp256r1_sha256',
  1283: 'ecdsa_secp384r1_sha384',
  2052: 'rsa_pss_rsae_sha256',
  2053: 'rsa_pss_rsae_sha384',
  2054: 'rsa_pss_rsae_sha512',
  1025: 'rsa_pkcs1_sha256',
  1281: 'rsa_pkcs1_sha384',
  1537: 'rsa_pkcs1_sha512',
  2055: 'ed25519',
};

const KEYS: readonly (readonly [string, { publicKey: KeyObject; privateKey: KeyObject }, readonly number[]])[] = [
  ['P-256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), [0x0403, 0x0503]],
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }), [0x0503, 0x0403]],
  ['RSA 2048', generateKeyPairSync('rsa', { modulusLength: 2048 }), [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601]],
  // Too short for PSS with SHA-512.
  ['RSA 1024', generateKeyPairSync('rsa', { modulusLength: 1024 }), [0x0804, 0x0805, 0x0401, 0x0501]],
  ['Ed25519', generateKeyPairSync('ed25519'), [0x0807]],
];

describe.each(KEYS)('a signer with %s', (_name, { publicKey, privateKey }, schemes) => {
  const signer = nodeCrypto.signer(new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' })));
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const data = new TextEncoder().encode('signed');

  it('signs by its schemes, and what it signed verifies by that scheme alone', () => {
    expect([...signer.schemes].filter((scheme) => schemes.includes(scheme))).toEqual(schemes);
    for (const scheme of signer.schemes) {
      const signature = signer.sign(scheme, data);
      expect(nodeCrypto.verify(scheme, spki, data, signature)).toBe(true);
      for (const other of Object.keys(SCHEME_NAMES).map(Number)) {
        if (other !== scheme) expect(nodeCrypto.verify(other, spki, data, signature)).toBe(false);
      }
    }
  });

  it('makes signatures that fail when anything is changed, and never throws on them', () => {
    for (const scheme of signer.schemes) {
      const signature = signer.sign(scheme, data);
      expect(nodeCrypto.verify(scheme, spki, new TextEncoder().encode('Signed'), signature)).toBe(false);
      for (let length = 0; length < signature.length; length += 7) {
        expect(nodeCrypto.verify(scheme, spki, data, signature.subarray(0, length))).toBe(false);
      }
      for (let bit = 0; bit < signature.length * 8; bit += 29) {
        const changed = signature.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(nodeCrypto.verify(scheme, spki, data, changed)).toBe(false);
      }
      for (let length = 0; length < spki.length; length += 5) {
        expect(nodeCrypto.verify(scheme, spki.subarray(0, length), data, signature)).toBe(false);
      }
    }
  });

  it('throws on a scheme of another kind of key', () => {
    for (const scheme of [...Object.keys(SCHEME_NAMES).map(Number), 0x0203, 0x0201, 0]) {
      if (signer.schemes.includes(scheme)) continue;
      expect(() => signer.sign(scheme, data)).toThrow(
        expect.objectContaining({ code: 'RUNTIME_BAD_SIGNATURE_SCHEME' }),
      );
    }
  });
});

describe('verify', () => {
  /** RFC 6979 §A.2.5, the key and the signatures of "sample". */
  const p256 = new Uint8Array(
    createPublicKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        x: Buffer.from(bytes('60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6')).toString('base64url'),
        y: Buffer.from(bytes('7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299')).toString('base64url'),
      },
    }).export({ format: 'der', type: 'spki' }),
  );
  const sample = new TextEncoder().encode('sample');

  it.each([
    [
      0x0403,
      '3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    ],
    [
      0x0203,
      '3044022061340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d3202206d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb',
    ],
  ])('takes the signature of RFC 6979 by scheme %i', (scheme, signature) => {
    expect(nodeCrypto.verify(scheme, p256, sample, bytes(signature))).toBe(true);
    expect(nodeCrypto.verify(scheme, p256, ABC, bytes(signature))).toBe(false);
  });

  it('takes the signature of RFC 8032 §7.1, test 2', () => {
    const key = bytes('302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
    const signature = bytes(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
    expect(nodeCrypto.verify(0x0807, key, Uint8Array.of(0x72), signature)).toBe(true);
    expect(nodeCrypto.verify(0x0807, key, Uint8Array.of(0x73), signature)).toBe(false);
  });

  it('is false for unknown schemes and keys that are none', () => {
    for (const scheme of [0, 0x0402, 0x0808, 0xffff, -1])
      expect(nodeCrypto.verify(scheme, p256, sample, ABC)).toBe(false);
    for (let length = 0; length < p256.length; length++) {
      expect(nodeCrypto.verify(0x0403, p256.subarray(0, length), sample, ABC)).toBe(false);
    }
  });
});

describe('signer', () => {
  it.each(['', '00', '3003020100', hex(createHash('sha512').update('noise').digest())])(
    'refuses the bytes %j',
    (text) => {
      expect(() => nodeCrypto.signer(bytes(text))).toThrow(
        expect.objectContaining({ code: 'RUNTIME_BAD_PRIVATE_KEY' }),
      );
    },
  );

  it.each([
    ['X25519', generateKeyPairSync('x25519').privateKey],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey],
  ])('refuses a key on %s', (_name, key) => {
    expect(() => nodeCrypto.signer(key.export({ format: 'der', type: 'pkcs8' }))).toThrow(
      expect.objectContaining({ code: 'RUNTIME_BAD_PRIVATE_KEY' }),
    );
  });
});

describe('random', () => {
  it('fills all of the array, and with something else each time', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const out = new Uint8Array(32);
      nodeCrypto.random(out.subarray(8, 24));
      expect(out.subarray(0, 8).every((byte) => byte === 0)).toBe(true);
      expect(out.subarray(24).every((byte) => byte === 0)).toBe(true);
      seen.add(hex(out));
    }
    expect(seen.size).toBe(50);
  });

  it('fills arrays above the 65536 bytes that WebCrypto allows', () => {
    const out = new Uint8Array(100_000);
    nodeCrypto.random(out);
    expect(out.subarray(99_000).some((byte) => byte !== 0)).toBe(true);
  });
});
