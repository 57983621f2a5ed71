import { portableCrypto } from '@kaon/dtls';
import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Cookies } from '../src/handshake/cookie.ts';
import { type ClientHello, decodeClientHello } from '../src/messages/client-hello.ts';
import { hex } from './helpers/mangle.ts';
import { BROWSER_CLIENT_HELLOS } from './vectors/hellos.ts';

function hello(): ClientHello {
  const decoded = decodeClientHello(hex(BROWSER_CLIENT_HELLOS.firefoxDtls12));
  if (isMalformed(decoded)) throw new Error('malformed');
  return decoded;
}

describe('Cookies', () => {
  const cookies = new Cookies(portableCrypto);
  const good = { ...hello(), cookie: cookies.make(hello(), '192.0.2.1:5000') };

  it('are good for the same hello from the same address', () => {
    expect(cookies.check(good, '192.0.2.1:5000')).toBe(true);
    expect(good.cookie.length).toBe(32);
  });

  it('are not good from another address, for another hello, or under another secret', () => {
    expect(cookies.check(good, '192.0.2.1:5001')).toBe(false);
    expect(cookies.check({ ...good, random: new Uint8Array(32) }, '192.0.2.1:5000')).toBe(false);
    expect(cookies.check({ ...good, cipherSuites: [1] }, '192.0.2.1:5000')).toBe(false);
    expect(cookies.check({ ...good, sessionId: Uint8Array.of(1) }, '192.0.2.1:5000')).toBe(false);
    expect(cookies.check({ ...good, version: 0xfeff }, '192.0.2.1:5000')).toBe(false);
    expect(cookies.check({ ...good, cookie: new Uint8Array(0) }, '192.0.2.1:5000')).toBe(false);
    expect(new Cookies(portableCrypto).check(good, '192.0.2.1:5000')).toBe(false);
  });
});
