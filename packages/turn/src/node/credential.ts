import type { Credential } from '../server/index.ts';

/**
 * What an application's look-up gave, if it is a credential; undefined for nobody, which `null` means too. Throws TypeError on
 * anything else. A copy with nothing else in it, so that it can cross to a thread.
 */
export function credentialOf(found: unknown): Credential | undefined {
  if (found === undefined || found === null) return undefined;
  if (typeof found !== 'object') throw new TypeError(`authenticate gave ${typeof found}, which is no credential.`);
  const { password, md5Key, sha256Key, user } = found as { readonly [name: string]: unknown };
  if (user !== undefined && typeof user !== 'string') throw new TypeError('The user of a credential must be text.');
  const of = user === undefined ? {} : { user };
  if (typeof password === 'string') return { password, ...of };
  const keys = { md5Key: keyOf(md5Key, 16), sha256Key: keyOf(sha256Key, 32) };
  if (password !== undefined || (keys.md5Key === undefined && keys.sha256Key === undefined)) {
    throw new TypeError('A credential has a password, or keys of 16 (MD5) or 32 (SHA-256) bytes.');
  }
  return { ...keys, ...of };
}

function keyOf(key: unknown, length: number): Uint8Array | undefined {
  if (key === undefined) return undefined;
  if (!(key instanceof Uint8Array) || key.length !== length) {
    throw new TypeError(`A key of a credential must have ${length} bytes.`);
  }
  return key;
}
