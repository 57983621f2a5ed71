import { describe, expect, it } from 'vitest';
import { openMedia, paced } from '../src/index.ts';
import { framesOf, vector } from './helpers/files.ts';

/** A clock that goes on when it is waited for. */
function clock() {
  let now = 1000;
  return {
    now: () => now,
    wait: async (milliseconds: number) => {
      now += milliseconds;
    },
    late: (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

describe('paced', () => {
  it('gives frames when they are due', async () => {
    await using reader = await openMedia(vector('vp8.ivf'));
    const { now, wait } = clock();
    for await (const { time } of paced(reader, { now, wait })) expect(now() - 1000).toBeCloseTo(time);
    expect(now()).toBeCloseTo(1000 + 11 * (1000 / 30));
  });

  it('catches up when its consumer is late', async () => {
    await using reader = await openMedia(vector('vp8.ivf'));
    const { now, wait, late } = clock();
    const times: number[] = [];
    for await (const _ of paced(reader, { now, wait })) {
      times.push(Math.round(now() - 1000));
      if (times.length === 1) late(100);
    }
    expect(times.slice(0, 6)).toEqual([0, 100, 100, 100, 133, 167]);
  });

  it('loops with times and timestamps that go on', async () => {
    await using reader = await openMedia(vector('vp8.ivf'));
    const { now, wait } = clock();
    let count = 0;
    for await (const { time, timestamp } of paced(reader, { now, wait, loop: true })) {
      expect(time).toBeCloseTo((count * 1000) / 30);
      expect(timestamp).toBe(count * 3000);
      if (++count === 40) break;
    }
    expect(count).toBe(40);
  });

  it('takes one track', async () => {
    await using reader = await openMedia(vector('vp8-opus.webm'));
    for await (const { track } of paced(reader, { ...clock(), track: 1 })) expect(track).toBe(1);
  });

  it('ends by its signal, in the middle of waiting', async () => {
    await using reader = await openMedia(vector('vp8.ivf'));
    const frames = (await framesOf(reader)).map((frame) => ({ ...frame, time: frame.time * 100_000 }));
    const stop = new AbortController();
    let count = 0;
    const all = async function* () {
      yield* frames;
    };
    for await (const _ of paced(all(), { signal: stop.signal })) {
      count++;
      queueMicrotask(() => stop.abort());
    }
    expect(count).toBe(1);
  });

  it('does not loop over what comes once, nor for ever over nothing', async () => {
    const nothing = async function* () {};
    await expect(paced(nothing(), { loop: true }).next()).rejects.toMatchObject({ code: 'MEDIA_BAD_OPTION' });
    expect(await paced(nothing, { loop: true }).next()).toMatchObject({ done: true });
  });
});
