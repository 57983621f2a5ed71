import type { ByteStream } from '@kaon/interface/network/v1';
import { nodeClock, nodeNetwork } from '@kaon/runtime/node';
import { afterEach, describe, expect, it } from 'vitest';
import { splice } from '../../src/node/splice.ts';
import { JumpClock } from './helpers/jump-clock.ts';

const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of opened.splice(0).reverse()) one.close();
});

/** Two ends of a TCP connection. */
async function pair(): Promise<[ByteStream, ByteStream]> {
  const listener = await nodeNetwork.listenTcp!({ address: '127.0.0.1' });
  const accepted = new Promise<ByteStream>((resolve) => {
    listener.onStream = resolve;
  });
  const near = await nodeNetwork.connectTcp!({ remote: listener.local });
  const far = await accepted;
  opened.push(listener, near, far);
  return [near, far];
}

/** Resolves when so many bytes have come. */
function received(stream: ByteStream, bytes: number): Promise<void> {
  let left = bytes;
  return new Promise((resolve) => {
    stream.onData = (chunk) => {
      left -= chunk.length;
      if (left <= 0) resolve();
    };
  });
}

const NO_LIMIT = { passed: () => 0, ended: () => {} };

describe('splice', () => {
  it('passes bytes on both ways, those that came before first', async () => {
    const [[left, a], [b, right]] = [await pair(), await pair()];
    const texts: string[] = [];
    const whole = new Promise<void>((resolve) => {
      right.onData = (bytes) => {
        texts.push(new TextDecoder().decode(bytes));
        if (texts.join('') === 'rest and more') resolve();
      };
    });
    splice(a, new TextEncoder().encode('rest '), b, nodeClock, NO_LIMIT);
    left.write(new TextEncoder().encode('and more'), 0, 8);
    await whole;
    const back = received(left, 4);
    right.write(new Uint8Array(4), 0, 4);
    await back;
  });

  it('does not pile up what a reader is too slow for', async () => {
    const [[left, a], [b, right]] = [await pair(), await pair()];
    let passed = 0;
    const total = 32 << 20;
    const stalled = Promise.withResolvers<void>();
    splice(a, new Uint8Array(0), b, nodeClock, {
      passed: (_from, bytes) => {
        passed += bytes;
        if (b.bufferedAmount > 256 << 10) stalled.resolve();
        return 0;
      },
      ended: () => {},
    });
    left.write(new Uint8Array(total), 0, total);
    // Nobody reads at the other end until what waits is too much.
    await stalled.promise;
    await new Promise(setImmediate);
    expect(passed).toBeLessThan(total);
    expect(b.bufferedAmount).toBeLessThan(1 << 20);
    await received(right, total);
    expect(passed).toBe(total);
  });

  it('waits as long as a limit says before it reads on', async () => {
    const [[left, a], [b, right]] = [await pair(), await pair()];
    const clock = new JumpClock();
    const counts: number[] = [];
    const first = Promise.withResolvers<void>();
    splice(a, new Uint8Array(0), b, clock, {
      passed: (from, bytes) => {
        counts.push(bytes);
        first.resolve();
        return from === 'a' ? 3_600_000 : 0;
      },
      ended: () => {},
    });
    left.write(new Uint8Array(10), 0, 10);
    await first.promise;
    left.write(new Uint8Array(20), 0, 20);
    // The other direction goes on; by the time its byte has arrived, the 20 have been waiting.
    const back = received(left, 1);
    right.write(new Uint8Array(1), 0, 1);
    await back;
    expect(counts).toEqual([10, 1]);
    const all = received(right, 30);
    clock.jump(3_600_000);
    await all;
    expect(counts).toEqual([10, 1, 20]);
  });

  it('tells once when either side ends', async () => {
    const [[left, a], [b, right]] = [await pair(), await pair()];
    let ends = 0;
    const over = Promise.withResolvers<void>();
    splice(a, new Uint8Array(0), b, nodeClock, {
      passed: () => 0,
      ended: () => {
        ends++;
        over.resolve();
        b.close();
      },
    });
    const closed = new Promise<void>((resolve) => {
      right.onData = () => {};
      right.onClose = () => resolve();
    });
    left.close();
    await over.promise;
    await closed;
    expect(ends).toBe(1);
  });
});
