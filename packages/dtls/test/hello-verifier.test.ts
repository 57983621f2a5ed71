import { Connection, HelloVerifier, portableCrypto, type VerifiedHello } from '@kaon/dtls';
import { Slot } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHandshakeFragment } from '../src/messages/handshake-fragment.ts';
import { hex, mangle } from './helpers/mangle.ts';
import { options, PATH } from './helpers/pair.ts';
import { BROWSER_CLIENT_HELLOS } from './vectors/hellos.ts';

const ORIGIN = '192.0.2.2:6000';

/** A client, and a server made by a verifier, on a clock that stands still unless told otherwise. */
class Door {
  readonly verifier = new HelloVerifier(portableCrypto);
  readonly client: Connection;
  readonly slot = new Slot(2000);
  server: Connection | undefined;
  hello: VerifiedHello | undefined;
  now = 0;

  constructor(client: Partial<ConstructorParameters<typeof Connection>[0]> = {}) {
    this.client = new Connection(options('client', client));
    this.client.start(this.now);
  }

  /** What waits in the client. */
  flight(connection: Connection = this.client): Uint8Array[] {
    const slot = new Slot(2000);
    const datagrams: Uint8Array[] = [];
    for (slot.reset(); connection.pollTransmit(slot, this.now); slot.reset()) datagrams.push(slot.bytes.slice());
    return datagrams;
  }

  /** Takes a datagram as a listener does, and returns what goes back. */
  take(datagram: Uint8Array): Uint8Array[] {
    this.slot.reset();
    const verdict = this.verifier.handle(datagram, ORIGIN, this.slot, this.now);
    if (verdict === 'answered') return [this.slot.bytes.slice()];
    if (verdict !== 'none' && this.server === undefined) {
      this.hello = verdict;
      this.server = new Connection(options('server', { verifiedHello: verdict, handshakeTimeout: 5000 }));
    }
    this.server?.handleRecord(datagram.slice(), PATH, this.now);
    return this.server === undefined ? [] : this.flight(this.server);
  }

  /** Carries datagrams both ways until both are silent. */
  run(datagrams: readonly Uint8Array[] = this.flight()): readonly (string | undefined)[] {
    let up = datagrams;
    while (up.length > 0) {
      for (const datagram of up.flatMap((one) => this.take(one))) this.client.handleRecord(datagram, PATH, this.now);
      up = this.flight();
    }
    return [this.client.state, this.server?.state];
  }
}

