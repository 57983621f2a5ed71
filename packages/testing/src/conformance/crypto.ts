/** What crypto/v1 promises, with the published vectors. */
import type { AeadName, CryptoProvider, GroupName, HashName } from '@kaon/interface/crypto/v1';
import { encodeUtf8 } from '@kaon/wire';
import { aeadTests } from './crypto-aead.ts';
import { agreementTests, signTests, verifyTests } from './crypto-keys.ts';
import { counterModeTests, sequenceTests, signRangeTests } from './crypto-streams.ts';
import { check, checkEqual, type Framework, fromHex, toHex } from './framework.ts';
import { HASH_VECTORS } from './vectors/hashes.ts';
import { MAC_VECTORS } from './vectors/macs.ts';

/** What of a provider is tested: the slices it has. */
export interface CryptoConformanceOptions {
  /** Names that a provider of a single package may do without. Default: all. */
  readonly hashes?: readonly HashName[];
  readonly aeads?: readonly AeadName[];
  readonly groups?: readonly GroupName[];
  /** A second provider to agree keys and exchange sealed bytes and signatures with. */
  readonly against?: Partial<CryptoProvider> | undefined;
}

/**
 * Tests a crypto provider, or the slices of one that are there.
 *
 * @example
 * cryptoConformance({ describe, it }, 'node', nodeCrypto, { against: nobleCrypto });
 */
export function cryptoConformance(
  framework: Framework,
  name: string,
  provider: Partial<CryptoProvider>,
  options: CryptoConformanceOptions = {},
): void {
  framework.describe(`${name}: crypto/v1`, () => {
    const { hash, mac, aead, counterMode, keyAgreement, verify, signer, random } = provider;
    if (provider.interface !== undefined) {
      framework.it('carries its tag', () => checkEqual(provider.interface, 'kaon:crypto/1', 'interface'));
    }
    if (random !== undefined) randomTests(framework, random);
    if (hash !== undefined) hashTests(framework, hash.bind(provider), options.hashes ?? ALL_HASHES);
    if (mac !== undefined) {
      macTests(framework, mac.bind(provider), options.hashes ?? ALL_HASHES);
      for (const each of options.hashes ?? ALL_HASHES) {
        signRangeTests(framework, () => mac.call(provider, each, new Uint8Array(20).fill(3)), each);
      }
    }
    if (counterMode !== undefined) counterModeTests(framework, counterMode.bind(provider));
    if (aead !== undefined) {
      const other = options.against?.aead?.bind(options.against);
      for (const each of options.aeads ?? ALL_AEADS) {
        aeadTests(framework, aead.bind(provider), each, other);
        sequenceTests(framework, aead.bind(provider), each);
      }
    }
    if (keyAgreement !== undefined) {
      const other = options.against?.keyAgreement?.bind(options.against);
      for (const each of options.groups ?? ALL_GROUPS)
        agreementTests(framework, keyAgreement.bind(provider), each, other);
    }
    if (verify !== undefined) verifyTests(framework, verify.bind(provider));
    if (signer !== undefined) {
      const check = (options.against?.verify ?? verify)?.bind(options.against?.verify ? options.against : provider);
      signTests(framework, signer.bind(provider), check);
    }
  });
}

const ALL_HASHES: readonly HashName[] = ['MD5', 'SHA-1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'];
const ALL_AEADS: readonly AeadName[] = ['AES-128-GCM', 'AES-256-GCM', 'CHACHA20-POLY1305'];
const ALL_GROUPS: readonly GroupName[] = ['X25519', 'P-256', 'P-384'];

function randomTests({ it }: Framework, random: CryptoProvider['random']): void {
  it('random fills exactly the bytes it is given, differently each time', () => {
    const buffer = new Uint8Array(64);
    random(buffer.subarray(16, 48));
    check(
      buffer.subarray(0, 16).every((byte) => byte === 0),
      'it wrote in front',
    );
    check(
      buffer.subarray(48).every((byte) => byte === 0),
      'it wrote behind',
    );
    const again = new Uint8Array(32);
    random(again);
    check(toHex(again) !== toHex(buffer.subarray(16, 48)), 'the same bytes twice');
    random(new Uint8Array(0));
    const large = new Uint8Array(100_000);
    random(large);
    check(new Set(large.subarray(90_000)).size === 256, 'the end of a large array was not filled');
  });
}

function hashTests({ it }: Framework, hash: CryptoProvider['hash'], names: readonly HashName[]): void {
  for (const vector of HASH_VECTORS.filter((each) => names.includes(each.hash))) {
    it(`${vector.hash} gives the published digests`, () => {
      checkEqual(toHex(hash(vector.hash).digest()), vector.empty, 'digest of nothing');
      const running = hash(vector.hash).update(encodeUtf8('ab')).update(encodeUtf8('c'));
      checkEqual(toHex(running.digest()), vector.abc, 'digest of abc');
      checkEqual(running.length, vector.abc.length / 2, 'length');
      const long = hash(vector.hash);
      for (let i = 0; i < 1000; i++) long.update(new Uint8Array(1000).fill(0x61));
      checkEqual(toHex(long.digest()), vector.millionA, 'digest of a million a');
    });

    it(`${vector.hash} may be updated after a digest, which stays as it is`, () => {
      const running = hash(vector.hash);
      const first = running.digest();
      checkEqual(toHex(running.update(encodeUtf8('abc')).digest()), vector.abc, 'digest after more');
      checkEqual(toHex(running.digest()), vector.abc, 'a second digest');
      checkEqual(toHex(first), vector.empty, 'the first digest');
    });
  }
}

function macTests({ it }: Framework, mac: CryptoProvider['mac'], names: readonly HashName[]): void {
  for (const { name, hash, key, data, tag } of MAC_VECTORS.filter((each) => names.includes(each.hash))) {
    it(`HMAC-${hash}: ${name}`, () => {
      const keyed = mac(hash, fromHex(key));
      const out = new Uint8Array(keyed.length + 4).fill(0xee);
      checkEqual(keyed.length, tag.length / 2, 'length');
      for (let time = 0; time < 2; time++) {
        keyed.sign(out, fromHex(data));
        checkEqual(toHex(out), `${tag}eeeeeeee`, 'tag');
      }
      const bytes = fromHex(data);
      keyed.sign(out, bytes.subarray(0, 3), new Uint8Array(0), bytes.subarray(3));
      checkEqual(toHex(out), `${tag}eeeeeeee`, 'tag of several parts');
    });
  }

  it('HMAC takes an empty key and no parts at all', () => {
    for (const hash of names) {
      const keyed = mac(hash, new Uint8Array(0));
      keyed.sign(new Uint8Array(keyed.length));
    }
  });

  it('HMAC copies its key', () => {
    const key = new Uint8Array(20).fill(7);
    const keyed = mac('SHA-1', key);
    const before = new Uint8Array(20);
    keyed.sign(before, key.slice());
    key.fill(0);
    const after = new Uint8Array(20);
    keyed.sign(after, new Uint8Array(20).fill(7));
    checkEqual(after, before, 'the tag after the key array was overwritten');
  });
}
