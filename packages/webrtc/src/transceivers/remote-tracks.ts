import type { Direction } from '@kaon/sdp';
import { RTCTrackEvent } from '../events/track-event.ts';
import { receives } from '../jsep/media/extension-ids.ts';
import { type MediaStream, streamInternals } from '../media/stream.ts';
import { trackInternals } from '../media/track.ts';
import { type RTCRtpTransceiver, transceiverInternals } from './transceiver.ts';

/** The streams of the peer, by the ids that its descriptions give them. */
export class RemoteStreams {
  readonly #streams = new Map<string, MediaStream>();

  /** The stream of that id, the same one as long as it is used, and some time beyond. */
  of(id: string): MediaStream {
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = streamInternals.create(id);
      this.#streams.set(id, stream);
    }
    return stream;
  }

  /** Forgets the oldest that are not used, when there are many. */
  prune(used: ReadonlySet<MediaStream>): void {
    for (const [id, stream] of this.#streams) {
      if (this.#streams.size <= MAX_STREAMS) return;
      if (!used.has(stream)) this.#streams.delete(id);
    }
  }
}

const MAX_STREAMS = 64;

/**
 * What a description does to the tracks of the peer. It is collected while the description is applied and told at the end, in
 * the standard's order (W3C WebRTC §4.4.1.5): mute, tracks that leave streams, tracks that enter them, `track` events.
 */
export class TrackChanges {
  readonly #muted: RTCRtpTransceiver[] = [];
  readonly #removed: [RTCRtpTransceiver, MediaStream][] = [];
  readonly #added: [RTCRtpTransceiver, MediaStream][] = [];
  readonly #events: RTCRtpTransceiver[] = [];

  /** The direction of a section is known, as this side sees it. `streams`: where the peer's track is. */
  update(transceiver: RTCRtpTransceiver, direction: Direction, streams: readonly MediaStream[]): void {
    const state = transceiverInternals.state(transceiver);
    const before = state.firedDirection !== null && receives(state.firedDirection);
    if (receives(direction)) {
      const grew = this.#setStreams(transceiver, streams);
      if (!before || grew) this.#events.push(transceiver);
    } else if (before) {
      this.#setStreams(transceiver, []);
      this.#muted.push(transceiver);
    }
    state.firedDirection = direction;
  }

  /** Fires the events. */
  dispatch(fire: (event: Event) => void): void {
    for (const { receiver } of this.#muted) trackInternals.setMuted(receiver.track, true);
    for (const [{ receiver }, stream] of this.#removed) streamInternals.remove(stream, receiver.track);
    for (const [{ receiver }, stream] of this.#added) streamInternals.add(stream, receiver.track);
    for (const transceiver of this.#events) {
      const { receiver } = transceiver;
      const { streams } = transceiverInternals.state(transceiver);
      fire(new RTCTrackEvent('track', { receiver, track: receiver.track, streams, transceiver }));
    }
  }

  /** Whether the track came into a stream. */
  #setStreams(transceiver: RTCRtpTransceiver, streams: readonly MediaStream[]): boolean {
    const state = transceiverInternals.state(transceiver);
    const before = state.streams;
    for (const stream of before) if (!streams.includes(stream)) this.#removed.push([transceiver, stream]);
    const entered = streams.filter((stream) => !before.includes(stream));
    for (const stream of entered) this.#added.push([transceiver, stream]);
    state.streams = streams;
    return entered.length > 0;
  }
}
