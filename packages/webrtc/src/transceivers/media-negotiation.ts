import { isRejected, type MediaDescription, reverseDirection, type SessionDescription } from '@kaon/sdp';
import { type Description, midOf } from '../jsep/description.ts';
import { receiveAgreement, sendAgreement } from '../jsep/media/agreement.ts';
import { learnExtensionIds, receives, sends } from '../jsep/media/extension-ids.ts';
import { learnPayloadTypes } from '../jsep/media/payload-types.ts';
import { readMediaSection, streamIdsOf } from '../jsep/media/read-section.ts';
import type { RemoteMedia } from '../jsep/media/types.ts';
import type { Negotiation } from '../jsep/negotiation.ts';
import type { MediaPlan, MediaPlanner } from '../jsep/own-descriptions.ts';
import type { MediaOptions } from '../media/options.ts';
import { receiverInternals } from '../media/receiver.ts';
import { senderInternals } from '../media/sender.ts';
import type { MediaStream } from '../media/stream.ts';
import type { TransportSet } from '../transport/transport-set.ts';
import { RemoteStreams, TrackChanges } from './remote-tracks.ts';
import {
  answerPlan,
  type FeedbackWishes,
  isMedia,
  type MediaSectionPlan,
  type Numbers,
  offerPlan,
  sectionAt,
  sectionByMid,
} from './sections.ts';
import { type RTCRtpTransceiver, stopForGood, type TransceiverState, transceiverInternals } from './transceiver.ts';
import type { TransceiverSet } from './transceiver-set.ts';

const stateOf = (transceiver: RTCRtpTransceiver): TransceiverState => transceiverInternals.state(transceiver);

/** What offer and answer mean for transceivers (RFC 8829 §5, W3C WebRTC §4.4.1.5). */
export class MediaNegotiation implements MediaPlanner {
  readonly #negotiation: Negotiation;
  readonly #transceivers: TransceiverSet;
  readonly #transports: TransportSet;
  readonly #streams = new RemoteStreams();
  readonly #numbers: Numbers = { payloadTypes: new Map(), extensionIds: new Map() };
  readonly #feedback: FeedbackWishes;
  /** Where tracks of peers go that do not speak of streams. */
  readonly #unnamedStream: string = globalThis.crypto.randomUUID();

