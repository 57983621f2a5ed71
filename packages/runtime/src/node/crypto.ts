import { randomFillSync } from 'node:crypto';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { createAead } from './crypto/aead.ts';
import { createRunningHash } from './crypto/hash.ts';
import { createKeyAgreement } from './crypto/key-agreement.ts';
import { createMac } from './crypto/mac.ts';
import { createSigner } from './crypto/signer.ts';
import { verifySignature } from './crypto/verify.ts';

/** All slices of cryptography by `node:crypto`, synchronous. Works on Node, Bun and Deno as far as they have the primitive. */
export const nodeCrypto: CryptoProvider = {
  interface: 'kaon:crypto/1',
  name: 'node',
  random: (out) => void randomFillSync(out),
  hash: createRunningHash,
  mac: createMac,
  aead: createAead,
  keyAgreement: createKeyAgreement,
  verify: verifySignature,
  signer: createSigner,
};
