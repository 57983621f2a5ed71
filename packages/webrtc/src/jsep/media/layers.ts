/** Simulcast in descriptions: `a=rid` (RFC 8851) and `a=simulcast` (RFC 8853). */
import {
  type MediaDescription,
  type Rid,
  readAttribute,
  readAttributes,
  rid,
  type SimulcastStreams,
  simulcast,
} from '@kaon/sdp';
import type { LayerParameters, SentEncoding } from '../../media/negotiated.ts';
import type { RemoteMedia, SimulcastLayers } from './types.ts';

/** The layers of a section. Rids that no `a=rid` line has are left out (RFC 8853), and streams of which nothing is left. */
export function readLayers(section: MediaDescription): Pick<RemoteMedia, 'sendLayers' | 'receiveLayers'> {
  const value = readAttribute(section, simulcast);
  if (value === undefined) return { sendLayers: [], receiveLayers: [] };
  const rids = readAttributes(section, rid);
  return { sendLayers: known(value.send, 'send', rids), receiveLayers: known(value.recv, 'recv', rids) };
}

/** The layers that a sender with several encodings offers; one that is not active is offered paused. */
export function layersOfEncodings(encodings: readonly SentEncoding[]): SimulcastLayers {
  const named = encodings.flatMap(({ rid: id, active }) =>
    id === undefined ? [] : [[{ rid: id, paused: !active, restrictions: {} }]],
  );
  return named.length > 1 ? named : [];
}

/** How an answer takes what was offered. */
export interface LayersAnswer {
  readonly sendLayers: SimulcastLayers;
  readonly receiveLayers: SimulcastLayers;
}

/**
 * The layers of an answer: of each stream that the peer would send, the first alternative that we understand, as it was
 * offered, paused or not; and of what it would take, those that `rids` of our sender has. At most `limit` streams each way.
 */
export function answerLayers(
  remote: Pick<RemoteMedia, 'sendLayers' | 'receiveLayers' | 'codecs'>,
  codecs: readonly { readonly payloadType: number }[],
  rids: readonly string[] = [],
  limit: number = 16,
): LayersAnswer {
  const usable = (layer: LayerParameters): boolean => understood(layer, codecs);
  const receiveLayers = remote.sendLayers.flatMap((stream) => {
    const layer = stream.find(usable);
    return layer === undefined ? [] : [[within(layer, codecs)]];
  });
  const sendLayers = remote.receiveLayers.flatMap((stream) => {
    const layer = stream.find((each) => rids.includes(each.rid) && usable(each));
    return layer === undefined ? [] : [[within(layer, codecs)]];
  });
  return { receiveLayers: receiveLayers.slice(0, limit), sendLayers: sendLayers.slice(0, limit) };
}

/** Of the layers we would send, those that the peer takes; paused when either side says so. First alternatives first. */
export function agreedLayers(own: SimulcastLayers, peer: SimulcastLayers): LayerParameters[] {
  const accepted = new Map(peer.flat().map((layer) => [layer.rid, layer]));
  return own.flatMap((stream) => {
    const layer = stream.find(({ rid: id }) => accepted.has(id));
    const other = layer === undefined ? undefined : accepted.get(layer.rid);
    if (layer === undefined || other === undefined) return [];
    return [
      {
        rid: layer.rid,
        paused: layer.paused || other.paused,
        restrictions: { ...layer.restrictions, ...other.restrictions },
      },
    ];
  });
}

function known(
  streams: SimulcastStreams | undefined,
  direction: 'send' | 'recv',
  rids: readonly Rid[],
): LayerParameters[][] {
  const seen = new Set<string>();
  return (streams ?? []).flatMap((stream) => {
    const layers = stream.flatMap(({ rid: id, paused }): LayerParameters[] => {
      const line = rids.find((each) => each.id === id && each.direction === direction);
      if (line === undefined || seen.has(id)) return [];
      seen.add(id);
      return [{ rid: id, paused, restrictions: restrictionsOf(line) }];
    });
    return layers.length === 0 ? [] : [layers];
  });
}

function restrictionsOf({ payloadTypes, restrictions }: Rid): Record<string, string> {
  const entries =
    payloadTypes === undefined ? restrictions : [['pt', payloadTypes.join(',')] as const, ...restrictions];
  return Object.fromEntries(entries);
}

/** A restriction that is not known cannot be kept: the rid is refused (RFC 8851 §6). */
function understood({ restrictions }: LayerParameters, codecs: readonly { readonly payloadType: number }[]): boolean {
  const { pt, ...others } = restrictions;
  if (Object.keys(others).some((name) => !RESTRICTIONS.has(name))) return false;
  return (
    pt === undefined || pt.split(',').some((each) => codecs.some(({ payloadType }) => String(payloadType) === each))
  );
}

/** The layer with the payload types that are left. */
function within(layer: LayerParameters, codecs: readonly { readonly payloadType: number }[]): LayerParameters {
  const { pt, ...others } = layer.restrictions;
  if (pt === undefined) return layer;
  const kept = pt.split(',').filter((each) => codecs.some(({ payloadType }) => String(payloadType) === each));
  return { ...layer, restrictions: { pt: kept.join(','), ...others } };
}

/** RFC 8851 §5. */
const RESTRICTIONS: ReadonlySet<string> = new Set([
  'max-width',
  'max-height',
  'max-fps',
  'max-fs',
  'max-br',
  'max-pps',
  'max-bpp',
  'depend',
]);
