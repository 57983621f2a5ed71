import { cipherSuite, portableCrypto } from '@kaon/dtls';
import { describe, expect, it } from 'vitest';
import { exportedKeyingMaterial, trafficProtection } from '../src/key-schedule/secrets.ts';
import type { CipherSuite } from '../src/suites/cipher-suites.ts';
import { hex } from './helpers/mangle.ts';
import { OPENSSL_SESSIONS } from './vectors/openssl-sessions.ts';

describe.each(OPENSSL_SESSIONS)('a session of OpenSSL with suite $suite', (session) => {
  const suite = cipherSuite(session.suite) as CipherSuite;
  const secrets = [hex(session.masterSecret), hex(session.clientRandom), hex(session.serverRandom)] as const;

  it('RFC 5705 §4: exports the keying material that OpenSSL exports', () => {
    const material = exportedKeyingMaterial(portableCrypto, suite, ...secrets, 'EXTRACTOR-dtls_srtp', 20);
    expect(material).toEqual(hex(session.exporter));
  });

  it('RFC 5246 §6.3: derives the keys that open what OpenSSL sealed, with the nonces OpenSSL chose', () => {
    const { server } = trafficProtection(portableCrypto, suite, ...secrets);
    const record = hex(session.record);
    const end = server.open(record, 0, record.length);
    expect(Buffer.from(record.subarray(server.headroom, end)).toString()).toBe('from openssl\n');
  });
});
