import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../src/workspace.ts';

interface Allocation {
  readonly name: string;
  readonly heap: number;
  readonly arrayBuffers: number;
}

/**
 * Bytes that a packet or message may take: on the heap, and in array buffers. What was measured with Node 24 and about a third more
 * for other releases. Ciphers of node:crypto return their output in a buffer of its own; message and datagrams are copied once
 * each, for they are somebody else's. Lower them when something gets better.
 */
const BOUNDS: Readonly<Record<string, readonly [heap: number, arrayBuffers: number]>> = {
  'dtls: seal': [200, 1300],
  'dtls: seal and open': [1150, 2600],
  'srtp: protect, AEAD_AES_128_GCM': [330, 1400],
  'srtp: protect and unprotect, AEAD_AES_128_GCM': [900, 2800],
  'srtp: protect, AES_CM_128_HMAC_SHA1_80': [720, 1400],
  'srtp: protect and unprotect, AES_CM_128_HMAC_SHA1_80': [1400, 2800],
  'sctp: send and receive a message': [1250, 1400],
  'webrtc stack: send and receive a message': [2500, 4200],
};

const V8 = [
  '--expose-gc',
  // Compilers work between the packets, not beside them.
  '--single-threaded',
  // A round fits into the young generation, so nothing is collected while it is counted.
  '--max-semi-space-size=128',
  '--min-semi-space-size=128',
];

it('does not allocate more for a packet than it did', { timeout: 180_000 }, async () => {
  const program = join(ROOT, 'benchmarks/src/layers/allocations.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@kaon/source', ...V8, program]);
  const found = JSON.parse(stdout) as Allocation[];
  expect(found.map(({ name }) => name)).toEqual(Object.keys(BOUNDS));
  const over = found.filter(({ name, heap, arrayBuffers }) => {
    const [most, mostBuffers] = BOUNDS[name]!;
    return heap > most || arrayBuffers > mostBuffers;
  });
  expect(over).toEqual([]);
  // A count that is broken would be within any bound.
  for (const { name, heap } of found) expect([name, heap > BOUNDS[name]![0] / 4]).toEqual([name, true]);
});
