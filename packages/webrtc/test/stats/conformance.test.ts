import { interceptorConformance } from '@kaon/testing/conformance';
import { describe, it } from 'vitest';
import { StreamWatch } from '../../src/stats/stream-watch.ts';

interceptorConformance({ describe, it }, 'StreamWatch', () => new StreamWatch());
