import type { DatagramCore, Instant, Path, TransmitSlot } from '@kaon/interface/core/v1';
import type { Aead, CryptoProvider } from '@kaon/interface/crypto/v1';
import { fillSlot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import {
  clockConformance,
  coreConformance,
  cryptoConformance,
  type Framework,
  type World,
} from '../src/conformance/index.ts';
import { type SeededRandom, seededRandom, VirtualClock } from '../src/index.ts';

type PingEvent = { readonly type: 'pong'; readonly bytes: Uint8Array } | { readonly type: 'closed' };

/** A core that keeps the contract: asks until it is answered, answers whoever asks, and can be closed. */
class Ping implements DatagramCore<PingEvent> {
  readonly random: SeededRandom;
  readonly outgoing: Uint8Array[] = [];
  readonly events: PingEvent[] = [];
  next: Instant = Number.POSITIVE_INFINITY;
  now: Instant = 0;
  closed = false;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }
  start(now: Instant): void {
    this.next = now;
  }
  handleDatagram(bytes: Uint8Array, _path: Path, now: Instant): void {
    this.now = Math.max(this.now, now);
    if (this.closed || bytes.length !== 8) return;
    if (bytes[0] === 1 && this.outgoing.length < 10) this.outgoing.push(Uint8Array.of(2, ...bytes.subarray(1)));
    if (bytes[0] === 2 && this.next !== Number.POSITIVE_INFINITY) {
      this.next = Number.POSITIVE_INFINITY;
      this.events.push({ type: 'pong', bytes });
    }
  }
  handleTimeout(now: Instant): void {
    this.now = Math.max(this.now, now);
    if (this.closed || this.now < this.next) return;
    this.next = this.now + 100;
    this.outgoing.push(Uint8Array.of(1, ...this.random.bytes(7)));
  }
  pollTimeout(): Instant {
    return this.next;
  }
  pollTransmit(slot: TransmitSlot, _now: Instant): boolean {
    const next = this.outgoing.shift();
    return next !== undefined && fillSlot(slot, next);
  }
  pollEvent(): PingEvent | undefined {
    return this.events.shift();
  }
  misuse(): void {
    throw Object.assign(new Error('wrong'), { code: 'PING_WRONG' });
  }
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.next = Number.POSITIVE_INFINITY;
    this.outgoing.length = 0;
    this.events.push({ type: 'closed' });
  }
}

function worldOf(make: (seed: number) => Ping): (seed: number) => World {
  return (seed) => {
    const a = make(seed);
    const b = make(seed + 1);
    return {
      a,
      b,
      start(now) {
        a.start(now);
        b.start(now);
      },
      isReady: (pair) => pair.a.has('pong') && pair.b.has('pong'),
      close: () => a.close(),
      misuses: [{ name: 'misuse', call: () => a.misuse() }],
      commands: [{ name: 'pollTimeout', call: () => a.pollTimeout() }],
    };
  };
}

/** Runs a suite and gives the names of the tests that failed. */
async function failures(suite: (framework: Framework) => void): Promise<string[]> {
  const tests: { readonly name: string; readonly body: () => void | Promise<void> }[] = [];
  suite({ describe: (_name, body) => body(), it: (name, body) => tests.push({ name, body }) });
  const failed: string[] = [];
  for (const { name, body } of tests) {
    try {
      await body();
    } catch {
      failed.push(name);
    }
  }
  return failed;
}

