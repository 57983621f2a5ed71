import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../src/index.ts';

describe('VirtualClock', () => {
  it('starts where it is told and moves only when told', async () => {
    const clock = new VirtualClock({ start: 5, epoch: 1_000_000 });
    expect(clock.now()).toBe(5);
    expect(clock.wallClock()).toBe(1_000_000);
    await clock.advance(10);
    expect(clock.now()).toBe(15);
    expect(clock.wallClock()).toBe(1_000_010);
  });

  it('fires timers in order of time, ties in order of arming, each at its own instant', async () => {
    const clock = new VirtualClock({ start: 0 });
    const log: string[] = [];
    const arm = (name: string, at: number): void => clock.timer(() => log.push(`${name}@${clock.now()}`)).reset(at);
    arm('c', 30);
    arm('a', 10);
    arm('b1', 20);
    arm('b2', 20);
    await clock.advance(25);
    expect(log).toEqual(['a@10', 'b1@20', 'b2@20']);
    await clock.advance(5);
    expect(log.at(-1)).toBe('c@30');
  });

  it('runs a timer armed for the past at once', async () => {
    const clock = new VirtualClock({ start: 100 });
    let at = 0;
    clock
      .timer(() => {
        at = clock.now();
      })
      .reset(50);
    await clock.advance(0);
    expect(at).toBe(100);
  });

  it('lets chains of promises finish between two timers', async () => {
    const clock = new VirtualClock({ start: 0 });
    const log: string[] = [];
    clock
      .timer(async () => {
        for (let i = 0; i < 50; i++) await Promise.resolve();
        log.push(`chain@${clock.now()}`);
      })
      .reset(1);
    clock.timer(() => log.push(`timer@${clock.now()}`)).reset(2);
    await clock.advance(5);
    expect(log).toEqual(['chain@1', 'timer@2']);
  });

  it('runs deferred calls after the promises of the turn and before the next timer', async () => {
    const clock = new VirtualClock({ start: 0 });
    const log: string[] = [];
    clock
      .timer(() => {
        clock.defer(() => log.push('deferred'));
        Promise.resolve().then(() => log.push('promise'));
      })
      .reset(1);
    clock.timer(() => log.push('timer')).reset(1);
    await clock.advance(1);
    expect(log).toEqual(['promise', 'deferred', 'timer']);
  });

  it('settles until no promise defers a call any more', async () => {
    const clock = new VirtualClock();
    let done = false;
    clock.defer(() => {
      void Promise.resolve().then(() =>
        clock.defer(() => {
          done = true;
        }),
      );
    });
    await clock.runUntil(() => done);
  });

  it('cancels, moves and re-arms timers', async () => {
    const clock = new VirtualClock({ start: 0 });
    const fired: number[] = [];
    const timer = clock.timer(() => fired.push(clock.now()));
    timer.reset(10);
    timer.cancel();
    await clock.advance(20);
    timer.reset(30);
    timer.reset(25);
    await clock.advance(20);
    expect(fired).toEqual([25]);
    timer.reset(50);
    timer.reset(Number.POSITIVE_INFINITY);
    expect(clock.pending).toBe(0);
    await clock.advance(20);
    expect(fired).toEqual([25]);
  });

  it('counts what is pending', () => {
    const clock = new VirtualClock();
    const timer = clock.timer(() => undefined);
    timer.reset(2000);
    clock.defer(() => undefined);
    expect(clock.pending).toBe(2);
    timer.cancel();
    expect(clock.pending).toBe(1);
    expect(clock.nextTimer).toBe(Number.POSITIVE_INFINITY);
  });

  it('runUntil stops as soon as the predicate holds', async () => {
    const clock = new VirtualClock({ start: 0 });
    let count = 0;
    const timer = clock.timer(() => {
      count++;
      timer.reset(clock.now() + 10);
    });
    timer.reset(10);
    await clock.runUntil(() => count === 3);
    expect(clock.now()).toBe(30);
  });

  it('runUntil rejects when time runs out, and says so when nothing can happen any more', async () => {
    const clock = new VirtualClock({ start: 0 });
    const timer = clock.timer(() => timer.reset(clock.now() + 10));
    timer.reset(10);
    await expect(clock.runUntil(() => false, { timeout: 95, what: 'rain' })).rejects.toThrow(
      'rain did not happen within 95 ms (now 95)',
    );
    timer.cancel();
    await expect(clock.runUntil(() => false)).rejects.toThrow('no timer is armed any more');
  });

  it('advanceSync runs timers and deferred calls without promises', () => {
    const clock = new VirtualClock({ start: 0 });
    const log: number[] = [];
    clock.timer(() => clock.defer(() => log.push(clock.now()))).reset(3);
    clock.advanceSync(10);
    expect(log).toEqual([3]);
    expect(clock.now()).toBe(10);
  });
});
