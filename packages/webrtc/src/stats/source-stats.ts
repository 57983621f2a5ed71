import type { SenderCore } from '../media/sender-core.ts';
import type { MediaStreamTrack } from '../media/track.ts';
import type { StatsContext } from './context.ts';
import { present } from './present.ts';
import type { RTCAudioSourceStats, RTCVideoSourceStats } from './types.ts';

/** Adds the source of a sender's track, once for all senders of the track; gives its id, or undefined without a track. */
export function addSourceStats(context: StatsContext, core: SenderCore): string | undefined {
  const { track, source } = core;
  if (track === null) return undefined;
  const id = idOf(track);
  if (context.stats.has(id)) return id;
  const own = { id, timestamp: context.timestamp, type: 'media-source' as const, trackIdentifier: track.id };
  if (track.kind === 'audio') {
    const { level, energy, seconds } = source.audio;
    const totalAudioEnergy = level === undefined ? undefined : energy;
    const loudness = { audioLevel: level, totalAudioEnergy, totalSamplesDuration: seconds };
    context.add(present<RTCAudioSourceStats>({ ...own, kind: 'audio', ...loudness }));
  } else {
    const { width, height } = sizeOf(core, track);
    const framesPerSecond = context.now - source.since < 1000 ? undefined : source.rate.perSecond(context.now);
    const video = { frames: source.frames, framesPerSecond, width, height };
    context.add(present<RTCVideoSourceStats>({ ...own, kind: 'video', ...video }));
  }
  return id;
}

/** What the source says, else the largest size that is sent: nothing is scaled on the way. */
function sizeOf(
  core: SenderCore,
  track: MediaStreamTrack,
): { width?: number | undefined; height?: number | undefined } {
  const { width, height } = track.getSettings();
  if (width !== undefined && height !== undefined) return { width, height };
  let largest: { width: number; height: number } | undefined;
  for (const { stream } of core.encodings) {
    const sent = core.transport?.stages?.watch.local(stream.names.ssrc)?.dimensions;
    if (sent !== undefined && sent.width >= (largest?.width ?? 0)) largest = sent;
  }
  return largest ?? {};
}

function idOf(track: MediaStreamTrack): string {
  let id = IDS.get(track);
  if (id === undefined) {
    id = `S${track.kind === 'video' ? 'V' : 'A'}${nextId++}`;
    IDS.set(track, id);
  }
  return id;
}

/** A track keeps its id from one report to the next. */
const IDS = new WeakMap<MediaStreamTrack, string>();
let nextId = 1;
