import { seededRandom } from '@kaon/testing';
import { cryptoConformance, datagramCoreConformance } from '@kaon/testing/conformance';
import { transportAddress } from '@kaon/wire';
import { describe, it } from 'vitest';
import { BindingClient, BindingResponder, defaultCrypto } from '../src/index.ts';

datagramCoreConformance({ describe, it }, 'BindingClient and BindingResponder', (seed) => ({
  a: new BindingClient({
    local: transportAddress('192.0.2.1', 5001),
    server: transportAddress('198.51.100.1', 5002),
    random: seededRandom(seed),
    now: 1000,
    fingerprint: true,
  }),
  b: new BindingResponder({ software: 'conformance' }),
  start: () => undefined,
  isReady: (pair) => pair.a.has('mapped-address'),
}));

cryptoConformance({ describe, it }, 'the default crypto of stun', defaultCrypto, {
  hashes: ['MD5', 'SHA-1', 'SHA-256'],
});
