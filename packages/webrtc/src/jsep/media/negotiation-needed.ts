/** Whether a transceiver needs an offer (W3C WebRTC §4.7.3, "check if negotiation is needed"). */
import { type Direction, reverseDirection } from '@kaon/sdp';
import { answerDirection } from './answer.ts';
import { sends } from './extension-ids.ts';
import { streamIdsOf } from './read-section.ts';
import type { RemoteMedia } from './types.ts';

/** A transceiver as far as this goes. */
export interface TransceiverFacts {
  readonly stopping: boolean;
  readonly stopped: boolean;
  readonly direction: Direction;
  /** Streams of its sender. */
  readonly streamIds: readonly string[];
}

/**
 * `local` and `remote` are its section in the current descriptions of the two sides, undefined where it has none;
 * `localType` is the type of our current description.
 */
export function negotiationNeededFor(
  transceiver: TransceiverFacts,
  local: RemoteMedia | undefined,
  remote: RemoteMedia | undefined,
  localType: 'offer' | 'answer',
): boolean {
  if (transceiver.stopped) return local !== undefined && !local.rejected && remote?.rejected !== true;
  if (transceiver.stopping) return true;
  if (local === undefined) return true;
  const { direction } = transceiver;
  // An answer that the offer kept from sending has no streams to compare.
  const compares = sends(direction) && (localType === 'offer' || sends(local.direction));
  if (compares && !sameStreams(transceiver.streamIds, local)) return true;
  const offered = remote?.direction ?? 'inactive';
  if (localType === 'answer') return local.direction !== answerDirection(offered, direction);
  return local.direction !== direction && reverseDirection(offered) !== direction;
}

function sameStreams(streamIds: readonly string[], section: RemoteMedia): boolean {
  const written = new Set(streamIdsOf(section));
  return (
    section.msids.length > 0 &&
    written.size === new Set(streamIds).size &&
    streamIds.every((streamId) => written.has(streamId))
  );
}
