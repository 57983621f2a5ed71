/**
 * The two functions of a test framework that a conformance suite needs: those of vitest, node:test, jest, bun:test
 * and mocha fit as they are. Failures are plain errors, so no assertion library is asked for.
 */
export interface Framework {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => void | Promise<void>): unknown;
}

/** Fails the test unless `condition` holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** Fails the test unless both are the same primitive, or the same bytes. */
export function checkEqual<T>(actual: T, expected: T, what: string): void {
  const a = show(actual);
  const b = show(expected);
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

/** Fails the test unless `call` throws; gives what it threw. */
export function checkThrows(call: () => unknown, what: string): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error(`${what}: expected it to throw`);
}

/** Fails the test unless `call` throws an Error with a string `code`. */
export function checkThrowsCoded(call: () => unknown, what: string): void {
  const error = checkThrows(call, what);
  const code = (error as { code?: unknown } | undefined)?.code;
  check(
    error instanceof Error && typeof code === 'string',
    `${what}: expected an Error with a code, got ${show(error)}`,
  );
}

/** Fails the test unless the promise rejects. */
export async function checkRejects(promise: Promise<unknown>, what: string): Promise<void> {
  try {
    await promise;
  } catch {
    return;
  }
  throw new Error(`${what}: expected it to reject`);
}

/** A value as text; bytes in hex. Good for comparing events. */
export function show(value: unknown): string {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Error) return `${value.name} ${(value as { code?: string }).code ?? ''} ${value.message}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' ? JSON.stringify(value) : String(value);
  // Objects with methods, such as a channel, are known by their own data alone.
  const fields = Object.entries(value).filter(([, field]) => typeof field !== 'function');
  return `{${fields.map(([name, field]) => `${name}: ${typeof field === 'object' ? showFlat(field) : show(field)}`).join(', ')}}`;
}

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** As `show`, one level deep: objects may refer to each other in circles. */
function showFlat(value: unknown): string {
  if (value instanceof Uint8Array || value instanceof Error || value === null) return show(value);
  if (Array.isArray(value)) return `[${value.map(showFlat).join(', ')}]`;
  if (typeof value !== 'object') return show(value);
  const fields = Object.entries(value as object).filter(([, field]) => typeof field !== 'function');
  return `{${fields.map(([name, field]) => `${name}: ${typeof field === 'object' && field !== null ? '..' : show(field)}`).join(', ')}}`;
}
