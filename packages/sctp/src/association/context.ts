import type { Instant } from '@kaon/interface/core/v1';
import { readU32 } from '@kaon/wire';
import { encodeAbort } from '../chunks/abort.ts';
import { encodeError } from '../chunks/error.ts';
import type { Cause } from '../chunks/error-cause.ts';
import type { SctpError } from '../errors.ts';
import type { Settings } from '../options.ts';
import { Receiver } from '../rx/receiver.ts';
import type { TraceName } from '../trace.ts';
import { Sender } from '../tx/sender.ts';
import { ControlQueue } from './control-queue.ts';
import { Events } from './events.ts';
import { type Features, NO_FEATURES } from './features.ts';
import { PathMtu } from './path-mtu.ts';

/** States of an association (RFC 9260 §4); `closed` before the start as well as after the end. */
export type AssociationState =
  | 'closed'
  | 'cookie-wait'
  | 'cookie-echoed'
  | 'established'
  | 'shutdown-pending'
  | 'shutdown-sent'
  | 'shutdown-received'
  | 'shutdown-ack-sent';

/** What the peer told of itself in INIT, INIT ACK or our cookie. */
export interface PeerTerms {
  readonly tag: number;
  readonly initialTsn: number;
  readonly window: number;
  /** Streams settled by both sides' limits. */
  readonly outboundStreams: number;
  readonly inboundStreams: number;
  readonly features: Features;
}

/** What the parts of an association share: the transmission control block of RFC 9260 §14. */
export class Context {
  readonly settings: Settings;
  readonly events: Events = new Events();
  readonly control: ControlQueue = new ControlQueue();
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly pathMtu: PathMtu;
  state: AssociationState = 'closed';
  /** After `closed` or `failed`: nothing happens any more. */
  ended = false;
  /** Tag in packets to us, and our first TSN. */
  localTag: number;
  localTsn: number;
  /** Tag in packets to the peer; 0 while unknown. */
  peerTag = 0;
  peerTsn = 0;
  outboundStreams: number;
  inboundStreams: number;
  features: Features = NO_FEATURES;
  /** Timeouts in a row without a sign of life (RFC 9260 §8.1). */
  errors = 0;
  now: Instant = 0;
  /** Rises with every association that this object held, restarts included. */
  generation = 0;

  constructor(settings: Settings) {
    this.settings = settings;
    this.sender = new Sender(settings, this.events);
    this.receiver = new Receiver(settings, this.events);
    this.pathMtu = new PathMtu({ ...settings.pathMtu, random: settings.random });
    this.outboundStreams = settings.outboundStreams;
    this.inboundStreams = settings.inboundStreams;
    this.localTag = this.randomTag();
    this.localTsn = this.randomU32();
  }

  randomU32(): number {
    const bytes = new Uint8Array(4);
    this.settings.random(bytes);
    return readU32(bytes, 0);
  }

  /** A verification tag: any number but 0 (RFC 9260 §5.3.1). */
  randomTag(): number {
    return this.randomU32() || 1;
  }

  /** Queues a chunk for the peer. */
  send(chunk: Uint8Array): void {
    this.control.push(chunk, this.peerTag);
  }

  sendError(...causes: Cause[]): void {
    this.send(encodeError(causes));
  }

  /** The handshake is through: both halves start with what was settled. */
  establish(localTsn: number, peer: PeerTerms): void {
    this.generation++;
    this.state = 'established';
    this.errors = 0;
    this.localTsn = localTsn;
    this.peerTag = peer.tag;
    this.peerTsn = peer.initialTsn;
    this.features = peer.features;
    this.outboundStreams = peer.outboundStreams;
    this.inboundStreams = peer.inboundStreams;
    const interleaving = peer.features.interleaving;
    this.sender.establish({
      initialTsn: localTsn,
      peerWindow: peer.window,
      interleaving,
      partialReliability: peer.features.forwardTsn,
    });
    this.receiver.establish(peer.initialTsn, peer.inboundStreams, interleaving);
    // What was written ahead to streams that the peer does not have cannot go anywhere.
    this.sender.queue.forEachStream((stream) => {
      if (stream.id >= this.outboundStreams) this.sender.queue.discard(stream);
    });
    this.events.push({
      type: 'connected',
      outboundStreams: this.outboundStreams,
      inboundStreams: this.inboundStreams,
    });
    this.trace('sctp:connected', { ...peer.features });
  }

  /** A timeout without an answer; ends the association when there were too many. Answers whether it lives on. */
  countError(limit: number, error: () => SctpError): boolean {
    if (++this.errors <= limit) return true;
    this.end(error());
    return false;
  }

  /** Tells the peer why, and ends. */
  abort(cause: Cause, error: SctpError): void {
    if (this.state !== 'closed' && this.peerTag !== 0) {
      this.control.clear();
      this.control.push(encodeAbort({ reflected: false, causes: [cause] }), this.peerTag);
    }
    this.end(error);
  }

  /** The one way to the end: with an error or, in order, without. */
  end(error: SctpError | undefined): void {
    if (this.ended) return;
    this.ended = true;
    this.state = 'closed';
    this.sender.queue.clear();
    this.sender.stop();
    this.receiver.clear();
    this.events.push(error === undefined ? { type: 'closed' } : { type: 'failed', error });
    this.trace(error === undefined ? 'sctp:closed' : 'sctp:failed', { code: error?.code });
  }

  trace(name: TraceName, data?: { readonly [key: string]: unknown }): void {
    this.settings.trace?.({ time: this.now, name, ...(data === undefined ? {} : { data }) });
  }
}
