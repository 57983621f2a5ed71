import { domError } from '../errors.ts';
import { negotiationNeededFor } from '../jsep/media/negotiation-needed.ts';
import type { Negotiation } from '../jsep/negotiation.ts';
import type { MediaHost } from '../media/host.ts';
import { type RTCRtpReceiver, receiverInternals } from '../media/receiver.ts';
import { RTCRtpSender, senderInternals } from '../media/sender.ts';
import { MediaStreamTrack } from '../media/track.ts';
import { type RTCRtpTransceiverInit, readTransceiverInit, streamIds, type TransceiverWish } from './init.ts';
import { sectionByMid } from './sections.ts';
import {
  type RTCRtpTransceiver,
  stopForGood,
  type TransceiverHost,
  type TransceiverState,
  transceiverInternals,
} from './transceiver.ts';

const stateOf = (transceiver: RTCRtpTransceiver): TransceiverState => transceiverInternals.state(transceiver);

/** What is behind a new transceiver. */
export interface TransceiverOrigin {
  readonly madeByAddTrack?: boolean;
  readonly madeByOffer?: boolean;
  /** Of the receiver's track. */
  readonly trackId?: string | undefined;
}

/** The transceivers of a connection, in the order they were made in. */
export class TransceiverSet {
  readonly #host: MediaHost;
  readonly #all: RTCRtpTransceiver[] = [];
  readonly #transceiverHost: TransceiverHost;

