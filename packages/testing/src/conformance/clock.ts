/** What network/v1 promises of clocks. */
import type { Clock } from '@kaon/interface/network/v1';
import { check, checkEqual, type Framework } from './framework.ts';

/** A clock under test, with a way to let its time go by. */
export interface ClockSubject {
  readonly clock: Clock;
  /** Resolves once the predicate holds, and rejects if it does not within a bounded time. */
  until(predicate: () => boolean): Promise<void>;
}

/** Tests a `Clock`; with a real one it takes a fraction of a second. */
export function clockConformance({ describe, it }: Framework, name: string, make: () => ClockSubject): void {
  describe(`${name}: Clock of network/v1`, () => {
    it('carries its tag', () => checkEqual(make().clock.interface, 'kaon:clock/1', 'interface'));

    it('now never goes back', () => {
      const { clock } = make();
      let last = clock.now();
      for (let i = 0; i < 1000; i++) {
        const now = clock.now();
        check(now >= last, `from ${last} to ${now}`);
        last = now;
      }
    });

    it('wallClock is a date of this century', () => {
      const year = new Date(make().clock.wallClock()).getUTCFullYear();
      check(year >= 2020 && year < 2100, `year ${year}`);
    });

    it('a timer fires once, not before its time', async () => {
      const { clock, until } = make();
      const fired: number[] = [];
      const timer = clock.timer(() => fired.push(clock.now()));
      const at = clock.now() + 5;
      timer.reset(at);
      checkEqual(fired.length, 0, 'fired inside reset');
      await until(() => fired.length > 0);
      check(fired[0]! >= at, `fired at ${fired[0]} instead of ${at}`);
      let other = false;
      clock
        .timer(() => {
          other = true;
        })
        .reset(clock.now() + 10);
      await until(() => other);
      checkEqual(fired.length, 1, 'times fired');
    });

    it('fires in the order of time', async () => {
      const { clock, until } = make();
      const fired: string[] = [];
      const now = clock.now();
      clock.timer(() => fired.push('late')).reset(now + 30);
      clock.timer(() => fired.push('early')).reset(now + 5);
      await until(() => fired.length === 2);
      checkEqual(fired, ['early', 'late'], 'order');
    });

    it('a cancelled timer does not fire, and may be armed again, also after it fired', async () => {
      const { clock, until } = make();
      let fired = 0;
      const timer = clock.timer(() => {
        fired++;
      });
      timer.reset(clock.now() + 5);
      timer.cancel();
      timer.cancel();
      await pass(clock, until, 15);
      checkEqual(fired, 0, 'after cancel');
      timer.reset(clock.now() + 2);
      await until(() => fired === 1);
      timer.reset(clock.now() + 2);
      await until(() => fired === 2);
    });

    it('reset moves a timer in both directions; Infinity means never', async () => {
      const { clock, until } = make();
      let fired = 0;
      const timer = clock.timer(() => {
        fired++;
      });
      timer.reset(clock.now() + 3);
      timer.reset(clock.now() + 40_000);
      await pass(clock, until, 15);
      checkEqual(fired, 0, 'moved away');
      timer.reset(clock.now() + 2);
      await until(() => fired === 1);
      timer.reset(Number.POSITIVE_INFINITY);
      await pass(clock, until, 10);
      checkEqual(fired, 1, 'at infinity');
    });

    it('a time in the past fires soon, and not inside reset', async () => {
      const { clock, until } = make();
      let fired = 0;
      clock
        .timer(() => {
          fired++;
        })
        .reset(clock.now() - 1000);
      checkEqual(fired, 0, 'inside reset');
      await until(() => fired === 1);
    });

    it('a timer may move itself while it fires', async () => {
      const { clock, until } = make();
      let fired = 0;
      const timer = clock.timer(() => {
        if (++fired < 3) timer.reset(clock.now() + 1);
      });
      timer.reset(clock.now());
      await until(() => fired === 3);
    });

    it('defer runs once, later than the present call, in order', async () => {
      const { clock, until } = make();
      const log: number[] = [];
      clock.defer(() => log.push(1));
      clock.defer(() => log.push(2));
      checkEqual(log, [], 'inside defer');
      await until(() => log.length === 2);
      checkEqual(log, [1, 2], 'order');
    });
  });
}

/** Lets this many ms go by. */
async function pass(clock: Clock, until: ClockSubject['until'], ms: number): Promise<void> {
  let over = false;
  clock
    .timer(() => {
      over = true;
    })
    .reset(clock.now() + ms);
  await until(() => over);
}
