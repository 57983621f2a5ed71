import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CodecChoice, MediaKind } from '../agent/protocol.ts';
import { type Call, prefer } from '../call.ts';
import { probe, writeFrames } from '../frames.ts';
import type { Listener } from '../listener.ts';
import { mediaFile } from '../media-files.ts';
import type { MediaContext, MediaScenario } from '../media-scenario.ts';

interface Codec extends CodecChoice {
  readonly name: string;
  /** Of media-files.ts; absent where Kaon has nothing to send. */
  readonly file?: string;
}

const CODECS: readonly Codec[] = [
  { name: 'VP8', mimeType: 'video/VP8', file: 'video/VP8' },
  { name: 'VP9', mimeType: 'video/VP9', file: 'video/VP9' },
  { name: 'H264', mimeType: 'video/H264', fmtp: 'packetization-mode=1;profile-level-id=42e01f', file: 'video/H264' },
  {
    name: 'H264 mode 0',
    mimeType: 'video/H264',
    fmtp: 'packetization-mode=0;profile-level-id=42e01f',
    file: 'video/H264;packetization-mode=0',
  },
  { name: 'H265', mimeType: 'video/H265', file: 'video/H265' },
  { name: 'AV1', mimeType: 'video/AV1', file: 'video/AV1' },
  { name: 'Opus', mimeType: 'audio/opus', file: 'audio/opus' },
  { name: 'RED with Opus', mimeType: 'audio/red' },
  { name: 'PCMU', mimeType: 'audio/PCMU', file: 'audio/PCMU' },
  { name: 'PCMA', mimeType: 'audio/PCMA', file: 'audio/PCMA' },
  { name: 'G722', mimeType: 'audio/G722', file: 'audio/G722' },
];

export const codecScenarios: readonly MediaScenario[] = [
  ...CODECS.map(
    (codec): MediaScenario => ({
      id: `from-${slug(codec)}`,
      title: `${codec.name} from the peer`,
      codec: { name: codec.name, direction: 'from' },
      run: (context) => fromPeer(context, codec),
    }),
  ),
  ...CODECS.filter(({ file }) => file !== undefined).map(
    (codec): MediaScenario => ({
      id: `to-${slug(codec)}`,
      title: `${codec.name} to the peer`,
      codec: { name: codec.name, direction: 'to' },
      run: (context) => toPeer(context, codec),
    }),
  ),
];

/** Kaon receives: whole frames of the codec, a key frame when it asks, and what ffprobe can read. */
async function fromPeer({ role, call: begin }: MediaContext, codec: Codec): Promise<void> {
  const kind = kindOf(codec);
  const call = await begin();
  await call.peerSends(kind, { file: mediaFile(codec.file ?? 'audio/opus') });
  await choose(call, codec, role === 'offers');
  await call.connect();
  const listener = call.listen(kind);
  listener.record = true;
  const arrived = new Set<string>();
  listener.receiver.onrtp = (_, info) => arrived.add(info.codec.mimeType);
  await listener.until('frames', ({ frames }) => frames >= 15);
  if (kind === 'video') await keyFrameOnRequest(listener);
  const { malformed, incomplete } = listener.receiver.counters;
  assert.deepEqual({ malformed, incomplete }, { malformed: 0, incomplete: 0 });
  assert.ok(arrived.has(codec.mimeType), `packets of ${[...arrived]}`);
  const received = codec.mimeType === 'audio/red' ? ['audio/red', 'audio/opus'] : [codec.mimeType];
  for (const mimeType of listener.mimeTypes) assert.ok(received.includes(mimeType), `received ${mimeType}`);
  if (kind === 'video') judge(codec, listener);
}

/** Asks for a key frame, and waits for one that comes after those that come by themselves at the start. */
export async function keyFrameOnRequest(listener: Listener, rid?: string): Promise<void> {
  const before = listener.keyFrames;
  listener.receiver.requestKeyFrame(rid);
  await listener.until('a key frame on request', ({ keyFrames }) => keyFrames > before);
}

function judge({ mimeType }: Codec, { recording }: Listener): void {
  const folder = mkdtempSync(join(tmpdir(), 'kaon-recorded-'));
  try {
    const extension = { 'video/H264': 'h264', 'video/H265': 'h265' }[mimeType] ?? 'ivf';
    const path = join(folder, `recorded.${extension}`);
    const frames = recording.map(({ data }) => data);
    writeFrames(path, mimeType, frames);
    const { frames: count, width, height } = probe(path);
    assert.equal(count, frames.length, 'frames that ffprobe decodes');
    assert.ok(width >= 160 && height >= 120, `${width}x${height}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Kaon sends: the peer decodes it, sees the right picture, and its requests for key frames reach the source. */
async function toPeer({ role, peer, call: begin }: MediaContext, codec: Codec): Promise<void> {
  const kind = kindOf(codec);
  const call = await begin();
  const { player } = await call.kaonSends(codec.file ?? '');
  await choose(call, codec, role === 'offers');
  await call.connect();
  const stream = await call.media.decodes(kind);
  if (stream.codec !== undefined) assert.equal(stream.codec.toLowerCase(), codec.mimeType.toLowerCase());
  if (kind === 'audio') return;
  assert.ok(player.requests > 0, 'a request for a key frame reaches the source');
  if (stream.frameWidth !== undefined) assert.deepEqual([stream.frameWidth, stream.frameHeight], [320, 240]);
  if (!isBrowser(peer)) return;
  await call.media.until('the colours of the test picture', ({ colours: [colour] }) => isTestPicture(colour));
}

/** The whole picture's mean, in each of its frames about the same. */
function isTestPicture(colour: readonly [number, number, number] | undefined): boolean {
  return colour?.every((value, i) => Math.abs(value - (TEST_PICTURE[i] ?? 0)) < 25) === true;
}

const TEST_PICTURE = [121, 126, 127];

export function isBrowser(peer: string): boolean {
  return peer === 'chromium' || peer === 'firefox';
}

/** The codec alone, by the side that offers; RED needs what it carries, too. */
async function choose(call: Call, codec: Codec, byKaon: boolean): Promise<void> {
  const { mimeType, fmtp } = codec;
  const choice = fmtp === undefined ? { mimeType } : { mimeType, fmtp };
  const only = mimeType !== 'audio/red';
  if (byKaon) prefer(call.pc, choice, only);
  else await call.media.prefer(choice, only);
}

function kindOf({ mimeType }: CodecChoice): MediaKind {
  return mimeType.startsWith('video/') ? 'video' : 'audio';
}

function slug({ name }: Codec): string {
  return name.toLowerCase().replaceAll(' ', '-');
}
