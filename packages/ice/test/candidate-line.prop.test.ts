import { isMalformed } from '@kaon/wire';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type Candidate, decodeCandidate, formatCandidate, parseCandidate } from '../src/index.ts';

const token = fc.stringMatching(/^[A-Za-z0-9+/]{1,32}$/);
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((text) => !text.includes('.')),
  fc.stringMatching(/^[a-z0-9-]{1,36}\.local$/),
);
const port = fc.integer({ min: 0, max: 65535 });
const name = fc
  .stringMatching(/^[a-z-]{1,12}$/)
  .filter((text) => !['raddr', 'rport', 'tcptype', 'ufrag'].includes(text));

const candidate: fc.Arbitrary<Candidate> = fc.record(
  {
    foundation: token,
    component: fc.integer({ min: 1, max: 256 }),
    protocol: fc.constantFrom('udp' as const, 'tcp' as const),
    priority: fc.nat({ max: 0x7fffffff }),
    address,
    port,
    type: fc.constantFrom('host' as const, 'srflx' as const, 'prflx' as const, 'relay' as const),
    relatedAddress: address,
    relatedPort: port,
    tcpType: fc.constantFrom('active' as const, 'passive' as const, 'so' as const),
    extensions: fc.array(fc.tuple(name, token), { minLength: 1, maxLength: 5 }),
  },
  { requiredKeys: ['foundation', 'component', 'protocol', 'priority', 'address', 'port', 'type'] },
);

describe('candidate lines', () => {
  it('parse to what was formatted', () => {
    fc.assert(
      fc.property(candidate, (value) => {
        const back = parseCandidate(formatCandidate(value));
        return JSON.stringify(sorted(back)) === JSON.stringify(sorted(value));
      }),
      { numRuns: 200 },
    );
  });

  it('are decoded or refused whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, prefixed) => {
        const decoded = decodeCandidate(prefixed ? `candidate:${text}` : text);
        return isMalformed(decoded) || decoded.port <= 65535;
      }),
      { numRuns: 200 },
    );
  });
});

function sorted(value: Candidate): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
