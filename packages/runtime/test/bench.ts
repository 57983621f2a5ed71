import type { CoreEvent, DatagramCore, Instant, Path, TransmitSlot, TransportAddress } from '@kaon/interface/core/v1';
import type { Clock, ClockTimer, UdpSocket } from '@kaon/interface/network/v1';
import { type Driver, type RunOptions, run } from '../src/index.ts';

export const LOCAL: TransportAddress = { address: '192.0.2.1', family: 'IPv4', port: 1000 };
export const REMOTE: TransportAddress = { address: '192.0.2.2', family: 'IPv4', port: 2000 };
export const PATH: Path = { protocol: 'udp', local: LOCAL, remote: REMOTE };

/** A clock whose turns and time are moved by hand. */
export class ManualClock implements Clock {
  readonly interface = 'kaon:clock/1';
  time = 0;
  deferred: (() => void)[] = [];
  armed = new Map<object, { at: Instant; callback: () => void }>();
  resets = 0;

  now(): Instant {
    return this.time;
  }

  wallClock(): number {
    return this.time;
  }

  timer(callback: () => void): ClockTimer {
    const key = {};
    return {
      reset: (at) => {
        this.resets++;
        this.armed.set(key, { at, callback });
      },
      cancel: () => void this.armed.delete(key),
    };
  }

  defer(callback: () => void): void {
    this.deferred.push(callback);
  }

  /** Ends the turn: what was deferred runs. */
  async turn(): Promise<void> {
    await settled();
    for (const callback of this.deferred.splice(0)) callback();
    await settled();
  }

  async advance(ms: number): Promise<void> {
    this.time += ms;
    for (const [key, { at, callback }] of [...this.armed]) {
      if (at > this.time) continue;
      this.armed.delete(key);
      callback();
    }
    await settled();
  }
}

/** A socket that writes down what it is asked to send. */
export class RecordingSocket implements UdpSocket {
  readonly interface = 'kaon:udp-socket/1';
  readonly local: TransportAddress;
  onDatagram: UdpSocket['onDatagram'] = undefined;
  onError: UdpSocket['onError'] = undefined;
  sent: { bytes: number[]; remote: TransportAddress }[] = [];
  refusing = false;
  closed = false;

  readonly protocol: 'udp' | 'tcp' | undefined;

  constructor(local: TransportAddress = LOCAL, protocol?: 'udp' | 'tcp') {
    this.local = local;
    this.protocol = protocol;
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress): boolean {
    if (this.refusing) return false;
    this.sent.push({ bytes: [...buffer.subarray(start, end)], remote });
    return true;
  }

  close(): void {
    this.closed = true;
  }
}

export type TestEvent = CoreEvent & { readonly type: 'got' | 'tick'; readonly value: number };

/** A core that says back what it hears and does as its fields tell. */
export class TestCore implements DatagramCore<TestEvent> {
  events: TestEvent[] = [];
  outgoing: { value: number; path: Path | undefined }[] = [];
  timeout: Instant = Number.POSITIVE_INFINITY;
  heard: { value: number; path: Path; now: Instant }[] = [];
  timeouts: Instant[] = [];
  log: string[] = [];

  handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
    this.log.push('datagram');
    this.heard.push({ value: bytes[0] ?? -1, path, now });
    this.events.push({ type: 'got', value: bytes[0] ?? -1 });
  }

  handleTimeout(now: Instant): void {
    this.log.push('timeout');
    this.timeouts.push(now);
    this.timeout = Number.POSITIVE_INFINITY;
  }

  pollTimeout(): Instant {
    return this.timeout;
  }

  pollTransmit(slot: TransmitSlot): boolean {
    const next = this.outgoing.shift();
    if (next === undefined) return false;
    slot.buffer[slot.start] = next.value;
    slot.end = slot.start + 1;
    slot.path = next.path;
    return true;
  }

  pollEvent(): TestEvent | undefined {
    return this.events.shift();
  }

  say(value: number, path: Path | undefined = PATH): void {
    this.outgoing.push({ value, path });
  }
}

/** Lets microtasks run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

export interface Bench {
  readonly core: TestCore;
  readonly clock: ManualClock;
  readonly socket: RecordingSocket;
  readonly seen: number[];
  readonly driver: Driver;
}

export async function start(
  options: Partial<RunOptions<TestEvent>> = {},
  onEvent?: (event: TestEvent, bench: Bench) => void,
): Promise<Bench> {
  const core = new TestCore();
  const clock = new ManualClock();
  const socket = new RecordingSocket();
  const seen: number[] = [];
  const bench: Bench = {
    core,
    clock,
    socket,
    seen,
    driver: run<TestEvent>(core, {
      clock,
      sockets: [socket],
      onEvent: (event) => {
        seen.push(event.value);
        onEvent?.(event, bench);
      },
      ...options,
    }),
  };
  await clock.turn();
  return bench;
}

export function receive(socket: RecordingSocket, value: number, remote: TransportAddress = REMOTE): void {
  socket.onDatagram?.(Uint8Array.of(value), remote, 0);
}

export function values(socket: RecordingSocket): (number | undefined)[] {
  return socket.sent.map(({ bytes }) => bytes[0]);
}
