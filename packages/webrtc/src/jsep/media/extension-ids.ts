/** Ids of header extensions (RFC 8285 §5 to §7) and what an answer takes of them. */
import { type Direction, reverseDirection } from '@kaon/sdp';
import {
  customExtensionId,
  extensionCapabilities,
  type RTCRtpHeaderExtensionCapability,
} from '../../codecs/capabilities.ts';
import type { RemoteMedia, SectionExtension } from './types.ts';

/** What ids of a connection stand for; one map serves all sections (RFC 9143 §12). An encrypted one counts by itself. */
export type ExtensionIds = Map<number, string>;

/**
 * Gives extensions their ids: those that mean them already, else Chromium's, else the lowest that is free, up to 14, or with
 * `allowMixed` (two-byte headers) up to 255. What was given is noted in `taken`. Extensions that are `stopped`, and those for
 * which no id is left, are left out.
 */
export function assignExtensionIds(
  wanted: readonly RTCRtpHeaderExtensionCapability[],
  taken: ExtensionIds,
  allowMixed: boolean = true,
): SectionExtension[] {
  const highest = allowMixed ? 255 : 14;
  return wanted.flatMap(({ uri, direction = 'sendrecv' }) => {
    if (direction === 'stopped') return [];
    const id = find(uri, taken, highest);
    if (id === undefined) return [];
    taken.set(id, uri);
    return [{ id, uri, encrypted: false, ...(direction !== 'sendrecv' && { direction }) }];
  });
}

/**
 * Notes what a description of the peer says its ids mean. An id that we had for the same extension is free again: it was not
 * agreed on, or the peer would not have taken another one.
 */
export function learnExtensionIds(extensions: readonly SectionExtension[], taken: ExtensionIds): void {
  for (const { id, uri, encrypted } of extensions) {
    const name = encrypted ? `encrypted ${uri}` : uri;
    for (const [other, same] of taken) if (same === name && other !== id) taken.delete(other);
    taken.set(id, name);
  }
}

/**
 * Whether an offer may have ids beyond 14, which need two-byte headers. Firefox says `a=extmap-allow-mixed` and still refuses a
 * whole description for one of them, so only if the application asked for more than what is offered by itself, or the peer has
 * them, too.
 */
export function mayExceedOneByte(
  kind: 'audio' | 'video',
  wanted: readonly RTCRtpHeaderExtensionCapability[],
  taken: ExtensionIds,
): boolean {
  const stopped = new Set(
    extensionCapabilities(kind).flatMap((each) => (each.direction === 'stopped' ? each.uri : [])),
  );
  const asksForMore = wanted.some(({ uri, direction }) => stopped.has(uri) && direction !== 'stopped');
  return asksForMore || Array.from(taken.keys()).some((id) => id > 14);
}

/**
 * The extensions of an answer: those of the offer that we know, by the offer's ids, in the directions that both sides have.
 * `wanted` undefined: all capabilities, also those that are not offered by themselves. Encrypted ones (RFC 6904) are refused,
 * and so are ids beyond 14 when two-byte headers may not be mixed in.
 */
export function answerExtensions(
  remote: Pick<RemoteMedia, 'kind' | 'headerExtensions' | 'extmapAllowMixed'>,
  wanted?: readonly RTCRtpHeaderExtensionCapability[],
): SectionExtension[] {
  const known = wanted ?? extensionCapabilities(remote.kind).map(enabled);
  const answered = new Set<string>();
  return remote.headerExtensions.flatMap(({ id, uri, encrypted, direction: offered = 'sendrecv' }) => {
    const own = known.find((each) => each.uri === uri)?.direction ?? 'stopped';
    if (encrypted || own === 'stopped' || answered.has(uri) || id > (remote.extmapAllowMixed ? 255 : 14)) return [];
    const direction = intersectDirections(reverseDirection(offered), own);
    if (direction === 'inactive') return [];
    answered.add(uri);
    return [{ id, uri, encrypted: false, ...(direction !== 'sendrecv' && { direction }) }];
  });
}

/** What both allow, both seen from the same side. */
export function intersectDirections(a: Direction, b: Direction): Direction {
  const send = sends(a) && sends(b);
  const receive = receives(a) && receives(b);
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}

/** Whether media leaves the side that says this. */
export function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

/** Whether media comes to the side that says this. */
export function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

function enabled(capability: RTCRtpHeaderExtensionCapability): RTCRtpHeaderExtensionCapability {
  const { direction = 'sendrecv' } = capability;
  return { uri: capability.uri, direction: direction === 'stopped' ? 'sendrecv' : direction };
}

function find(uri: string, taken: ExtensionIds, highest: number): number | undefined {
  for (const [id, other] of taken) if (other === uri && id <= highest) return id;
  const preferred = customExtensionId(uri);
  if (preferred !== undefined && !taken.has(preferred)) return preferred;
  for (let id = 1; id <= highest; id++) {
    // 15 ends the elements of a one-byte header (RFC 8285 §4.2).
    if (id !== 15 && !taken.has(id)) return id;
  }
  return undefined;
}
