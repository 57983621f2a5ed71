import type { Core, DatagramCore, Instant, Path, TransmitSlot } from '@kaon/interface/core/v1';
import { fillSlot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Pair } from '../src/index.ts';

type EchoEvent = { readonly type: 'got'; readonly bytes: Uint8Array; readonly path: Path } | { readonly type: 'tick' };

/** Sends what it is told to, reports what it gets, and ticks once at `tickAt`. */
class Talker implements DatagramCore<EchoEvent> {
  readonly outgoing: Uint8Array[] = [];
  readonly events: EchoEvent[] = [];
  tickAt: Instant = Number.POSITIVE_INFINITY;
  brokenTimer = false;
  path: Path | undefined;

  say(...bytes: number[]): void {
    this.outgoing.push(Uint8Array.from(bytes));
  }
  handleDatagram(bytes: Uint8Array, path: Path): void {
    this.events.push({ type: 'got', bytes, path });
  }
  handleTimeout(now: Instant): void {
    if (this.brokenTimer || now < this.tickAt) return;
    this.tickAt = Number.POSITIVE_INFINITY;
    this.events.push({ type: 'tick' });
  }
  pollTimeout(): Instant {
    return this.tickAt;
  }
  pollTransmit(slot: TransmitSlot): boolean {
    const next = this.outgoing.shift();
    if (next === undefined) return false;
    slot.path = this.path;
    return fillSlot(slot, next);
  }
  pollEvent(): EchoEvent | undefined {
    return this.events.shift();
  }
}

function twoTalkers(options?: ConstructorParameters<typeof Pair>[2]) {
  const a = new Talker();
  const b = new Talker();
  return { a, b, pair: new Pair(a, b, options) };
}

describe('Pair', () => {
  it('carries packets with the delay of the line, and shows the path from the other end', () => {
    const { a, pair } = twoTalkers({ netem: { delay: 20 } });
    a.say(1, 2, 3);
    pair.run({ until: () => pair.b.has('got') });
    expect(pair.now).toBe(1020);
    const { bytes, path } = pair.b.last('got');
    expect([...bytes]).toEqual([1, 2, 3]);
    expect(path.local.address).toBe('198.51.100.1');
    expect(path.remote.address).toBe('192.0.2.1');
  });

  it('runs timers of both cores at their time', () => {
    const { a, b, pair } = twoTalkers();
    a.tickAt = 1500;
    b.tickAt = 1200;
    pair.run();
    expect(pair.a.times).toEqual([1500]);
    expect(pair.b.times).toEqual([1200]);
  });

  it('drops the nth packet of a side on request', () => {
    const { a, pair } = twoTalkers();
    pair.drop('a', 1);
    a.say(0);
    a.say(1);
    a.say(2);
    pair.run();
    expect(pair.b.of('got').map((event) => event.bytes[0])).toEqual([0, 2]);
  });

  it('lets a tap replace a packet', () => {
    const { a, pair } = twoTalkers();
    pair.tap(({ bytes }) => Uint8Array.of(...bytes, 9));
    a.say(1);
    pair.run();
    expect([...pair.b.last('got').bytes]).toEqual([1, 9]);
  });

  it('loses everything while the line is cut', () => {
    const { a, pair } = twoTalkers();
    a.say(1);
    pair.advance(1);
    pair.cut();
    a.say(2);
    pair.advance(50);
    expect(pair.b.events).toEqual([]);
    pair.restore();
    a.say(3);
    pair.run();
    expect(pair.b.of('got').map((event) => event.bytes[0])).toEqual([3]);
  });

  it('takes different settings for each direction', () => {
    const { a, b, pair } = twoTalkers({ netem: { delay: 1 }, bToA: { loss: 1 } });
    a.say(1);
    b.say(2);
    pair.run();
    expect(pair.b.has('got')).toBe(true);
    expect(pair.a.has('got')).toBe(false);
  });

  it('leaves the events of a held side where they are', () => {
    const { a, b, pair } = twoTalkers();
    pair.b.held = true;
    a.say(1);
    pair.run();
    expect(pair.b.events).toEqual([]);
    expect(b.events).toHaveLength(1);
  });

  it('gives events to a listener that may command the core', () => {
    const { a, b, pair } = twoTalkers();
    pair.b.onEvent = (event) => {
      if (event.type === 'got') b.say(event.bytes[0]! + 1);
    };
    a.say(1);
    pair.run();
    expect(pair.a.last('got').bytes[0]).toBe(2);
  });

  it('routes by the path that the core sets', () => {
    const path: Path = {
      protocol: 'udp',
      local: { address: '192.0.2.9', family: 'IPv4', port: 9 },
      remote: { address: '203.0.113.9', family: 'IPv4', port: 10 },
    };
    const seen: Path[] = [];
    const { a, pair } = twoTalkers({
      route: (sent) => {
        seen.push(sent);
        return undefined;
      },
    });
    a.path = path;
    a.say(1);
    pair.run();
    expect(seen).toEqual([path]);
    expect(pair.b.events).toEqual([]);
    expect(pair.transcript[0]).toContain('no route');
  });

  it('says in the error what was awaited, the seed, what each side saw and which packets flew', () => {
    const { a, pair } = twoTalkers({ seed: 77 });
    a.say(0xab);
    const run = (): void => pair.run({ until: () => false, timeout: 100, what: 'the moon' });
    expect(run).toThrow(
      /the moon did not happen within 100 ms[\s\S]*b saw 1 events: got[\s\S]*a#0 1 B ab[\s\S]*KAON_SEED=77/,
    );
  });

  it('fails a core whose timer does not move on', () => {
    const { a, pair } = twoTalkers();
    a.tickAt = 1010;
    a.brokenTimer = true;
    expect(() => pair.run()).toThrow('side a: pollTimeout() is 1010 right after handleTimeout(1010)');
  });

  it('drives a core with its own way to take packets in', () => {
    const inner = new Talker();
    const core: Core<EchoEvent> = inner;
    const a = new Talker();
    const pair = new Pair(a, {
      core,
      receive: (bytes: Uint8Array, path: Path) => inner.handleDatagram(bytes, path),
    });
    a.say(5);
    pair.run();
    expect(pair.b.of('got')).toHaveLength(1);
  });

  it('tells the same story for the same seed', () => {
    const tell = (seed: number): number[] => {
      const { a, pair } = twoTalkers({
        seed,
        netem: { delay: 5, jitter: 10, loss: 0.3, duplicate: 0.2, reorder: 0.2 },
      });
      for (let i = 0; i < 50; i++) a.say(i);
      pair.run();
      return pair.b.of('got').map((event) => event.bytes[0]!);
    };
    expect(tell(1)).toEqual(tell(1));
    expect(tell(1)).not.toEqual(tell(2));
  });
});
