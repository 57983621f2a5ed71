import { describe, expect, it } from 'vitest';
import { Pair } from './helpers/pair.ts';

describe('Connection', () => {
  it('completes a handshake and carries data both ways', () => {
    const pair = new Pair().connect();
    pair.write('client', Uint8Array.of(1, 2, 3));
    pair.write('server', Uint8Array.of(4, 5));
    pair.run();
    expect(pair.received.server).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(pair.received.client).toEqual([Uint8Array.of(4, 5)]);
    expect(pair.client.negotiated).toMatchObject({
      cipherSuiteName: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      group: 'X25519',
    });
  });
});
