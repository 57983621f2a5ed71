import * as node from 'node:crypto';
import { DtlsError, portableCrypto, SIGNATURE_SCHEME, subjectPublicKeyInfo } from '@kaon/dtls';
import type { GroupName } from '@kaon/interface/crypto/v1';
import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeRsaPublicKey } from '../src/crypto/rsa-verify.ts';
import { certificateOf, type IdentityName, keyOf, nodeRsaSigner } from './helpers/identity.ts';
import { hex, mangle } from './helpers/mangle.ts';

const DATA = new TextEncoder().encode('what is signed');

function spkiOf(name: IdentityName): Uint8Array {
  const spki = subjectPublicKeyInfo(certificateOf(name));
  if (isMalformed(spki)) throw new Error('malformed');
  return spki;
}

describe('AEADs', () => {
  const NODE = {
    'AES-128-GCM': 'aes-128-gcm',
    'AES-256-GCM': 'aes-256-gcm',
    'CHACHA20-POLY1305': 'chacha20-poly1305',
  } as const;

  it.each(['AES-128-GCM', 'AES-256-GCM', 'CHACHA20-POLY1305'] as const)(
    '%s agrees with Node at every length, in place',
    (name) => {
      const key = node.randomBytes(name === 'AES-128-GCM' ? 16 : 32);
      const aead = portableCrypto.aead(name, key);
      for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 100, 1200, 5000]) {
        const nonce = node.randomBytes(12);
        const aad = node.randomBytes(length % 23);
        const data = node.randomBytes(length);
        const cipher = node.createCipheriv(NODE[name] as 'aes-128-gcm', key, nonce, { authTagLength: 16 });
        cipher.setAAD(aad, { plaintextLength: length });
        const expected = Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
        const buffer = new Uint8Array(length + 30).fill(7);
        buffer.set(data, 5);
        expect(aead.seal(nonce, aad, buffer, 5, 5 + length)).toBe(5 + length + 16);
        expect(Buffer.from(buffer.subarray(5, 5 + length + 16))).toEqual(expected);
        expect([...buffer.subarray(0, 5), ...buffer.subarray(21 + length)].every((byte) => byte === 7)).toBe(true);
        expect(aead.open(nonce, aad, buffer, 5, 21 + length)).toBe(5 + length);
        expect(Buffer.from(buffer.subarray(5, 5 + length))).toEqual(data);
      }
    },
  );

  it('refuse keys of other lengths', () => {
    expect(() => portableCrypto.aead('AES-128-GCM', new Uint8Array(32))).toThrow(RangeError);
    expect(() => portableCrypto.aead('AES-256-GCM', new Uint8Array(16))).toThrow(RangeError);
    expect(() => portableCrypto.aead('CHACHA20-POLY1305', new Uint8Array(16))).toThrow(RangeError);
  });

  it('answer -1 to what is shorter than a tag', () => {
    for (const name of ['AES-256-GCM', 'CHACHA20-POLY1305'] as const) {
      const aead = portableCrypto.aead(name, new Uint8Array(32));
      expect(aead.open(new Uint8Array(12), new Uint8Array(0), new Uint8Array(40), 3, 18)).toBe(-1);
    }
  });
});

describe('keyAgreement', () => {
  const CURVES = { 'P-256': 'prime256v1', 'P-384': 'secp384r1' } as const;

  it.each(['P-256', 'P-384'] as const)('%s agrees with Node', (group) => {
    const peer = node.createECDH(CURVES[group]);
    const theirs = new Uint8Array(peer.generateKeys());
    const ours = portableCrypto.keyAgreement(group);
    expect(Buffer.from(ours.agree(theirs) as Uint8Array)).toEqual(peer.computeSecret(ours.publicKey));
  });

  it.each(['X25519', 'P-256', 'P-384'] as const)(
    '%s gives both sides one secret and refuses bad keys',
    (group: GroupName) => {
      const a = portableCrypto.keyAgreement(group);
      const b = portableCrypto.keyAgreement(group);
      expect(a.agree(b.publicKey)).toEqual(b.agree(a.publicKey));
      expect(a.agree(new Uint8Array(0))).toBeUndefined();
      expect(a.agree(b.publicKey.subarray(1))).toBeUndefined();
      expect(a.agree(new Uint8Array(b.publicKey.length))).toBeUndefined();
      const off = b.publicKey.slice();
      off[off.length - 1]! ^= 1;
      // Off the curve; for X25519 every string is a point.
      if (group !== 'X25519') expect(a.agree(off)).toBeUndefined();
    },
  );
});

