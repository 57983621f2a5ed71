import { cryptoConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { portableCrypto } from '../src/index.ts';

const options = { hashes: ['SHA-1'], aeads: ['AES-128-GCM', 'AES-256-GCM'] } as const;
cryptoConformance({ describe, it }, 'portableCrypto', portableCrypto, options);
