import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { concatBytes } from '@kaon/wire';
import { VERIFY_DATA_LENGTH } from '../messages/finished.ts';
import { Protection } from '../record/protection.ts';
import type { CipherSuite } from '../suites/cipher-suites.ts';
import { prf } from './prf.ts';

type MacCrypto = Pick<CryptoProvider, 'mac'>;

/** Extended master secret (RFC 7627 §4): bound to the whole handshake up to ClientKeyExchange. */
export function extendedMasterSecret(
  crypto: MacCrypto,
  suite: CipherSuite,
  preMasterSecret: Uint8Array,
  sessionHash: Uint8Array,
): Uint8Array {
  return prf(crypto, suite.hash, preMasterSecret, 'extended master secret', sessionHash, 48);
}

/** Both directions of epoch 1, from the key block (RFC 5246 §6.3). AEAD suites have no MAC keys. */
export function trafficProtection(
  crypto: Pick<CryptoProvider, 'mac' | 'aead'>,
  suite: CipherSuite,
  masterSecret: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): { readonly client: Protection; readonly server: Protection } {
  const { keyLength, ivLength } = suite;
  const seed = concatBytes(serverRandom, clientRandom);
  const block = prf(crypto, suite.hash, masterSecret, 'key expansion', seed, 2 * (keyLength + ivLength));
  const part = (at: number, length: number): Uint8Array => block.slice(at, at + length);
  const make = (key: number, iv: number): Protection =>
    new Protection(crypto.aead(suite.aead, part(key, keyLength)), suite.nonceForm, part(iv, ivLength));
  return {
    client: make(0, 2 * keyLength),
    server: make(keyLength, 2 * keyLength + ivLength),
  };
}

/** verify_data of Finished (RFC 5246 §7.4.9). */
export function verifyData(
  crypto: MacCrypto,
  suite: CipherSuite,
  masterSecret: Uint8Array,
  sender: 'client' | 'server',
  transcriptHash: Uint8Array,
): Uint8Array {
  return prf(crypto, suite.hash, masterSecret, `${sender} finished`, transcriptHash, VERIFY_DATA_LENGTH);
}

/** Keying material for another protocol (RFC 5705 §4, without context). */
export function exportedKeyingMaterial(
  crypto: MacCrypto,
  suite: CipherSuite,
  masterSecret: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  label: string,
  length: number,
): Uint8Array {
  return prf(crypto, suite.hash, masterSecret, label, concatBytes(clientRandom, serverRandom), length);
}