describe('verify', () => {
  const RSA_SCHEMES = [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201];

  it.each(RSA_SCHEMES)('takes RSA signatures of scheme %i by Node, and nothing near them', (scheme) => {
    const signature = nodeRsaSigner(keyOf('rsa2048')).sign(scheme, DATA);
    const spki = spkiOf('rsa2048');
    expect(portableCrypto.verify(scheme, spki, DATA, signature)).toBe(true);
    expect(portableCrypto.verify(scheme, spki, DATA.subarray(1), signature)).toBe(false);
    for (const at of [0, 100, 255]) {
      const wrong = signature.slice();
      wrong[at]! ^= 0x40;
      expect(portableCrypto.verify(scheme, spki, DATA, wrong)).toBe(false);
    }
    expect(portableCrypto.verify(scheme, spki, DATA, signature.subarray(1))).toBe(false);
    expect(portableCrypto.verify(scheme, spki, DATA, new Uint8Array(256).fill(255))).toBe(false);
    expect(portableCrypto.verify(scheme, spki, DATA, new Uint8Array(256))).toBe(false);
    for (const other of RSA_SCHEMES) {
      if (other !== scheme) expect(portableCrypto.verify(other, spki, DATA, signature)).toBe(false);
    }
  });

  it('takes PSS signatures of keys whose length is not a multiple of eight', () => {
    for (const modulusLength of [1025, 1031]) {
      const pair = node.generateKeyPairSync('rsa', { modulusLength });
      const spki = new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }));
      const signature = nodeRsaSigner(new Uint8Array(pair.privateKey.export({ format: 'der', type: 'pkcs8' }))).sign(
        0x0804,
        DATA,
      );
      expect(portableCrypto.verify(0x0804, spki, DATA, signature)).toBe(true);
    }
  });

  it.each(['p256', 'p384', 'ed25519'] as const)('takes signatures of %s keys by Node, with either hash', (name) => {
    const key = node.createPrivateKey({ key: Buffer.from(keyOf(name)), format: 'der', type: 'pkcs8' });
    const schemes: [number, string | null][] =
      name === 'ed25519'
        ? [[0x0807, null]]
        : [
            [0x0403, 'sha256'],
            [0x0503, 'sha384'],
            [0x0203, 'sha1'],
          ];
    for (const [scheme, hash] of schemes) {
      const signature = new Uint8Array(node.sign(hash, DATA, key));
      expect(portableCrypto.verify(scheme, spkiOf(name), DATA, signature)).toBe(true);
      expect(portableCrypto.verify(scheme, spkiOf(name), DATA.subarray(1), signature)).toBe(false);
      expect(portableCrypto.verify(scheme, spkiOf('other'), DATA, signature)).toBe(false);
      expect(portableCrypto.verify(scheme, spkiOf('rsa2048'), DATA, signature)).toBe(false);
      expect(portableCrypto.verify(0x9999, spkiOf(name), DATA, signature)).toBe(false);
    }
  });

  it('never throws on keys and signatures that are none', () => {
    for (const name of ['p256', 'ed25519', 'rsa2048'] as const) {
      const spki = spkiOf(name);
      const scheme = { p256: 0x0403, ed25519: 0x0807, rsa2048: 0x0401 }[name];
      for (let length = 0; length < spki.length; length += 3) {
        expect(portableCrypto.verify(scheme, spki.subarray(0, length), DATA, new Uint8Array(64))).toBe(false);
      }
      for (const signature of [hex(''), hex('3000'), hex('3006020100020100'), hex('30800000')]) {
        expect(portableCrypto.verify(scheme, spki, DATA, signature)).toBe(false);
      }
    }
  });

  it('bounds the work an RSA key can ask for', () => {
    const key = (modulus: string, exponent: string): Uint8Array => {
      const integer = (digits: string): string => {
        const length = digits.length / 2;
        return `02${length < 128 ? length.toString(16).padStart(2, '0') : `82${length.toString(16).padStart(4, '0')}`}${digits}`;
      };
      const body = integer(modulus) + integer(exponent);
      return hex(`3082${(body.length / 2).toString(16).padStart(4, '0')}${body}`);
    };
    const modulus = (bits: number): string => `00${'ff'.repeat(bits / 8)}`;
    expect(isMalformed(decodeRsaPublicKey(key(modulus(2048), '010001')))).toBe(false);
    expect(isMalformed(decodeRsaPublicKey(key(modulus(8192), '03')))).toBe(false);
    expect(isMalformed(decodeRsaPublicKey(key(modulus(8200), '03')))).toBe(true);
    expect(isMalformed(decodeRsaPublicKey(key(modulus(512), '03')))).toBe(true);
    expect(isMalformed(decodeRsaPublicKey(key(modulus(2048), '01ffffffffff')))).toBe(true);
    expect(isMalformed(decodeRsaPublicKey(key(modulus(2048), '01')))).toBe(true);
    expect(isMalformed(decodeRsaPublicKey(key(modulus(2048), '02')))).toBe(true);
  });
});

