/**
 * The seed that stories run with: `KAON_SEED` from the environment (a number, or `random` for a fresh one), else 1.
 * Throws RangeError when the variable is something else.
 */
export function defaultSeed(): number {
  const text = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.['KAON_SEED'];
  if (text === undefined || text === '') return 1;
  if (text === 'random') return Math.floor(Math.random() * 2 ** 32);
  const seed = Number(text);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`KAON_SEED=${text} is not a seed`);
  return seed;
}

/**
 * Runs a test body with a seed and puts the seed into the message of whatever it throws, so that
 * `KAON_SEED=<seed>` tells the same story again. Returns what the body returns; a promise is awaited.
 */
export function withSeed<T>(body: (seed: number) => T, seed: number = defaultSeed()): T {
  try {
    const result = body(seed);
    if (result instanceof Promise) return result.catch((error: unknown) => rethrow(error, seed)) as T;
    return result;
  } catch (error) {
    return rethrow(error, seed);
  }
}

/** `error` with the seed in its message (once). */
export function nameSeed(error: unknown, seed: number): unknown {
  const note = `(KAON_SEED=${seed})`;
  if (!(error instanceof Error) || error.message.includes(note)) return error;
  try {
    error.message = `${error.message} ${note}`;
    return error;
  } catch {
    // A frozen error keeps its message, and travels as the cause.
    return new Error(`${error.message} ${note}`, { cause: error });
  }
}

function rethrow(error: unknown, seed: number): never {
  throw nameSeed(error, seed);
}
