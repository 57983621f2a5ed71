import type { CryptoProvider, GroupName } from '@kaon/interface/crypto/v1';
import { concatBytes, encodeUtf8 } from '@kaon/wire';
import { seededRandom } from '../random.ts';
import { check, checkEqual, checkThrows, type Framework, fromHex, toHex } from './framework.ts';
import { SIGNATURE_VECTORS } from './vectors/signatures.ts';

/** Makes a key pair. */
type MakeKeys = CryptoProvider['keyAgreement'];

/** Tests one group of a provider, and against `other` where it is given. */
export function agreementTests({ it }: Framework, make: MakeKeys, group: GroupName, other: MakeKeys | undefined): void {
  const publicLength = { X25519: 32, 'P-256': 65, 'P-384': 97 }[group];
  const secretLength = { X25519: 32, 'P-256': 32, 'P-384': 48 }[group];

  it(`${group}: two sides get the same secret, other pairs another one`, () => {
    const secrets = new Set<string>();
    for (let i = 0; i < 4; i++) {
      const a = make(group);
      const b = (i % 2 === 0 ? make : (other ?? make))(group);
      checkEqual(a.publicKey.length, publicLength, 'length of the public key');
      if (group !== 'X25519') checkEqual(a.publicKey[0], 4, 'an uncompressed point');
      const one = a.agree(b.publicKey);
      check(one !== undefined, 'a genuine key was refused');
      checkEqual(one.length, secretLength, 'length of the secret');
      checkEqual(b.agree(a.publicKey), one, 'the other side');
      secrets.add(toHex(one));
    }
    checkEqual(secrets.size, 4, 'different secrets');
  });

  it(`${group}: refuses what is not a public key of the group, without throwing`, () => {
    const keys = make(group);
    const genuine = make(group).publicKey;
    for (let length = 0; length < publicLength; length++) {
      checkEqual(keys.agree(genuine.slice(0, length)), undefined, `${length} bytes`);
    }
    checkEqual(keys.agree(concatBytes(genuine, Uint8Array.of(0))), undefined, 'one byte too many');
    checkEqual(keys.agree(new Uint8Array(publicLength)), undefined, 'all zeros');
    if (group === 'X25519') {
      for (const point of LOW_ORDER_POINTS) checkEqual(keys.agree(fromHex(point)), undefined, `low order ${point}`);
    } else {
      const offCurve = genuine.slice();
      offCurve[publicLength - 1]! ^= 1;
      checkEqual(keys.agree(offCurve), undefined, 'a point that is not on the curve');
      const compressed = genuine.slice(0, 1 + (publicLength - 1) / 2);
      compressed[0] = 2 + (genuine[publicLength - 1]! & 1);
      checkEqual(keys.agree(compressed), undefined, 'a compressed point');
      checkEqual(keys.agree(new Uint8Array(publicLength).fill(0xff)), undefined, 'coordinates beyond the field');
      checkEqual(keys.agree(Uint8Array.of(0)), undefined, 'the point at infinity');
    }
  });
}

/** Tests `verify` of a provider with published signatures. */
export function verifyTests({ it }: Framework, verify: CryptoProvider['verify']): void {
  const sample = encodeUtf8('sample');
  for (const { name, spki, signatures } of SIGNATURE_VECTORS) {
    it(`verify: ${name}`, () => {
      for (const { scheme, signature } of signatures) {
        const bytes = fromHex(signature);
        const what = `scheme 0x${scheme.toString(16)}`;
        checkEqual(verify(scheme, fromHex(spki), sample, bytes), true, what);
        checkEqual(verify(scheme, fromHex(spki), encodeUtf8('Sample'), bytes), false, `${what} over other data`);
        for (const bit of [0, 7, 40, bytes.length * 4, bytes.length * 8 - 1]) {
          checkEqual(verify(scheme, fromHex(spki), sample, flip(bytes, bit)), false, `${what} with bit ${bit} flipped`);
        }
        for (const length of [0, 1, bytes.length - 1]) {
          checkEqual(verify(scheme, fromHex(spki), sample, bytes.slice(0, length)), false, `${what} cut to ${length}`);
        }
      }
    });
  }

  it('verify refuses schemes that do not fit the key, unknown schemes and keys that cannot be read, without throwing', () => {
    for (const one of SIGNATURE_VECTORS) {
      for (const another of SIGNATURE_VECTORS) {
        if (one === another) continue;
        for (const { scheme, signature } of another.signatures) {
          checkEqual(
            verify(scheme, fromHex(one.spki), sample, fromHex(signature)),
            false,
            `${another.name} under ${one.name}`,
          );
        }
      }
      const { scheme, signature } = one.signatures[0]!;
      checkEqual(verify(0x0808, fromHex(one.spki), sample, fromHex(signature)), false, 'ed448');
      checkEqual(verify(0xffff, fromHex(one.spki), sample, fromHex(signature)), false, 'an unknown scheme');
      const spki = fromHex(one.spki);
      for (let length = 0; length < spki.length; length += 5) {
        checkEqual(verify(scheme, spki.slice(0, length), sample, fromHex(signature)), false, `a key cut to ${length}`);
      }
      const random = seededRandom(3);
      for (let i = 0; i < 60; i++)
        verify(scheme, flip(spki, random.integer(0, spki.length * 8 - 1)), sample, fromHex(signature));
    }
  });
}

/** Tests `signer` of a provider; signatures are checked by `verify`. */
export function signTests(
  { it }: Framework,
  signer: CryptoProvider['signer'],
  verify: CryptoProvider['verify'] | undefined,
): void {
  for (const { name, pkcs8, spki, signatures } of SIGNATURE_VECTORS) {
    it(`sign: ${name}`, () => {
      const key = signer(fromHex(pkcs8));
      check(key.schemes.length > 0, 'no scheme');
      check(key.schemes.includes(signatures[0]!.scheme), `0x${signatures[0]!.scheme.toString(16)} is missing`);
      for (const scheme of key.schemes) {
        const data = encodeUtf8('data to sign');
        const signature = key.sign(scheme, data);
        if (verify !== undefined)
          checkEqual(verify(scheme, fromHex(spki), data, signature), true, `scheme 0x${scheme.toString(16)}`);
      }
      // RFC 8032 and RSASSA-PKCS1-v1_5 leave no choice.
      for (const { scheme, signature } of signatures) {
        if (key.schemes.includes(scheme) && (scheme === 0x0807 || scheme === 0x0401)) {
          checkEqual(toHex(key.sign(scheme, encodeUtf8('sample'))), signature, 'a deterministic signature');
        }
      }
      checkThrows(() => key.sign(0xfefe, new Uint8Array(1)), 'a scheme it does not have');
    });
  }

  it('signer throws on a key that cannot be read', () => {
    for (const { pkcs8 } of SIGNATURE_VECTORS) {
      const bytes = fromHex(pkcs8);
      for (const length of [0, 1, 10, bytes.length >> 1])
        checkThrows(() => signer(bytes.slice(0, length)), `cut to ${length}`);
    }
  });
}

/** Points that give an all-zero secret (RFC 7748 §6.1; the list is of Bernstein, Curve25519 page). */
const LOW_ORDER_POINTS = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = bytes.slice();
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return flipped;
}