const broken: readonly (readonly [fault: string, caughtBy: RegExp, make: (seed: number) => Ping])[] = [
  [
    'reads the clock of the platform',
    /^1. reads no clock/,
    (seed) =>
      new (class extends Ping {
        override handleTimeout(now: Instant): void {
          super.handleTimeout(Date.now() > 0 ? now : 0);
        }
      })(seed),
  ],
  ['draws randomness of its own', /^1. gives the same outputs/, () => new Ping(Math.floor(Math.random() * 2 ** 32))],
  [
    'throws on short packets',
    /^2. never throws/,
    (seed) =>
      new (class extends Ping {
        override handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
          if (bytes.length < 3) throw new RangeError('short');
          super.handleDatagram(bytes, path, now);
        }
      })(seed),
  ],
  [
    'throws without a code',
    /^2. misuse throws/,
    (seed) =>
      new (class extends Ping {
        override misuse(): void {
          throw new Error('wrong');
        }
      })(seed),
  ],
  [
    'leaves its timer in the past',
    /^3. pollTimeout/,
    (seed) =>
      new (class extends Ping {
        override pollTimeout(): Instant {
          return Math.min(super.pollTimeout(), 5000);
        }
      })(seed),
  ],
  [
    'believes a clock that jumps back',
    /^3. a smaller now/,
    (seed) =>
      new (class extends Ping {
        override handleTimeout(now: Instant): void {
          if (now < this.now) this.next = this.now + 2;
          super.handleTimeout(now);
        }
      })(seed),
  ],
  [
    'forgets events that are not polled at once',
    /^4. events that nobody drains/,
    (seed) =>
      new (class extends Ping {
        override pollTransmit(slot: TransmitSlot, now: Instant): boolean {
          if (now > this.now + 100) this.events.length = 0;
          return super.pollTransmit(slot, now);
        }
      })(seed),
  ],
  [
    'queues answers without bound',
    /^4. what nobody drains is bounded/,
    (seed) =>
      new (class extends Ping {
        override handleDatagram(bytes: Uint8Array, path: Path, now: Instant): void {
          super.handleDatagram(bytes, path, now);
          for (let i = 0; bytes[0] === 1 && i < 20; i++) this.outgoing.push(Uint8Array.of(2, ...bytes.subarray(1)));
        }
      })(seed),
  ],
  [
    'uses an array again that it gave away',
    /^6. what pollEvent returns/,
    (seed) =>
      new (class extends Ping {
        readonly shared = new Uint8Array(8);
        override pollTransmit(slot: TransmitSlot, now: Instant): boolean {
          this.shared[0]!++;
          return super.pollTransmit(slot, now);
        }
        override pollEvent(): PingEvent | undefined {
          const event = super.pollEvent();
          return event?.type === 'pong' ? { type: 'pong', bytes: this.shared } : event;
        }
      })(seed),
  ],
  [
    'goes on after the end',
    /^7. after a terminal event/,
    (seed) =>
      new (class extends Ping {
        override close(): void {
          super.close();
          this.next = this.now + 1000;
        }
      })(seed),
  ],
];

describe('coreConformance', () => {
  it('passes a core that keeps the contract', async () => {
    expect(
      await failures((framework) =>
        coreConformance(
          framework,
          'Ping',
          worldOf((seed) => new Ping(seed)),
        ),
      ),
    ).toEqual([]);
  });

  it.each(broken)('catches a core that %s', async (_fault, caughtBy, make) => {
    const failed = await failures((framework) => coreConformance(framework, 'broken', worldOf(make)));
    expect(failed).toContainEqual(expect.stringMatching(caughtBy));
  });
});

describe('cryptoConformance', () => {
  it('catches a cipher that accepts everything, and one that remembers nonces wrongly', async () => {
    const copying: Aead = {
      tagLength: 16,
      seal: (_nonce, _aad, _buffer, _start, end) => end + 16,
      open: (_nonce, _aad, _buffer, _start, end) => end - 16,
    };
    const provider: Partial<CryptoProvider> = { aead: () => copying };
    const failed = await failures((framework) =>
      cryptoConformance(framework, 'none', provider, { aeads: ['AES-128-GCM'] }),
    );
    expect(failed).toContainEqual(expect.stringContaining('refuses any flipped bit'));
    expect(failed).toContainEqual(expect.stringContaining('test case 4'));
    expect(failed).toContainEqual(expect.stringContaining('too short'));
  });

  it('catches randomness that is none', async () => {
    const failed = await failures((framework) =>
      cryptoConformance(framework, 'zero', { random: (out) => out.fill(7) }),
    );
    expect(failed).toHaveLength(1);
  });
});

describe('clockConformance', () => {
  it('catches a clock whose deferred calls run at once', async () => {
    class Hasty extends VirtualClock {
      override defer(callback: () => void): void {
        callback();
      }
    }
    const failed = await failures((framework) =>
      clockConformance(framework, 'Hasty', () => {
        const clock = new Hasty();
        return { clock, until: (predicate) => clock.runUntil(predicate) };
      }),
    );
    expect(failed).toEqual([expect.stringMatching(/^defer runs once/)]);
  });
});
