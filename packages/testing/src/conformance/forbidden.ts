/**
 * Runs `body` while everything a core must not touch throws: clocks, timers and randomness of the platform.
 * Line 1 of the contract in core/v1. Synchronous, so nothing else can run meanwhile.
 * `allowed` names exceptions, such as `crypto.getRandomValues`.
 */
export function withoutAmbient<T>(allowed: readonly string[], body: () => T): T {
  const undo: (() => void)[] = [];
  const forbid = (owner: object, ownerName: string, name: string): void => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    if (allowed.includes(ownerName + name) || before === undefined || before.configurable !== true) return;
    const value = (): never => {
      throw new Error(`a core used ${ownerName}${name}`);
    };
    Object.defineProperty(owner, name, {
      configurable: true,
      enumerable: before.enumerable === true,
      writable: true,
      value,
    });
    undo.push(() => Object.defineProperty(owner, name, before));
  };
  forbid(Date, 'Date.', 'now');
  forbid(Math, 'Math.', 'random');
  forbid(Object.getPrototypeOf(globalThis.performance) as object, 'performance.', 'now');
  forbid(globalThis.performance, 'performance.', 'now');
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']) forbid(globalThis, '', name);
  forbid(Object.getPrototypeOf(globalThis.crypto) as object, 'crypto.', 'getRandomValues');
  try {
    return body();
  } finally {
    for (const restore of undo.reverse()) restore();
  }
}
