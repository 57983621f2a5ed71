import { portableCrypto } from '@kaon/dtls';
import { nodeCrypto } from '@kaon/runtime/node';
import { cryptoConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';

// Each against the other: what one seals, signs or agrees on, the other must understand.
cryptoConformance({ describe, it }, 'nodeCrypto against portableCrypto', nodeCrypto, { against: portableCrypto });
