import { describe, expect, it } from 'vitest';
import { credentialOf } from '../../src/node/credential.ts';

describe('credentialOf', () => {
  it('takes passwords and keys, and nothing that comes with them', () => {
    expect(credentialOf({ password: 'p', user: 'team', id: 7 })).toEqual({ password: 'p', user: 'team' });
    const [md5Key, sha256Key] = [new Uint8Array(16), new Uint8Array(32)];
    expect(credentialOf({ md5Key })).toEqual({ md5Key });
    expect(credentialOf({ md5Key, sha256Key })).toEqual({ md5Key, sha256Key });
  });

  it('takes undefined and null for nobody', () => {
    expect(credentialOf(undefined)).toBeUndefined();
    expect(credentialOf(null)).toBeUndefined();
  });

  it('throws on anything else', () => {
    const odd = [
      'p',
      5,
      {},
      { password: 5 },
      { password: 'p', user: 5 },
      { md5Key: new Uint8Array(15) },
      { sha256Key: 'k' },
    ];
    for (const each of odd) expect(() => credentialOf(each)).toThrow(TypeError);
  });
});