describe('HelloVerifier', () => {
  it('asks for a cookie, and keeps nothing until it comes back', () => {
    const door = new Door();
    const [hello] = door.flight();
    const [answer] = door.take(hello!);
    expect(door.server).toBeUndefined();
    // HelloVerifyRequest (3).
    expect([answer![0], answer![13]]).toEqual([22, 3]);
    expect(answer!.length).toBeLessThanOrEqual(hello!.length);
    door.client.handleRecord(answer!, PATH, door.now);
    expect(door.run()).toEqual(['connected', 'connected']);
    expect(door.hello).toMatchObject({ recordSequence: 1, messageSequence: 1 });
  });

  it('has the numbers of the hello in the answer, and the server goes on from those of the second one', () => {
    const door = new Door();
    const [hello] = door.flight();
    const [answer] = door.take(hello!);
    const numbers = (datagram: Uint8Array): number[] => [...datagram.subarray(3, 11), ...datagram.subarray(17, 19)];
    expect(numbers(answer!)).toEqual(numbers(hello!));
    door.client.handleRecord(answer!, PATH, door.now);
    const [second] = door.flight();
    const [serverHello] = door.take(second!);
    expect(serverHello![13]).toBe(2);
    expect(numbers(serverHello!)).toEqual(numbers(second!));
    expect(numbers(second!)[9]).toBe(1);
  });

  it('answers again when its answer was lost', () => {
    const door = new Door();
    for (const datagram of door.flight()) expect(door.take(datagram).length).toBe(1);
    door.now = door.client.pollTimeout();
    door.client.handleTimeout(door.now);
    expect(door.run()).toEqual(['connected', 'connected']);
    expect(door.hello?.messageSequence).toBe(1);
  });

  it('decides by the first fragment of a long hello, and answers no other', () => {
    const door = new Door({ mtu: 256, serverName: `${'long.'.repeat(40)}example` });
    const flight = door.flight();
    expect(flight.length).toBe(2);
    expect(flight.map((datagram) => door.take(datagram).length)).toEqual([1, 0]);
    expect(door.run(flight)).toEqual(['connected', 'connected']);
  });

  it.each(['chromium', 'firefox'] as const)('takes the hello of %s as it is cut for the network', (browser) => {
    const door = new Door();
    const body = hex(BROWSER_CLIENT_HELLOS[browser]);
    const record = (at: number, count: number): Uint8Array => {
      const fragment = encodeHandshakeFragment(1, 0, body, at, count);
      const header = [
        22,
        0xfe,
        0xff,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        at === 0 ? 0 : 1,
        fragment.length >> 8,
        fragment.length & 255,
      ];
      return Uint8Array.from([...header, ...fragment]);
    };
    const first = record(0, 1100);
    expect(door.take(first).length).toBe(1);
    expect(door.take(record(1100, body.length - 1100))).toEqual([]);
  });

  it('takes a cookie for a minute at least and two at most', () => {
    for (const [age, isGood] of [
      [59_000, true],
      [125_000, false],
    ] as const) {
      const door = new Door();
      door.now = 1000;
      const [answer] = door.take(door.flight()[0]!);
      door.client.handleRecord(answer!, PATH, door.now);
      const [second] = door.flight();
      door.now += age;
      const answers = door.take(second!);
      expect([door.server !== undefined, answers[0]?.[13]]).toEqual([isGood, isGood ? 2 : 3]);
      // Who was too late is asked once more.
      for (const datagram of answers) door.client.handleRecord(datagram, PATH, door.now);
      expect(door.run()).toEqual(['connected', 'connected']);
    }
  });

  it('takes no cookie of another address, for another hello or of another server', () => {
    const door = new Door();
    const [answer] = door.take(door.flight()[0]!);
    door.client.handleRecord(answer!, PATH, door.now);
    const [second] = door.flight();
    const { verifier, slot } = door;
    slot.reset();
    const changed = second!.slice();
    changed[13 + 12 + 2]! ^= 1;
    expect(verifier.handle(second!, '192.0.2.2:6001', slot, 0)).toBe('answered');
    expect(verifier.handle(changed, ORIGIN, slot, 0)).toBe('answered');
    expect(new HelloVerifier(portableCrypto).handle(second!, ORIGIN, slot, 0)).toBe('answered');
    expect(verifier.handle(second!, ORIGIN, slot, 0)).toMatchObject({ messageSequence: 1 });
  });

  it('never throws, and never answers with more than it got', () => {
    const { verifier, slot, ...door } = new Door();
    const handle = (bytes: Uint8Array): void => {
      slot.reset();
      if (verifier.handle(bytes, ORIGIN, slot, door.now) !== 'answered') return;
      expect(slot.bytes.length).toBeLessThanOrEqual(bytes.length);
    };
    mangle(new Door().flight()[0]!, handle);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), handle));
  });

  it('a session whose hello never becomes whole ends in time', () => {
    const door = new Door({ mtu: 256, serverName: `${'long.'.repeat(40)}example` });
    for (const answer of door.flight().flatMap((one) => door.take(one))) door.client.handleRecord(answer, PATH, 0);
    door.take(door.flight()[0]!);
    const { server } = door;
    expect(server?.pollTimeout()).toBe(5000);
    server?.handleTimeout(5000);
    expect(server?.state).toBe('failed');
  });
});
