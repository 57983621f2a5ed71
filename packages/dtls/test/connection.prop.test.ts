import { concatBytes, writeU16 } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHandshakeFragment } from '../src/messages/handshake-fragment.ts';
import { hex } from './helpers/mangle.ts';
import { PATH, Pair, type Side } from './helpers/pair.ts';
import { BROWSER_CLIENT_HELLOS, FIREFOX_SERVER_HELLO } from './vectors/hellos.ts';

const blob = fc.uint8Array({ maxLength: 120 });
const body = fc.oneof(
  { weight: 4, arbitrary: blob },
  { weight: 1, arbitrary: fc.constantFrom(hex(BROWSER_CLIENT_HELLOS.firefoxDtls12), hex(FIREFOX_SERVER_HELLO)) },
);

const fragment = fc
  .record({
    type: fc.constantFrom(0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20, 99),
    sequence: fc.integer({ min: 0, max: 9 }),
    body,
    offset: fc.nat(),
    count: fc.nat(),
  })
  .map(({ type, sequence, body, offset, count }) => {
    const from = offset % (body.length + 1);
    // Mostly whole messages: those get furthest.
    return count % 3 === 0
      ? encodeHandshakeFragment(type, sequence, body, from, count % (body.length - from + 1))
      : encodeHandshakeFragment(type, sequence, body, 0, body.length);
  });

const record = fc
  .record({
    type: fc.constantFrom(20, 21, 22, 22, 22, 22, 23, 24),
    version: fc.constantFrom(0xfefd, 0xfefd, 0xfeff, 0x0303),
    epoch: fc.constantFrom(0, 0, 0, 1, 2),
    sequence: fc.nat(0xffff),
    content: fc.oneof(fragment, blob, fc.constantFrom(hex('0228'), hex('0100'), hex('01'))),
  })
  .map(({ type, version, epoch, sequence, content }) => {
    const header = new Uint8Array(13);
    header[0] = type;
    writeU16(header, 1, version);
    writeU16(header, 3, epoch);
    writeU16(header, 9, sequence);
    writeU16(header, 11, content.length);
    return concatBytes(header, content);
  });

const datagram = fc.oneof(
  blob,
  record,
  fc.tuple(record, record).map(([a, b]) => concatBytes(a, b)),
);

describe('a Connection fed with anything', () => {
  it.each(['client', 'server'] as const)(
    'returns, keeps its contract and delivers nothing: a %s in a handshake',
    (side: Side) => {
      fc.assert(
        fc.property(fc.array(datagram, { maxLength: 25 }), (datagrams) => {
          const pair = new Pair();
          pair.fate = () => [];
          pair.start();
          pair.flush();
          const connection = pair.side(side);
          for (const [i, bytes] of datagrams.entries()) {
            connection.handleRecord(bytes, PATH, i);
            connection.handleTimeout(i);
            expect(connection.pollTimeout()).toBeGreaterThan(i);
            pair.flush();
          }
          expect(pair.received[side]).toEqual([]);
          expect(connection.state).not.toBe('connected');
          const terminal = pair.events[side].filter(({ type }) => type === 'failed' || type === 'closed');
          expect(terminal.length).toBe(connection.state === 'failed' || connection.state === 'closed' ? 1 : 0);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('stays connected once it is', () => {
    const pair = new Pair().connect();
    fc.assert(
      fc.property(fc.array(datagram, { maxLength: 25 }), (datagrams) => {
        for (const bytes of datagrams) {
          pair.client.handleRecord(bytes.slice(), PATH, pair.now);
          pair.server.handleRecord(bytes.slice(), PATH, pair.now);
        }
        expect(pair.bothAre('connected')).toBe(true);
        expect([pair.client.pollPlaintext(), pair.server.pollPlaintext()]).toEqual([undefined, undefined]);
      }),
      { numRuns: 150 },
    );
  });
});
