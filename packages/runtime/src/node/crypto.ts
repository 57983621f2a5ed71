import type { Aead, AeadName, CryptoProvider } from '@kaon/interface/crypto/v1';
import { createAead, hasChaCha } from './crypto/aead.ts';
import { createWasmChaCha } from './crypto/chacha.ts';
import { createCounterMode } from './crypto/counter-mode.ts';
import { HybridGcm } from './crypto/gcm/hybrid-gcm.ts';
import { createRunningHash } from './crypto/hash.ts';
import { createKeyAgreement } from './crypto/key-agreement.ts';
import { createMac } from './crypto/mac.ts';
import { random } from './crypto/random.ts';
import { createSigner, createSigningKey } from './crypto/signer.ts';
import { verifySignature } from './crypto/verify.ts';

/** What can be chosen about the cryptography. */
export interface NodeCryptoOptions {
  /**
   * Whether busy AES-GCM keys use the WebAssembly kernel, several times as fast for a packet as OpenSSL through a cipher object.
   * Its timing depends on secrets by way of the processor's cache: docs/decisions/0002-hybrid-aes-gcm.md. By default it is used
   * on Deno and, unless the environment has `KAON_HYBRID_AES_GCM=0`, on Node; not on Bun, where it gains nothing.
   */
  readonly hybridAesGcm?: boolean | undefined;
}

/** All slices of cryptography by `node:crypto`, synchronous. Works on Node, Bun and Deno as far as they have the primitive. */
export function createNodeCrypto(options: NodeCryptoOptions = {}): CryptoProvider {
  const hybrid = options.hybridAesGcm ?? hybridByDefault();
  return {
    interface: 'kaon:crypto/1',
    name: hybrid ? 'node+wasm' : 'node',
    random,
    hash: createRunningHash,
    mac: createMac,
    aead: (name, key) => chooseAead(name, key, hybrid),
    counterMode: createCounterMode,
    keyAgreement: createKeyAgreement,
    verify: verifySignature,
    signer: createSigner,
    signingKey: createSigningKey,
  };
}

/** The cryptography of `createNodeCrypto` with its defaults. */
export const nodeCrypto: CryptoProvider = createNodeCrypto();

function chooseAead(name: AeadName, key: Uint8Array, hybrid: boolean): Aead {
  if (name !== 'CHACHA20-POLY1305') {
    const plain = createAead(name, key);
    return hybrid ? new HybridGcm(name, key, plain) : plain;
  }
  const plain = hasChaCha() || key.length !== 32 ? createAead(name, key) : undefined;
  return createWasmChaCha(key, plain) ?? plain ?? createAead(name, key);
}

function hybridByDefault(): boolean {
  // Deno would ask its user for leave to read the environment.
  if ('Deno' in globalThis) return true;
  return !('Bun' in globalThis) && process.env['KAON_HYBRID_AES_GCM'] !== '0';
}
