import type { CoreEvent, DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { type Simulation, story } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { type Driver, run } from '../../src/index.ts';

interface Received extends CoreEvent {
  readonly type: 'received';
  readonly value: number;
}

/**
 * Numbers in order, each sent again every 100 ms until it is acknowledged: enough of a protocol to need input, output, events
 * and time to come together.
 */
class StopAndWait implements DatagramCore<Received> {
  readonly #queue: number[] = [];
  readonly #events: Received[] = [];
  readonly #acks: { sequence: number; path: Path }[] = [];
  #path: Path | undefined;
  #sequence = 0;
  #expected = 0;
  #sendAt: Instant = Number.POSITIVE_INFINITY;
  #due = false;

  connect(path: Path): void {
    this.#path = path;
  }

  send(value: number): void {
    this.#queue.push(value);
    if (this.#queue.length === 1) this.#due = true;
  }

  get idle(): boolean {
    return this.#queue.length === 0;
  }

  handleDatagram(bytes: Uint8Array, path: Path, _now: Instant): void {
    const [kind, sequence = 0, value = 0] = bytes;
    if (kind === 0) {
      this.#acks.push({ sequence, path });
      if (sequence !== this.#expected) return;
      this.#expected = (this.#expected + 1) & 0xff;
      this.#events.push({ type: 'received', value });
    } else if (sequence === this.#sequence && this.#queue.length > 0) {
      this.#queue.shift();
      this.#sequence = (this.#sequence + 1) & 0xff;
      this.#due = this.#queue.length > 0;
      this.#sendAt = Number.POSITIVE_INFINITY;
    }
  }

  handleTimeout(now: Instant): void {
    if (now < this.#sendAt) return;
    this.#sendAt = Number.POSITIVE_INFINITY;
    this.#due = true;
  }

  pollTimeout(): Instant {
    return this.#sendAt;
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    const ack = this.#acks.shift();
    if (ack !== undefined) return this.#write(slot, ack.path, [1, ack.sequence]);
    if (!this.#due || this.#path === undefined) return false;
    this.#due = false;
    this.#sendAt = now + 100;
    return this.#write(slot, this.#path, [0, this.#sequence, this.#queue[0] ?? 0]);
  }

  pollEvent(): Received | undefined {
    return this.#events.shift();
  }

  #write(slot: TransmitSlot, path: Path, bytes: number[]): true {
    slot.buffer.set(bytes, slot.start);
    slot.end = slot.start + bytes.length;
    slot.path = path;
    return true;
  }
}

interface Peer {
  readonly core: StopAndWait;
  readonly socket: UdpSocket;
  readonly driver: Driver;
}

async function peer(sim: Simulation, address: string, onEvent: (event: Received) => void): Promise<Peer> {
  const host = sim.host({
    addresses: [address],
    link: { delay: 10, jitter: 5, loss: 0.2, duplicate: 0.1, reorder: 0.1 },
  });
  const socket = await host.bindUdp({ address });
  const core = new StopAndWait();
  return { core, socket, driver: run(core, { clock: sim.clock, sockets: [socket], onEvent }) };
}

function path(local: TransportAddress, remote: TransportAddress): Path {
  return { protocol: 'udp', local, remote };
}

const SENT = Array.from({ length: 300 }, (_, i) => (i * 7) & 0xff);

describe('two drivers on a bad network', () => {
  it(
    'carry everything in order, and stand still when it is done',
    story(async (sim) => {
      const got: number[] = [];
      const alice = await peer(sim, '192.0.2.1', () => expect.unreachable());
      const bob = await peer(sim, '192.0.2.2', ({ value }) => void got.push(value));
      alice.core.connect(path(alice.socket.local, bob.socket.local));
      for (const value of SENT) alice.core.send(value);
      alice.driver.wake();
      await sim.run(() => alice.core.idle);
      expect(got).toEqual(SENT);
      const before = sim.clock.now();
      await sim.advance(10_000);
      expect(sim.clock.now()).toBe(before + 10_000);
      expect(got).toHaveLength(SENT.length);
    }),
  );

  it(
    'go on although every handler throws',
    story(async (sim) => {
      const got: number[] = [];
      const errors: unknown[] = [];
      const alice = await peer(sim, '192.0.2.1', () => expect.unreachable());
      const host = sim.host({ addresses: ['192.0.2.2'] });
      const socket = await host.bindUdp({ address: '192.0.2.2' });
      run(new StopAndWait(), {
        clock: sim.clock,
        sockets: [socket],
        onEvent: ({ value }) => {
          got.push(value);
          throw value;
        },
        onError: (error) => errors.push(error),
      });
      alice.core.connect(path(alice.socket.local, socket.local));
      for (const value of SENT) alice.core.send(value);
      alice.driver.wake();
      await sim.run(() => alice.core.idle);
      expect(got).toEqual(SENT);
      expect(errors).toEqual(SENT);
    }),
  );

  it(
    'move to another socket when the first one dies',
    story(async (sim) => {
      const got: number[] = [];
      const bob = await peer(sim, '192.0.2.2', ({ value }) => void got.push(value));
      const host = sim.host({ addresses: ['192.0.2.1'] });
      const [first, second] = [
        await host.bindUdp({ address: '192.0.2.1' }),
        await host.bindUdp({ address: '192.0.2.1' }),
      ];
      const core = new StopAndWait();
      const driver = run(core, {
        clock: sim.clock,
        sockets: [first],
        onEvent: () => expect.unreachable(),
        onSocketError: () => {
          driver.addSocket(second);
          core.connect(path(second.local, bob.socket.local));
          driver.wake();
        },
      });
      core.connect(path(first.local, bob.socket.local));
      for (const value of SENT.slice(0, 100)) core.send(value);
      driver.wake();
      await sim.run(() => got.length === 50);
      const { onError } = first;
      first.close();
      onError?.(new Error('gone'));
      await sim.run(() => core.idle);
      expect(got).toEqual(SENT.slice(0, 100));
    }),
  );
});