  constructor(
    negotiation: Negotiation,
    transceivers: TransceiverSet,
    transports: TransportSet,
    options: MediaOptions = {},
  ) {
    this.#feedback = {
      audioNack: options.audioNack,
      congestionFeedback: options.congestionFeedback === 'rfc8888',
    };
    this.#negotiation = negotiation;
    this.#transceivers = transceivers;
    this.#transports = transports;
  }

  // --- descriptions in the making

  offer(before: readonly MediaDescription[], free: (index: number) => boolean, newMid: () => string): MediaPlan {
    const { local, currentLocal } = this.#negotiation;
    const sections: (MediaSectionPlan | undefined)[] = before.map((section, index) => {
      const mid = midOf(section, index);
      const transceiver = isMedia(section) && !isRejected(section) ? this.#transceivers.byMid(mid) : undefined;
      if (transceiver === undefined || stateOf(transceiver).stopping) return undefined;
      return offerPlan(
        transceiver,
        mid,
        sectionByMid(currentLocal ?? local, mid),
        section,
        this.#numbers,
        this.#feedback,
      );
    });
    for (const transceiver of this.#transceivers.all) {
      const { mid, stopping } = stateOf(transceiver);
      if (stopping || mid !== null) continue;
      // A place that was refused may be taken again, under another name (RFC 8829 §5.2.2).
      const place = before.findIndex(
        (section, index) => isMedia(section) && sections[index] === undefined && free(index),
      );
      const plan = offerPlan(transceiver, newMid(), undefined, undefined, this.#numbers, this.#feedback);
      if (place < 0) sections.push(plan);
      else sections[place] = plan;
    }
    return { sections };
  }

  answer(offer: SessionDescription): MediaPlan {
    return {
      sections: offer.media.map((section, index): MediaSectionPlan | undefined => {
        const remote = readMediaSection(offer, section);
        if (remote === undefined || remote.rejected) return undefined;
        const transceiver = this.#transceivers.byMid(midOf(section, index));
        return transceiver === undefined ? undefined : answerPlan(transceiver, remote, section, this.#feedback);
      }),
    };
  }

  // --- descriptions applied

  /** A description of ours, and what it was made of. */
  applyLocal(description: Description, plan: MediaPlan): TrackChanges {
    const { session, type } = description;
    const changes = new TrackChanges();
    for (const [index, section] of session.media.entries()) {
      const planned = plan.sections[index] as MediaSectionPlan | undefined;
      const mid = midOf(section, index);
      const transceiver = planned?.transceiver ?? (isMedia(section) ? this.#transceivers.byMid(mid) : undefined);
      if (transceiver === undefined) continue;
      const state = stateOf(transceiver);
      if (state.stopped) continue;
      state.mid = mid;
      if (type === 'offer') continue;
      const media = readMediaSection(session, section);
      if (media === undefined || media.rejected) this.#stop(transceiver, changes);
      else {
        // Whether the peer's track comes was told by its offer; this side may still decline it.
        if (!receives(media.direction)) changes.update(transceiver, media.direction, []);
        else state.firedDirection = media.direction;
        this.#setCurrent(state, media.direction);
      }
    }
    return changes;
  }

  /** A description of the peer. */
  applyRemote(description: Description): TrackChanges {
    const { session, type } = description;
    const changes = new TrackChanges();
    for (const [index, section] of session.media.entries()) {
      const media = readMediaSection(session, section);
      if (media === undefined) continue;
      const mid = midOf(section, index);
      const transceiver = type === 'offer' ? this.#forOffered(mid, media) : this.#answered(index);
      if (transceiver === undefined) continue;
      const state = stateOf(transceiver);
      if (state.stopped) continue;
      state.mid = mid;
      if (media.rejected) {
        this.#stop(transceiver, changes);
        continue;
      }
      if (type === 'offer') {
        learnPayloadTypes(media.codecs, this.#numbers.payloadTypes);
        learnExtensionIds(media.headerExtensions, this.#numbers.extensionIds);
      }
      const direction = reverseDirection(media.direction);
      if (!state.stopping) changes.update(transceiver, direction, this.#streamsOf(media));
      if (type !== 'offer') this.#setCurrent(state, direction);
    }
    return changes;
  }

  /** Makes senders and receivers what offer and answer say, or what they were before when these were taken back. */
  connect(): void {
    const { local, remote } = this.#negotiation;
    for (const transceiver of this.#transceivers.all) {
      const state = stateOf(transceiver);
      const { mid, sender, receiver, stopping } = state;
      if (stopping) continue;
      const ours = mid === null ? undefined : sectionByMid(local, mid);
      const theirs =
        mid === null || remote === undefined || local === undefined ? undefined : sectionAt(remote, local.indexOf(mid));
      const both = ours !== undefined && theirs !== undefined;
      state.send = both ? sendAgreement(ours, theirs) : undefined;
      state.receive = both ? receiveAgreement(ours, theirs) : undefined;
      const transport = this.#transports.of(mid ?? undefined);
      const dtls = transport?.dtls ?? null;
      senderInternals.agree(sender, state.send, transport?.media, dtls);
      receiverInternals.agree(receiver, state.receive, transport?.media, dtls);
    }
  }

  /** New sections of an offer of ours have transports, though nothing is agreed on. */
  attach(): void {
    for (const transceiver of this.#transceivers.all) {
      const { mid, stable, sender, receiver, stopping } = stateOf(transceiver);
      const transport = this.#transports.of(mid ?? undefined);
      if (transport === undefined || stable.mid !== null || stopping) continue;
      senderInternals.agree(sender, undefined, transport.media, transport.dtls);
      receiverInternals.agree(receiver, undefined, transport.media, transport.dtls);
    }
  }

  /** Offer and answer are through: what is refused goes, the rest is what a rollback goes back to. */
  settle(): void {
    const { currentLocal, currentRemote } = this.#negotiation;
    this.#transceivers.remove(({ stopping, mid }) => {
      if (!stopping || mid === null) return stopping;
      const index = currentLocal?.indexOf(mid) ?? -1;
      return [currentLocal, currentRemote].some((description) => {
        const section = description?.session.media[index];
        return section === undefined || isRejected(section);
      });
    });
    const used = new Set<MediaStream>();
    for (const transceiver of this.#transceivers.all) {
      const state = stateOf(transceiver);
      state.madeByOffer = false;
      state.stable = { mid: state.mid, streams: state.streams };
      for (const stream of state.streams) used.add(stream);
    }
    this.#streams.prune(used);
  }

  /** Back to the last stable state; descriptions and transports are there already. */
  rollback(): TrackChanges {
    const changes = new TrackChanges();
    for (const transceiver of this.#transceivers.all) {
      const state = stateOf(transceiver);
      const before = state.currentDirection ?? 'inactive';
      if (!state.stopping) changes.update(transceiver, before, receives(before) ? state.stable.streams : []);
      state.mid = state.stable.mid;
    }
    this.#transceivers.remove(({ madeByOffer }) => madeByOffer);
    this.connect();
    return changes;
  }

  /** The transceiver for a section that the peer offers (RFC 8829 §5.10). */
  #forOffered(mid: string, media: RemoteMedia): RTCRtpTransceiver | undefined {
    const known = this.#transceivers.byMid(mid);
    if (known !== undefined || media.rejected) return known;
    const waiting = receives(media.direction)
      ? this.#transceivers.all.find((transceiver) => mayTake(stateOf(transceiver), media.kind))
      : undefined;
    if (waiting !== undefined) return waiting;
    if (this.#transceivers.all.length >= MAX_TRANSCEIVERS) return undefined;
    // A peer that wants layers makes a sender that has them.
    const rids = media.receiveLayers.slice(0, MAX_LAYERS).flatMap(([layer]) => (layer === undefined ? [] : layer.rid));
    const sendEncodings = rids.length > 1 ? rids.map((rid) => ({ rid })) : [];
    const wish = { kind: media.kind, track: null, direction: 'recvonly', streamIds: [], sendEncodings } as const;
    return this.#transceivers.make(wish, { madeByOffer: true, trackId: media.msids[0]?.track });
  }

  #answered(index: number): RTCRtpTransceiver | undefined {
    const { local } = this.#negotiation;
    const section = local?.session.media[index];
    return section === undefined ? undefined : this.#transceivers.byMid(midOf(section, index));
  }

  #streamsOf(media: RemoteMedia): MediaStream[] {
    const ids = media.msids.length === 0 && sends(media.direction) ? [this.#unnamedStream] : streamIdsOf(media);
    return ids.map((id) => this.#streams.of(id));
  }

  #setCurrent(state: TransceiverState, direction: Exclude<TransceiverState['currentDirection'], null>): void {
    state.currentDirection = direction;
    if (sends(direction)) state.hasSent = true;
  }

  #stop(transceiver: RTCRtpTransceiver, changes: TrackChanges): void {
    changes.update(transceiver, 'inactive', []);
    stopForGood(stateOf(transceiver));
  }
}

/** Sections of the peer beyond these are refused. */
const MAX_TRANSCEIVERS = 1024;
/** Layers of a simulcast beyond these are left out. */
const MAX_LAYERS = 8;

function mayTake(state: TransceiverState, kind: string): boolean {
  return state.madeByAddTrack && state.kind === kind && state.mid === null && !state.stopping;
}