  constructor(host: MediaHost) {
    this.#host = host;
    this.#transceiverHost = {
      get closed() {
        return host.closed;
      },
      changed: () => host.updateNegotiationNeeded(),
    };
  }

  get all(): readonly RTCRtpTransceiver[] {
    return this.#all;
  }

  get senders(): RTCRtpSender[] {
    return this.#alive.map(({ sender }) => sender);
  }

  get receivers(): RTCRtpReceiver[] {
    return this.#alive.map(({ receiver }) => receiver);
  }

  /** The transceiver of a section. */
  byMid(mid: string): RTCRtpTransceiver | undefined {
    return this.#all.find((transceiver) => stateOf(transceiver).mid === mid);
  }

  /** Throws TypeError, and what bad encodings call for. */
  addTransceiver(trackOrKind: unknown, init: RTCRtpTransceiverInit | null | undefined): RTCRtpTransceiver {
    const transceiver = this.make(readTransceiverInit(trackOrKind, init), {});
    this.#host.updateNegotiationNeeded();
    return transceiver;
  }

  /** Throws TypeError, and InvalidAccessError when the track is being sent already. */
  addTrack(track: unknown, streams: readonly unknown[]): RTCRtpSender {
    if (!(track instanceof MediaStreamTrack)) throw new TypeError('the track is not a MediaStreamTrack');
    const ids = streamIds(streams);
    if (this.senders.some((sender) => sender.track === track))
      throw domError('InvalidAccessError', 'the track has a sender already');
    const idle = this.#all.find((transceiver) => isIdle(stateOf(transceiver), track.kind));
    let sender: RTCRtpSender;
    if (idle === undefined) {
      const wish = { kind: track.kind, track, direction: 'sendrecv', streamIds: ids, sendEncodings: [] } as const;
      ({ sender } = this.make(wish, { madeByAddTrack: true }));
    } else {
      const state = stateOf(idle);
      ({ sender } = idle);
      senderInternals.setTrack(sender, track);
      senderInternals.setStreams(sender, ids);
      state.madeByOffer = false;
      if (state.direction === 'recvonly') state.direction = 'sendrecv';
      else if (state.direction === 'inactive') state.direction = 'sendonly';
    }
    this.#host.updateNegotiationNeeded();
    return sender;
  }

  /** Throws TypeError, and InvalidAccessError when the sender is another connection's. */
  removeTrack(sender: unknown): void {
    if (!(sender instanceof RTCRtpSender)) throw new TypeError('the sender is not an RTCRtpSender');
    const transceiver = this.#all.find((one) => one.sender === sender);
    if (transceiver === undefined) {
      if (GONE.get(sender) === this) return;
      throw domError('InvalidAccessError', 'the sender is not one of this connection');
    }
    const state = stateOf(transceiver);
    if (state.stopping || sender.track === null) return;
    senderInternals.setTrack(sender, null);
    if (state.direction === 'sendrecv') state.direction = 'recvonly';
    else if (state.direction === 'sendonly') state.direction = 'inactive';
    this.#host.updateNegotiationNeeded();
  }

  /** The deprecated options of `createOffer` (W3C WebRTC §4.4.3.2). */
  offerToReceive(kind: 'audio' | 'video', wanted: boolean): void {
    const usable = this.#all.map(stateOf).filter((state) => state.kind === kind && !state.stopping);
    if (!wanted) {
      for (const state of usable) {
        if (state.direction === 'sendrecv') state.direction = 'sendonly';
        else if (state.direction === 'recvonly') state.direction = 'inactive';
      }
    } else if (!usable.some(({ direction }) => direction === 'sendrecv' || direction === 'recvonly'))
      this.make({ kind, track: null, direction: 'recvonly', streamIds: [], sendEncodings: [] }, {});
  }

  /** A new transceiver behind the others. Throws what bad encodings call for. */
  make(
    wish: TransceiverWish,
    { madeByAddTrack = false, madeByOffer = false, trackId }: TransceiverOrigin,
  ): RTCRtpTransceiver {
    const { kind, track, direction, streamIds: ids, sendEncodings } = wish;
    const host = this.#host;
    const sender = senderInternals.create({ kind, track, streamIds: ids, sendEncodings, host });
    const receiver = receiverInternals.create({ kind, trackId, host });
    const transceiver = transceiverInternals.create({
      kind,
      sender,
      receiver,
      direction,
      madeByAddTrack,
      madeByOffer,
      host: this.#transceiverHost,
    });
    this.#all.push(transceiver);
    return transceiver;
  }

  /** Takes transceivers out that are stopped: they belong to the connection no more. */
  remove(isGone: (state: TransceiverState) => boolean): void {
    for (let index = this.#all.length - 1; index >= 0; index--) {
      const transceiver = this.#all[index] as RTCRtpTransceiver;
      const state = stateOf(transceiver);
      if (!isGone(state)) continue;
      stopForGood(state);
      state.mid = null;
      this.#all.splice(index, 1);
      GONE.set(transceiver.sender, this);
    }
  }

  /** Whether any of them needs an offer. */
  needsNegotiation({ currentLocal, currentRemote }: Negotiation): boolean {
    return this.#all.some((transceiver) => {
      const { mid, stopping, stopped, direction, sender } = stateOf(transceiver);
      // It never was in a description, and never will be.
      if (stopping && mid === null) return false;
      const facts = { stopping, stopped, direction, streamIds: senderInternals.facts(sender).streamIds };
      const local = mid === null ? undefined : sectionByMid(currentLocal, mid);
      const remote = mid === null ? undefined : sectionByMid(currentRemote, mid);
      return negotiationNeededFor(facts, local, remote, currentLocal?.type === 'offer' ? 'offer' : 'answer');
    });
  }

  /** The connection is closed: all of them end. */
  close(): void {
    for (const transceiver of this.#all) stopForGood(stateOf(transceiver));
  }

  get #alive(): RTCRtpTransceiver[] {
    return this.#all.filter((transceiver) => !stateOf(transceiver).stopped);
  }
}

/** Senders of transceivers that are gone, by where they were. */
const GONE = new WeakMap<RTCRtpSender, TransceiverSet>();

/** Whether `addTrack` may take a transceiver (W3C WebRTC §5.1): one whose sender has never sent. */
function isIdle(state: TransceiverState, kind: string): boolean {
  return state.kind === kind && !state.stopping && !state.hasSent && state.sender.track === null;
}
