import type { Path } from '@kaon/interface/core/v1';
import { Slot, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { protocolOf } from '../../src/stack/demux.ts';
import { introduce, type Side, twoStacks } from '../helpers/stacks.ts';

interface Datagram {
  readonly bytes: Uint8Array;
  readonly path: Path;
}

/** Everything a side has to send now. */
function sent({ stack }: Side, now: number): Datagram[] {
  const all: Datagram[] = [];
  for (const slot = new Slot(1200); stack.pollTransmit(slot, now); slot.reset())
    all.push({ bytes: slot.bytes.slice(), path: slot.path as Path });
  return all;
}

/** Delivers a datagram the other way round. */
function receive({ stack }: Side, { bytes, path }: Datagram, now: number): void {
  stack.handleDatagram(bytes, { protocol: 'udp', local: path.remote, remote: path.local }, now);
}

const protocols = (datagrams: readonly Datagram[]): string[] => datagrams.map(({ bytes }) => protocolOf(bytes));

describe('DataStack', () => {
  /** Runs both until `done`, one ms per round; `pass` may keep datagrams of the first side back. */
  function drive(
    sides: readonly [Side, Side],
    done: () => boolean,
    pass = (_datagram: Datagram): boolean => true,
  ): number {
    const [a, b] = sides;
    for (let now = 1; now < 5000; now++) {
      for (const side of sides) side.stack.handleTimeout(now);
      for (const datagram of sent(a, now)) if (pass(datagram)) receive(b, datagram, now);
      for (const datagram of sent(b, now)) receive(a, datagram, now);
      for (const side of sides) while (side.stack.pollEvent() !== undefined);
      if (done()) return now;
    }
    throw new Error('it did not happen');
  }

  it('takes no DTLS from a path that ICE has not validated', () => {
    const sides = twoStacks(1);
    const [a, b] = sides;
    introduce(sides, 0, 'client');
    const hellos: Datagram[] = [];
    drive(
      sides,
      () => hellos.length > 0,
      (datagram) => {
        if (protocolOf(datagram.bytes) !== 'dtls') return true;
        hellos.push(datagram);
        return false;
      },
    );
    const hello = hellos[0] as Datagram;
    expect(a.stack.dtls?.state).toBe('connecting');
    const forged: Path = { ...hello.path, local: transportAddress('203.0.113.66', 666) };
    receive(b, { bytes: hello.bytes.slice(), path: forged }, 10);
    expect(protocols(sent(b, 10))).not.toContain('dtls');
    expect(b.stack.counters.packetsReceived).toBe(0);
    // From the right address it is taken.
    receive(b, hello, 10);
    expect(protocols(sent(b, 10))).toContain('dtls');
  });

  it('keeps a ClientHello that overtakes our own check, and answers it right behind that', () => {
    const sides = twoStacks(2);
    const [a, b] = sides;
    introduce(sides, 0, 'client');
    const answers: Datagram[] = [];
    let early = 0;
    // What `a` answers to checks of `b` is late; its own check, with the nomination, and its hello are not.
    drive(
      sides,
      () => early > 0,
      (datagram) => {
        if (protocolOf(datagram.bytes) === 'dtls') early++;
        const isResponse = datagram.bytes[0] === 1;
        if (isResponse) answers.push(datagram);
        return !isResponse;
      },
    );
    expect([a.stack.dtls?.state, b.stack.counters.packetsReceived]).toEqual(['connecting', 0]);
    for (const answer of answers) receive(b, answer, 50);
    expect(b.stack.counters.packetsReceived).toBe(1);
    expect(protocols(sent(b, 50))).toContain('dtls');
  });

  it('sends the ABORT of SCTP, then close_notify, then nothing', () => {
    const sides = twoStacks(3);
    const [a, b] = sides;
    introduce(sides, 0);
    const up = (): boolean => sides.every(({ stack }) => stack.association?.state === 'established');
    const now = drive(sides, up);
    a.stack.close(now);
    a.stack.close(now);
    const last = sent(a, now);
    // Application data, then an alert (RFC 5246 §6.2.1).
    expect(last.map(({ bytes }) => bytes[0])).toEqual([23, 21]);
    expect(a.stack.pollEvent()).toEqual({ type: 'closed' });
    expect([sent(a, now + 1000).length, a.stack.pollTimeout()]).toEqual([0, Number.POSITIVE_INFINITY]);
    for (const datagram of last) receive(b, datagram, now);
    const events: unknown[] = [];
    for (let event = b.stack.pollEvent(); event !== undefined; event = b.stack.pollEvent()) events.push(event);
    expect(events).toEqual([
      expect.objectContaining({ type: 'dtls', state: 'closed' }),
      expect.objectContaining({ type: 'sctp', state: 'closed', error: expect.objectContaining({ causeCode: 12 }) }),
    ]);
  });

  it('sends nothing when it is closed before there is a path', () => {
    const [a] = twoStacks(4);
    a.stack.close(0);
    expect(sent(a, 0)).toEqual([]);
    expect(a.stack.pollEvent()).toEqual({ type: 'closed' });
  });
});
