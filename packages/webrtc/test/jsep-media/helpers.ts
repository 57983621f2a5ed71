import { readdirSync, readFileSync } from 'node:fs';
import { type MediaDescription, parseSdp, type SessionDescription, sessionDescription } from '@kaon/sdp';
import { readMediaSection } from '../../src/jsep/media/read-section.ts';
import type { LocalMedia, RemoteMedia } from '../../src/jsep/media/types.ts';

/** Recorded from Chromium and Firefox of Debian 12; those of Safari are put together after what it writes. */
const VECTORS = new URL('../../../sdp/test/vectors/', import.meta.url);

export const recordings: readonly string[] = readdirSync(VECTORS).filter((name) => name.endsWith('.sdp'));

export function recorded(name: string): SessionDescription {
  return parseSdp(readFileSync(new URL(name, VECTORS), 'utf8'));
}

/** The sections of audio and video. */
export function mediaOf(session: SessionDescription): RemoteMedia[] {
  return session.media.flatMap((section) => readMediaSection(session, section) ?? []);
}

export function sessionOf(...media: MediaDescription[]): SessionDescription {
  return sessionDescription({ sessionId: '1', sessionVersion: 1, media });
}

/** A section of these lines behind its m= line. */
export function section(mLine: string, lines: readonly string[], session: readonly string[] = []): RemoteMedia {
  const head = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', ...session];
  const text = [...head, `m=${mLine}`, 'c=IN IP4 0.0.0.0', ...lines, ''].join('\r\n');
  const found = mediaOf(parseSdp(text, { attributes: 'keep' }))[0];
  if (found === undefined) throw new Error('not a section of media');
  return found;
}

/** A section of ours with nothing but what is given. */
export function local(init: Partial<LocalMedia> = {}): LocalMedia {
  return {
    kind: 'video',
    mid: '0',
    direction: 'sendrecv',
    codecs: [{ payloadType: 96, mimeType: 'video/VP8', clockRate: 90000, rtcpFeedback: [] }],
    headerExtensions: [],
    extmapAllowMixed: false,
    sendLayers: [],
    receiveLayers: [],
    streamIds: ['s'],
    trackId: 't',
    encodings: [{ ssrc: 1, rtxSsrc: 2, fecSsrc: 3, active: true }],
    cname: 'c',
    ...init,
  };
}
