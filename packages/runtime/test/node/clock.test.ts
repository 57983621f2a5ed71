import { describe, expect, it } from 'vitest';
import { nodeClock } from '../../src/node/index.ts';

/** Resolves when the timer fires, with the instant at which it did. */
function fired(arm: (timer: ReturnType<typeof nodeClock.timer>) => void): Promise<number> {
  return new Promise((resolve) => arm(nodeClock.timer(() => resolve(nodeClock.now()))));
}

describe('nodeClock', () => {
  it('goes forward and agrees with the wall clock', () => {
    const first = nodeClock.now();
    expect(nodeClock.now()).toBeGreaterThanOrEqual(first);
    expect(Math.abs(nodeClock.wallClock() - Date.now())).toBeLessThan(60_000);
  });

  it('fires a timer never before its instant', async () => {
    for (let i = 0; i < 10; i++) {
      const at = nodeClock.now() + 1.3;
      expect(await fired((timer) => timer.reset(at))).toBeGreaterThanOrEqual(at);
    }
  });

  it('fires at once, but not synchronously, for an instant in the past', async () => {
    let done = false;
    const promise = fired((timer) => timer.reset(0)).then(() => {
      done = true;
    });
    expect(done).toBe(false);
    await promise;
  });

  it('moves a timer later without firing in between', async () => {
    const at = nodeClock.now() + 12;
    const instant = await fired((timer) => {
      timer.reset(at - 10);
      timer.reset(at);
    });
    expect(instant).toBeGreaterThanOrEqual(at);
  });

  it('moves a timer earlier', async () => {
    const far = nodeClock.now() + 1e9;
    expect(
      await fired((timer) => {
        timer.reset(far);
        timer.reset(nodeClock.now() + 1);
      }),
    ).toBeLessThan(far);
  });

  it('re-arms a timer from its own callback and after cancelling', async () => {
    let count = 0;
    await new Promise<void>((resolve) => {
      const timer = nodeClock.timer(() => {
        if (++count === 3) resolve();
        else timer.reset(nodeClock.now() + 1);
      });
      timer.reset(nodeClock.now() + 1e9);
      timer.cancel();
      timer.reset(nodeClock.now() + 1);
    });
    expect(count).toBe(3);
  });

  it('does not fire a cancelled timer, nor one that waits for Infinity', async () => {
    let wrong = 0;
    const cancelled = nodeClock.timer(() => wrong++);
    cancelled.reset(nodeClock.now() + 1);
    cancelled.cancel();
    const endless = nodeClock.timer(() => wrong++);
    endless.reset(nodeClock.now() + 1);
    endless.reset(Number.POSITIVE_INFINITY);
    await fired((timer) => timer.reset(nodeClock.now() + 5));
    expect(wrong).toBe(0);
  });

  it('takes instants beyond the longest delay of the platform', async () => {
    const timer = nodeClock.timer(() => expect.unreachable());
    timer.reset(nodeClock.now() + 2 ** 40);
    await fired((one) => one.reset(nodeClock.now() + 3));
    timer.cancel();
  });

  it('defers to the end of the turn, behind microtasks', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      nodeClock.defer(() => {
        order.push('deferred');
        resolve();
      });
      queueMicrotask(() => order.push('microtask'));
      order.push('now');
    });
    expect(order).toEqual(['now', 'microtask', 'deferred']);
  });
});