describe('signer', () => {
  it.each(['p256', 'p384', 'ed25519'] as const)('signs with %s keys, as Node can verify', (name) => {
    const signer = portableCrypto.signer(keyOf(name));
    const key = node.createPublicKey(
      node.createPrivateKey({ key: Buffer.from(keyOf(name)), format: 'der', type: 'pkcs8' }),
    );
    for (const scheme of signer.schemes) {
      const hash = scheme === SIGNATURE_SCHEME.ed25519 ? null : scheme === 0x0403 ? 'sha256' : 'sha384';
      expect(node.verify(hash, DATA, key, signer.sign(scheme, DATA))).toBe(true);
    }
    expect(() => signer.sign(0x0401, DATA)).toThrow(DtlsError);
  });

  it('does not sign with RSA, and says what to do', () => {
    expect(() => portableCrypto.signer(keyOf('rsa2048'))).toThrow(
      expect.objectContaining({
        code: 'DTLS_RSA_SIGNING_UNSUPPORTED',
        message: expect.stringContaining('@kaon/runtime/node'),
      }),
    );
  });

  it('throws a coded error on any other bytes', () => {
    for (const name of ['p256', 'ed25519'] as const) {
      mangle(keyOf(name), (bytes) => {
        try {
          portableCrypto.signer(bytes);
        } catch (error) {
          expect((error as DtlsError).code).toMatch(/^DTLS_/);
        }
      });
    }
    expect(() => portableCrypto.signer(new Uint8Array(0))).toThrow(expect.objectContaining({ code: 'DTLS_BAD_KEY' }));
    const x25519 = node.generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' });
    expect(() => portableCrypto.signer(new Uint8Array(x25519))).toThrow(
      expect.objectContaining({ code: 'DTLS_BAD_KEY' }),
    );
  });
});

describe('hash and mac', () => {
  it.each(['MD5', 'SHA-1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'] as const)('%s agrees with Node', (name) => {
    const algorithm = name.replace('-', '').toLowerCase();
    const hash = portableCrypto.hash(name).update(DATA);
    expect(Buffer.from(hash.digest())).toEqual(node.createHash(algorithm).update(DATA).digest());
    hash.update(DATA);
    const twice = node.createHash(algorithm).update(DATA).update(DATA).digest();
    expect(Buffer.from(hash.digest())).toEqual(twice);
    expect(hash.length).toBe(twice.length);
    const mac = portableCrypto.mac(name, hex('0102'));
    const out = new Uint8Array(mac.length);
    for (let i = 0; i < 2; i++) mac.sign(out, DATA, DATA);
    expect(Buffer.from(out)).toEqual(node.createHmac(algorithm, hex('0102')).update(DATA).update(DATA).digest());
  });

  it('random fills what it is given', () => {
    const out = new Uint8Array(64);
    portableCrypto.random(out.subarray(8, 40));
    expect(out.subarray(8, 40).some((byte) => byte !== 0)).toBe(true);
    expect([...out.subarray(0, 8), ...out.subarray(40)].every((byte) => byte === 0)).toBe(true);
  });
});
