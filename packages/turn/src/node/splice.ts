import type { ByteStream, Clock, ClockTimer } from '@kaon/interface/network/v1';

/** Bytes that may wait for a slow reader before the other side is not read any more. */
const MAX_WAITING = 256 << 10;

/** What `splice` tells. */
export interface SpliceOwner {
  /** Bytes came from `a` or `b` and were passed on. Answers how many milliseconds to wait before more are read from there. */
  passed(from: 'a' | 'b', bytes: number): number;
  /** One of the two has ended. Called once; closing the other is the owner's. */
  ended(): void;
}

/**
 * Passes bytes on in both directions, `rest` to `b` first. What a reader is too slow for, or a limit holds back, waits in the
 * sender: nothing piles up here. Returns what ends it.
 */
export function splice(a: ByteStream, rest: Uint8Array, b: ByteStream, clock: Clock, owner: SpliceOwner): () => void {
  if (rest.length > 0) {
    b.write(rest, 0, rest.length);
    owner.passed('a', rest.length);
  }
  const timers = [
    pass(a, b, clock, (bytes) => owner.passed('a', bytes)),
    pass(b, a, clock, (bytes) => owner.passed('b', bytes)),
  ];
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    for (const timer of timers) timer.cancel();
  };
  const end = (): void => {
    if (isOver) return;
    stop();
    owner.ended();
  };
  a.onClose = end;
  b.onClose = end;
  return stop;
}

function pass(from: ByteStream, to: ByteStream, clock: Clock, passed: (bytes: number) => number): ClockTimer {
  let isHeldBack = false;
  const goOn = (): void => {
    if (!isHeldBack && to.bufferedAmount <= MAX_WAITING) from.onData = take;
  };
  const timer = clock.timer(() => {
    isHeldBack = false;
    goOn();
  });
  const take = (bytes: Uint8Array): void => {
    to.write(bytes, 0, bytes.length);
    const wait = passed(bytes.length);
    if (wait > 0) {
      isHeldBack = true;
      timer.reset(clock.now() + wait);
    }
    if (isHeldBack || to.bufferedAmount > MAX_WAITING) from.onData = undefined;
  };
  to.onDrain = goOn;
  from.onData = take;
  return timer;
}
