/** The contract of core/v1, line by line. */
import type { CoreEvent } from '@kaon/interface/core/v1';
import { Slot } from '@kaon/wire';
import { withSeed } from '../seed.ts';
import { withoutAmbient } from './forbidden.ts';
import { check, checkEqual, checkThrowsCoded, type Framework, show } from './framework.ts';
import { hostilePackets } from './hostile.ts';
import { chronicle, isTerminal, launch, launchReady, type MakeWorld, type Running, runReady } from './world.ts';

/**
 * Tests the contract of core/v1 on whatever two cores `make` gives.
 *
 * @example
 * import { describe, it } from 'vitest';
 * coreConformance({ describe, it }, 'Association', (seed) => {
 *   const random = seededRandom(seed);
 *   const a = new Association({ random: random.fork('a') });
 *   const b = new Association({ random: random.fork('b') });
 *   return {
 *     a,
 *     b,
 *     start: (now) => a.connect(now),
 *     isReady: (pair) => pair.a.has('connected') && pair.b.has('connected'),
 *     close: (now) => a.abort(now),
 *   };
 * });
 */
export function coreConformance({ describe, it }: Framework, name: string, make: MakeWorld): void {
  describe(`${name}: the contract of core/v1`, () => {
    it('1. reads no clock, timer or randomness of the platform', () => {
      const running = launch(make, 1);
      withoutAmbient(running.world.ambient ?? [], () => {
        running.world.start(running.pair.now);
        runReady(running);
        running.pair.advance(1000);
      });
    });

    it('1. gives the same outputs for the same inputs and seed', () => {
      checkEqual(chronicle(launchReady(make, 7)), chronicle(launchReady(make, 7)), 'the second run');
    });

    it('2. never throws for anything a peer can send, before, while and after connecting', () =>
      withSeed((seed) => {
        const { packets } = launchReady(make, seed);
        const moments: ((running: Running) => void)[] = [
          () => undefined,
          ({ world, pair }) => world.start(pair.now),
          ({ world, pair }) => {
            world.start(pair.now);
            pair.advance(12);
          },
          (running) => {
            running.world.start(running.pair.now);
            runReady(running);
          },
        ];
        for (const [index, moment] of moments.entries()) {
          const running = launch(make, seed);
          moment(running);
          feedHostile(running, packets, seed + index);
        }
      }));

    it('2. misuse throws an error with a code, at once, and changes nothing', () => {
      const { world, pair } = launchReady(make, 1);
      for (const misuse of world.misuses ?? []) {
        const before = pair.a.end.core.pollTimeout();
        checkThrowsCoded(() => misuse.call(pair.now), misuse.name);
        checkEqual(pair.a.end.core.pollTimeout(), before, `pollTimeout() after ${misuse.name}`);
        check(pair.a.end.core.pollEvent() === undefined, `${misuse.name} left an event behind`);
      }
    });

    it('3. a smaller now counts as the last one', () => {
      const plain = launch(make, 3);
      const shaken = launch(make, 3);
      shaken.pair.tap(({ now }) => {
        for (const side of [shaken.pair.a, shaken.pair.b]) side.end.core.handleTimeout(now - 500);
        return undefined;
      });
      for (const running of [plain, shaken]) {
        running.world.start(running.pair.now);
        runReady(running);
      }
      checkEqual(chronicle(shaken), chronicle(plain), 'the story with a clock that jumps back');
    });

    it('3. pollTimeout() is later than now right after handleTimeout(now)', () => {
      const { pair } = launchReady(make, 4, { netem: { delay: 20, loss: 0.2 } });
      // The pair itself fails a core that breaks this; here it has a long time to do so.
      pair.cut();
      pair.advance(120_000);
      for (const side of [pair.a, pair.b]) {
        const late = pair.now + 1e9;
        side.end.core.handleTimeout(late);
        const next = side.end.core.pollTimeout();
        check(next > late, `side ${side.name}: pollTimeout() is ${next} right after handleTimeout(${late})`);
      }
    });

    it('4. events that nobody drains wait, and the story goes on when somebody does', () => {
      const running = launch(make, 5);
      running.pair.b.held = true;
      running.world.start(running.pair.now);
      running.pair.advance(500);
      running.pair.b.held = false;
      runReady(running);
    });

    it('4. what nobody drains is bounded', () => {
      const running = launch(make, 6);
      const { packets } = launchReady(make, 6);
      const { b } = running.pair;
      for (let round = 0; round < 200; round++) {
        for (const packet of packets) {
          if (packet.from === 'a') b.end.receive(packet.bytes.slice(), DEFAULT_PATH, running.pair.now, 0);
        }
      }
      const slot = new Slot(1500);
      let count = 0;
      while (b.end.core.pollTransmit(slot, running.pair.now) && ++count <= MOST_WAITING) slot.reset();
      check(count <= MOST_WAITING, `more than ${MOST_WAITING} packets were waiting`);
      count = 0;
      while (b.end.core.pollEvent() !== undefined && ++count <= MOST_WAITING);
      check(count <= MOST_WAITING, `more than ${MOST_WAITING} events were waiting`);
    });

    it('5. any method may be called from inside the loop that drains events', () => {
      const running = launch(make, 8);
      const { world, pair } = running;
      for (const side of [pair.a, pair.b]) {
        side.onEvent = (_event, now) => {
          side.end.core.handleTimeout(now);
          side.end.core.pollTimeout();
          if (side === pair.a && world.isReady(pair)) for (const command of world.commands ?? []) command.call(now);
        };
      }
      world.start(pair.now);
      runReady(running);
      pair.advance(1000);
    });

    it('6. what pollEvent returns belongs to the caller: it does not change later, and may be written to', () => {
      const running = launch(make, 9);
      const { world, pair } = running;
      const kept: { readonly event: CoreEvent; readonly text: string }[] = [];
      for (const side of [pair.a, pair.b]) {
        side.onEvent = (event) => {
          for (const field of Object.values(event)) if (field instanceof Uint8Array) field.fill(0xff);
          kept.push({ event, text: bytesOf(event) });
        };
      }
      world.start(pair.now);
      runReady(running);
      pair.advance(1000);
      for (const { event, text } of kept) checkEqual(bytesOf(event), text, `a kept '${event.type}' event`);
    });

    it('7. after a terminal event everything is a no-op and pollTimeout() is Infinity', () => {
      const { world, pair, packets } = launchReady(make, 10);
      if (world.close === undefined) return;
      world.close(pair.now);
      pair.run({ until: () => pair.a.events.some(isTerminal), what: 'a terminal event', timeout: 600_000 });
      const { core, receive } = pair.a.end;
      const slot = new Slot(1500);
      // The last words, such as an ABORT, may go out with the terminal event.
      while (core.pollTransmit(slot, pair.now)) slot.reset();
      checkEqual(core.pollTimeout(), Number.POSITIVE_INFINITY, 'pollTimeout()');
      const later = pair.now + 1000;
      for (const { from, bytes } of packets)
        if (from === 'b') receive.call(pair.a.end, bytes.slice(), DEFAULT_PATH, later, 0);
      core.handleTimeout(later + 1e6);
      world.close(later + 1e6);
      slot.reset();
      check(!core.pollTransmit(slot, later + 1e6), 'a packet was sent after the end');
      const event = core.pollEvent();
      check(event === undefined, `an event after the end: ${show(event)}`);
      checkEqual(core.pollTimeout(), Number.POSITIVE_INFINITY, 'pollTimeout() later');
    });
  });
}

/** More than any window or queue of ours holds, and far less than what 200 rounds of packets could pile up. */
const MOST_WAITING = 2000;

const DEFAULT_PATH = {
  protocol: 'udp',
  local: { address: '198.51.100.1', family: 'IPv4', port: 5002 },
  remote: { address: '192.0.2.1', family: 'IPv4', port: 5001 },
} as const;

/** Gives both sides damaged, truncated, foreign and random packets, and drains them in between. */
function feedHostile(running: Running, packets: Running['packets'], seed: number): void {
  const { pair } = running;
  for (const hostile of hostilePackets(packets, seed)) {
    const side = hostile.from === 'a' ? pair.b : pair.a;
    const path = hostile.from === 'a' ? DEFAULT_PATH : REVERSED_PATH;
    side.end.receive(hostile.bytes, path, pair.now, 0);
    side.pollEvents(pair.now);
  }
  pair.advance(100);
}

const REVERSED_PATH = { protocol: 'udp', local: DEFAULT_PATH.remote, remote: DEFAULT_PATH.local } as const;

function bytesOf(event: CoreEvent): string {
  return show(Object.values(event).filter((field) => field instanceof Uint8Array || typeof field !== 'object'));
}
