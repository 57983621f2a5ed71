import { fingerprint } from '@kaon/dtls';
import { afterEach, expect, it } from 'vitest';
import type { RTCError } from '../src/index.ts';
import { errorName, recorded, World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

const FINGERPRINT = /a=fingerprint:sha-256 (..)/;
const ONES = 'a=fingerprint:sha-256 11';

it('a wrong fingerprint fails the connection with an error that says so, and nothing is delivered', async () => {
  for (const liar of ['offer', 'answer'] as const) {
    const own = new World();
    const [a, b] = own.pair();
    const channel = a.createDataChannel('x');
    const received = [recorded(channel, 'open', 'message'), recorded(b, 'datachannel')];
    const forge = (description: unknown, type: 'offer' | 'answer') => {
      const { sdp } = description as { sdp: string };
      const forged = sdp.replace(FINGERPRINT, (line, first) => line.replace(/..$/, first === '00' ? '11' : '00'));
      return { type, sdp: type === liar ? forged : sdp };
    };
    await own.until(a.setLocalDescription());
    await own.until(b.setRemoteDescription(forge(a.localDescription, 'offer')));
    await own.until(b.setLocalDescription());
    await own.until(a.setRemoteDescription(forge(b.localDescription, 'answer')));
    const victim = liar === 'offer' ? b : a;
    const errors: RTCError[] = [];
    victim.sctp?.transport.addEventListener('error', ({ error }) => errors.push(error));
    await own.run(() => a.connectionState === 'failed' && b.connectionState === 'failed');
    expect(victim.sctp?.transport.state).toBe('failed');
    expect(errors[0]).toMatchObject({
      errorDetail: 'fingerprint-failure',
      name: 'OperationError',
      sentAlert: expect.any(Number),
    });
    expect(errors[0]?.message).toContain('a=fingerprint');
    await own.advance(1000);
    expect(received.flat()).toEqual([]);
    own.close();
  }
});

it('an application that checks for itself takes any certificate, and can read it', async () => {
  const [a, b] = world.pair({}, { kaon: { verifyFingerprints: false } });
  const channel = a.createDataChannel('x');
  const forge = ({ sdp }: { sdp: string }) => ({ type: 'offer' as const, sdp: sdp.replace(FINGERPRINT, ONES) });
  await world.until(a.setLocalDescription());
  await world.until(b.setRemoteDescription(forge(a.localDescription as never)));
  await world.until(b.setLocalDescription());
  await world.until(a.setRemoteDescription(b.localDescription as never));
  await world.run(() => channel.readyState === 'open');
  const [leaf] = b.sctp?.transport.getRemoteCertificates() ?? [];
  const [theirs] = a.getConfiguration().certificates?.[0]?.getFingerprints() ?? [];
  expect(fingerprint(new Uint8Array(leaf as ArrayBuffer), 'sha-256')).toBe(theirs?.value?.toUpperCase());
});

it('any of several fingerprints will do, and unknown hashes are passed over', async () => {
  const [a, b] = world.pair();
  const channel = a.createDataChannel('x');
  const more = 'a=fingerprint:sha-999 00:11\r\na=fingerprint:sha-256 00:11\r\n';
  const add = (description: unknown) => {
    const { type, sdp } = description as { type: 'offer'; sdp: string };
    return { type, sdp: sdp.replace('a=fingerprint', `${more}a=fingerprint`) };
  };
  await world.until(a.setLocalDescription());
  await world.until(b.setRemoteDescription(add(a.localDescription)));
  await world.until(b.setLocalDescription());
  await world.until(a.setRemoteDescription(add(b.localDescription)));
  await world.run(() => channel.readyState === 'open');
});

it('descriptions without credentials, fingerprint or with a wrong role are refused', async () => {
  const [a, b] = world.pair();
  a.createDataChannel('x');
  const { sdp } = (await world.until(a.createOffer())) as { sdp: string };
  await world.until(a.setLocalDescription());
  const offers: [RegExp, string][] = [
    [/a=ice-pwd:.*\r\n/, ''],
    [/a=ice-ufrag:.*\r\n/, ''],
    [/a=fingerprint:.*\r\n/, ''],
    [/a=setup:actpass/, 'a=setup:holdconn'],
    [/BUNDLE 0/, 'BUNDLE 0 1'],
    [/a=sctp-port:5000/, 'a=sctp-port:0'],
  ];
  for (const [from, to] of offers) {
    const description = { type: 'offer', sdp: sdp.replace(from, to) } as const;
    expect([String(from), await errorName(() => world.until(b.setRemoteDescription(description)))]).toEqual([
      String(from),
      'InvalidAccessError',
    ]);
  }
  expect(b.signalingState).toBe('stable');
  await world.until(b.setRemoteDescription({ type: 'offer', sdp }));
  const answer = (await world.until(b.createAnswer())) as { sdp: string };
  const answers: [RegExp, string][] = [
    [/a=setup:active/, 'a=setup:actpass'],
    [/a=setup:active\r\n/, ''],
    [/a=mid:0/, 'a=mid:1'],
    [/m=application/, 'm=audio'],
    [/m=application(.|\r|\n)*/, ''],
  ];
  for (const [from, to] of answers) {
    const forged = answer.sdp.replace(from, to).replace('BUNDLE 0', 'BUNDLE');
    expect([
      String(from),
      await errorName(() => world.until(a.setRemoteDescription({ type: 'answer', sdp: forged }))),
    ]).toEqual([String(from), 'InvalidAccessError']);
  }
  expect(a.signalingState).toBe('have-local-offer');
});

it('a bad user name fragment of the peer is refused and harms nobody', async () => {
  const [a, b] = world.pair();
  a.createDataChannel('x');
  await world.until(a.setLocalDescription());
  await world.until(b.setRemoteDescription(a.localDescription as never));
  const answer = (await world.until(b.createAnswer())) as { sdp: string };
  const sdp = answer.sdp.replace(/a=ice-pwd:.*\r\n/, `a=ice-pwd:${'='.repeat(24)}\r\n`);
  expect(await errorName(() => world.until(a.setRemoteDescription({ type: 'answer', sdp })))).toBe(
    'InvalidAccessError',
  );
  expect(a.signalingState).toBe('have-local-offer');
  await world.until(b.setLocalDescription(answer as never));
  await world.until(a.setRemoteDescription(b.localDescription as never));
  await world.run(() => a.connectionState === 'connected');
});

it('another DTLS association in a running transport is refused', async () => {
  const { a, b } = await world.connected();
  await world.until(a.setLocalDescription());
  const { sdp } = a.localDescription as { sdp: string };
  const changed = sdp.replace(/a=tls-id:.*\r\n/, `a=tls-id:${'f'.repeat(32)}\r\n`);
  expect(await errorName(() => world.until(b.setRemoteDescription({ type: 'offer', sdp: changed })))).toBe(
    'OperationError',
  );
});
