/** An error with the code that `node:dgram`, `node:net` and `node:dns` would give. */
export function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
