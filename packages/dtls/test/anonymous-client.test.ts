import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { EXTENSION_TYPE, findExtension } from '../src/extensions/extension.ts';
import { decodeClientHello } from '../src/messages/client-hello.ts';
import { exchange } from './helpers/handshake.ts';
import { certificateOf } from './helpers/identity.ts';
import { Pair } from './helpers/pair.ts';

const ANONYMOUS = { certificate: undefined };

describe('a client without a certificate', () => {
  it('connects to a server that does not ask for one, and data flows', () => {
    const pair = new Pair(ANONYMOUS, { requestCertificate: false }).connect();
    pair.write('client', Uint8Array.of(1, 2));
    pair.write('server', Uint8Array.of(3));
    pair.run();
    expect(pair.received).toEqual({ client: [Uint8Array.of(3)], server: [Uint8Array.of(1, 2)] });
    expect(pair.server.peerCertificate).toBeUndefined();
    expect(pair.client.peerCertificate?.chain).toEqual([certificateOf('p256')]);
  });

  it('says so to a server that asks, which refuses it', () => {
    const { client, server, messages } = exchange(ANONYMOUS);
    const shown = messages.find((message) => message.from === 'client' && message.type === 11);
    expect(shown?.body).toEqual(new Uint8Array(3));
    expect(messages.some((message) => message.type === 15)).toBe(false);
    expect(server.failure?.error.code).toBe('DTLS_NO_CERTIFICATE');
    expect(client.complete).toBe(false);
  });

  it('still verifies the server', () => {
    const error = Object.assign(new Error('no'), { code: 'TEST_NO' });
    const pair = new Pair({ ...ANONYMOUS, verifyPeer: () => error }, { requestCertificate: false }).start();
    pair.run();
    expect(pair.client.state).toBe('failed');
    expect(pair.error('client')).toBe(error);
  });
});

describe('requestCertificate: false', () => {
  it('does not ask a client that has one', () => {
    let asked = 0;
    const count = (): undefined => {
      asked++;
    };
    const { server, messages } = exchange({}, { requestCertificate: false, verifyPeer: count });
    expect(server.complete).toBe(true);
    expect(messages.map(({ type }) => type)).toEqual([1, 2, 11, 12, 14, 16, 20, 20]);
    expect(asked).toBe(0);
  });

  it('refuses a certificate that was not asked for', () => {
    const { server } = exchange({}, { requestCertificate: false }, (from, messages) =>
      from === 'client' && messages[0]?.type === 16
        ? [{ ...messages[0], type: 11, body: new Uint8Array(3) }, ...messages]
        : messages,
    );
    expect(server.failure?.error.code).toBe('DTLS_UNEXPECTED_MESSAGE');
  });
});

describe('serverName', () => {
  const extension = (serverName: string | undefined): Uint8Array | undefined => {
    const hello = decodeClientHello(exchange({ serverName }).messages[0]?.body ?? new Uint8Array(0));
    if (isMalformed(hello)) throw new Error('no hello');
    return findExtension(hello.extensions, EXTENSION_TYPE.serverName);
  };

  it('is sent as SNI, without the dot at its end', () => {
    const bytes = Uint8Array.of(0, 6, 0, 0, 3, 0x61, 0x2e, 0x62);
    expect(extension('a.b')).toEqual(bytes);
    expect(extension('a.b.')).toEqual(bytes);
  });

  it('is not sent unless asked for', () => {
    expect(extension(undefined)).toBeUndefined();
  });
});
