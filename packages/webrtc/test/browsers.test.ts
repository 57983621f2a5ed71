import { readdirSync, readFileSync } from 'node:fs';
import { decodeSdp, isDataSection, isRejected, readGroups, readMid, type SessionDescription } from '@kaon/sdp';
import { isMalformed } from '@kaon/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { shown, trackEvents } from './helpers/tracks.ts';
import { World } from './helpers/world.ts';

let world = new World();
afterEach(() => {
  world.close();
  world = new World();
});

const VECTORS = new URL('./vectors/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, VECTORS), 'utf8').replace(/\r?\n/g, '\r\n');

function parsed(sdp: string | undefined): SessionDescription {
  const session = decodeSdp(sdp ?? '');
  if (isMalformed(session)) throw new Error(`line ${session.line}: ${session.reason}`);
  return session;
}

// Recorded from Chromium and Firefox of Debian 12; see the interop suite for live ones.
describe('offers of browsers', () => {
  const offers = readdirSync(VECTORS).filter((name) => name.endsWith('.sdp') && !name.includes('answer'));
  for (const name of offers) {
    it(`${name} is answered`, async () => {
      const connection = world.connection();
      const events = trackEvents(connection);
      await world.until(connection.setRemoteDescription({ type: 'offer', sdp: read(name) }));
      expect(connection.canTrickleIceCandidates).toBe(true);
      await world.until(connection.setLocalDescription());
      const offer = parsed(read(name));
      const answer = parsed(connection.localDescription?.sdp);
      expect(answer.media.map(({ kind }) => kind)).toEqual(offer.media.map(({ kind }) => kind));
      expect(answer.media.map(readMid)).toEqual(offer.media.map(readMid));
      expect(answer.media.map(isRejected)).toEqual(offer.media.map(() => false));
      expect(readGroups(answer, 'BUNDLE').flatMap(({ mids }) => mids)).toEqual(offer.media.map(readMid));
      for (const [index, media] of answer.media.entries()) {
        expect(media.protocol).toBe(offer.media[index]?.protocol);
        expect(media.formats.length).toBeGreaterThan(0);
        expect(media.formats.every((format) => offer.media[index]?.formats.includes(format))).toBe(true);
      }
      expect(connection.signalingState).toBe('stable');
      const media = offer.media.filter((section) => !isDataSection(section));
      // All over one transport, with nothing of ours to send.
      expect(shown(connection)).toEqual(media.map((one) => `${readMid(one)} ${one.kind} recvonly recvonly`));
      expect(new Set(connection.getReceivers().map(({ transport }) => transport)).size).toBe(media.length > 0 ? 1 : 0);
      expect(events.map(({ track, streams }) => [track.kind, streams.length])).toEqual(
        media.map(({ kind }) => [kind, 1]),
      );
      const transport = connection.getReceivers()[0]?.transport ?? connection.sctp?.transport;
      expect(transport?.iceTransport.getRemoteCandidates().length).toBeGreaterThan(0);
      const hasData = offer.media.some(isDataSection);
      expect(connection.sctp === null).toBe(!hasData);
      if (!hasData) return;
      expect(connection.sctp?.transport).toBe(transport);
      expect(connection.sctp?.maxMessageSize).toBe(name.startsWith('firefox') ? 1073741823 : 262144);
    });
  }
});

it('an answer of a browser with media that was not offered is refused', async () => {
  const connection = world.connection();
  connection.createDataChannel('x');
  await world.until(connection.setLocalDescription());
  const sdp = read('chromium-pair-default-answer.sdp');
  await expect(world.until(connection.setRemoteDescription({ type: 'answer', sdp }))).rejects.toThrow('sections');
});

describe('peers of old', () => {
  it('that say sctpmap and give no mid are answered in kind', async () => {
    const connection = world.connection();
    const sdp = [
      'v=0',
      'o=- 1 2 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=ice-ufrag:abcd',
      'a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa',
      'a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB',
      'm=application 9 DTLS/SCTP 5000',
      'c=IN IP4 0.0.0.0',
      'a=sctpmap:5000 webrtc-datachannel 1024',
      '',
    ].join('\r\n');
    await world.until(connection.setRemoteDescription({ type: 'offer', sdp }));
    expect(connection.canTrickleIceCandidates).toBe(false);
    await world.until(connection.setLocalDescription());
    const answer = connection.localDescription?.sdp ?? '';
    expect(answer).toContain('m=application 9 DTLS/SCTP 5000\r\n');
    expect(answer).toContain('a=sctpmap:5000 webrtc-datachannel 65535\r\n');
    expect(answer).not.toMatch(/a=mid|a=group/);
    expect(connection.sctp?.maxMessageSize).toBe(65536);
  });

  it('that take messages of any length say 0', async () => {
    const connection = world.connection();
    const sdp = read('chromium-default-data.sdp').replace('max-message-size:262144', 'max-message-size:0');
    await world.until(connection.setRemoteDescription({ type: 'offer', sdp }));
    await world.until(connection.setLocalDescription());
    expect(connection.sctp?.maxMessageSize).toBe(Number.POSITIVE_INFINITY);
  });
});
