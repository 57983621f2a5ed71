import type { Instant, TransportAddress } from '@kaon/interface/core/v1';
import type { Clock, ClockTimer } from '@kaon/interface/network/v1';
import { formatAddress } from '@kaon/wire';
import { failure } from '../failure.ts';
import { HostStream, type StreamCarrier } from './host-stream.ts';
import { checksum, MAX_SEGMENT, type Segment } from './segment.ts';
import { SendQueue } from './send-queue.ts';

/** What a connection asks of its host. */
export interface ConnectionHost {
  readonly clock: Clock;
  transmit(connection: TcpConnection, segment: Segment, bytes: Uint8Array): void;
  /** The handshake is through. */
  established(connection: TcpConnection): void;
  /** It is forgotten; `error` when it failed. */
  gone(connection: TcpConnection, error: Error | undefined): void;
}

/**
 * One end of a simulated TCP connection (RFC 9293): handshake, also a simultaneous one, order, retransmission (RFC 6298),
 * slow start and fast retransmit (RFC 5681, RFC 6582), flow control, FIN and RST. There is no TIME-WAIT and no delayed ACK.
 */
export class TcpConnection implements StreamCarrier {
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
  readonly stream: HostStream;
  readonly #host: ConnectionHost;
  readonly #timer: ClockTimer;
  readonly #queue: SendQueue;
  readonly #early = new Map<number, { readonly bytes: Uint8Array; readonly fin: boolean }>();
  #state: 'syn-sent' | 'syn-received' | 'established' | 'gone' = 'syn-sent';
  #expected = 0;
  #peerEnded = false;
  #closing = false;
  #deadline: Instant = Number.POSITIVE_INFINITY;
  #advertised = RECEIVE_BUFFER;

  /** `initialSequence` is random, so that packets of an earlier connection fit no later one. */
  constructor(local: TransportAddress, remote: TransportAddress, initialSequence: number, host: ConnectionHost) {
    this.local = local;
    this.remote = remote;
    this.#host = host;
    this.#timer = host.clock.timer(() => this.#timeout());
    this.#queue = new SendQueue(initialSequence, (sequence, bytes, kind) => this.#send(sequence, bytes, kind));
    this.stream = new HostStream(local, remote, this);
  }

  /** Begins the handshake. */
  connect(): void {
    this.#queue.sendSyn(this.#host.clock.now());
    this.#arm();
  }

  /** Answers a SYN. */
  accept(segment: Segment): void {
    this.#state = 'syn-received';
    this.#expected = segment.sequence + 1;
    this.#queue.window = segment.window;
    this.connect();
  }

  get isEstablished(): boolean {
    return this.#state === 'established';
  }

  write(bytes: Uint8Array): void {
    if (this.#closing || this.#state === 'gone') return;
    this.#queue.push(bytes);
    this.#flush();
  }

  buffered(): number {
    return this.#queue.unsentBytes;
  }

  consumed(): void {
    // A window that was nearly shut has opened: the peer cannot know unless it is told.
    if (this.#state === 'established' && this.#advertised < 2 * MAX_SEGMENT) this.#acknowledge();
  }

  close(): void {
    if (this.#closing || this.#state === 'gone') return;
    this.#closing = true;
    this.#queue.pushFin();
    this.#flush();
    this.#arm();
  }

  /** Breaks it at once: the peer gets a RST, this side `ECONNRESET`. */
  reset(): void {
    if (this.#state === 'gone') return;
    this.#transmit({ sequence: this.#queue.next, acknowledgment: this.#expected, rst: true }, NOTHING);
    this.fail('ECONNRESET');
  }

  /** Ends it with an error of the platform's. */
  fail(code: string): void {
    if (this.#state === 'gone') return;
    const error = failure(code, `${formatAddress(this.local)} -> ${formatAddress(this.remote)}`);
    this.#end(error);
    this.stream.ended(error);
  }

  receive(segment: Segment, bytes: Uint8Array): void {
    if (this.#state === 'gone') return;
    if (segment.rst === true) this.#receiveReset(segment);
    else if (this.#state === 'syn-sent') this.#receiveSyn(segment);
    else if (segment.syn === true) this.#receiveSynAgain(segment);
    else this.#receiveData(segment, bytes);
  }

  #receiveReset(segment: Segment): void {
    if (this.#state === 'syn-sent') {
      if (segment.acknowledgment === this.#queue.next) this.fail('ECONNREFUSED');
    } else if (segment.sequence === this.#expected) {
      this.fail('ECONNRESET');
    }
  }

  #receiveSyn(segment: Segment): void {
    const { acknowledgment } = segment;
    if (acknowledgment !== undefined && acknowledgment !== this.#queue.next) {
      // The peer has a connection of old (RFC 9293 §3.5.1): it is told to forget it.
      this.#transmit({ sequence: acknowledgment, rst: true }, NOTHING);
    } else if (segment.syn === true) {
      this.#expected = segment.sequence + 1;
      this.#queue.window = segment.window;
      this.#state = 'syn-received';
      if (acknowledgment === undefined) this.#queue.resendFirst(this.#host.clock.now());
      else this.#acknowledged(acknowledgment);
      this.#arm();
    }
  }

  #receiveSynAgain(segment: Segment): void {
    if (this.#state === 'syn-received') {
      if (segment.acknowledgment === this.#queue.next) this.#acknowledged(segment.acknowledgment);
      else this.#queue.resendFirst(this.#host.clock.now());
    }
    if (this.#state !== 'syn-received') this.#acknowledge();
  }

  #receiveData(segment: Segment, bytes: Uint8Array): void {
    const { acknowledgment, fin = false } = segment;
    const now = this.#host.clock.now();
    const carriesNothing = bytes.length === 0 && !fin;
    if (acknowledgment !== undefined) {
      const sameWindow = this.#queue.window === segment.window;
      this.#queue.window = segment.window;
      if (acknowledgment > this.#queue.unacknowledged) this.#acknowledged(acknowledgment);
      else if (carriesNothing && sameWindow) this.#queue.duplicateAcknowledged(now);
      this.#queue.progressed();
    }
    if (!carriesNothing && this.#state === 'established') this.#takeIn(segment.sequence, bytes, fin);
    this.#flush();
    this.#endIfDone();
    this.#arm();
  }

  #acknowledged(acknowledgment: number): void {
    this.#queue.acknowledged(acknowledgment, this.#host.clock.now());
    if (this.#state !== 'syn-received') return;
    this.#state = 'established';
    this.#acknowledge();
    this.#host.established(this);
  }

  /** Puts what arrived in order, acknowledges it and hands it on. */
  #takeIn(sequence: number, bytes: Uint8Array, fin: boolean): void {
    const ready: Uint8Array[] = [];
    let room = RECEIVE_BUFFER - this.stream.waitingBytes;
    if (sequence >= this.#expected && this.#early.size < MAX_EARLY && room > 0)
      this.#early.set(sequence, { bytes, fin });
    for (let next = this.#early.get(this.#expected); next !== undefined && room > 0; ) {
      this.#early.delete(this.#expected);
      this.#expected += next.bytes.length + (next.fin ? 1 : 0);
      room -= next.bytes.length;
      if (next.bytes.length > 0) ready.push(next.bytes);
      if (next.fin) this.#peerEnded = true;
      next = this.#early.get(this.#expected);
    }
    this.#acknowledge(Math.max(0, room));
    for (const each of ready) this.stream.deliver(each);
    if (!this.#peerEnded) return;
    this.stream.ended(undefined);
    this.close();
  }

  #flush(): void {
    if (this.#state !== 'established') return;
    const before = this.#queue.unsentBytes;
    this.#queue.flush(this.#host.clock.now());
    this.#arm();
    if (before > 0 && this.#queue.unsentBytes === 0) this.#drained();
  }

  /** Not from inside `write`: whoever waits for it writes more. */
  #drained(): void {
    if (this.#closing) return;
    this.#host.clock.defer(() => {
      if (this.#queue.unsentBytes === 0) this.stream.drained();
    });
  }

  #timeout(): void {
    const now = this.#host.clock.now();
    if (this.#state === 'gone' || now < this.#deadline) return;
    if (this.#queue.isIdle) this.#end(undefined);
    else if (this.#queue.timedOut(now)) this.#arm();
    else this.fail('ETIMEDOUT');
  }

  #endIfDone(): void {
    if (this.#closing && this.#peerEnded && this.#queue.isIdle) this.#end(undefined);
  }

  #end(error: Error | undefined): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#timer.cancel();
    this.#early.clear();
    this.#queue.clear();
    this.#host.gone(this, error);
  }

  #arm(): void {
    if (this.#state === 'gone') return;
    let deadline = this.#queue.deadline;
    // Everything is said and the peer has not ended its side: it is not waited for for ever (RFC 9293 §3.6, FIN-WAIT-2).
    if (this.#closing && this.#queue.isIdle) deadline = this.#host.clock.now() + LINGER;
    if (deadline === this.#deadline) return;
    this.#deadline = deadline;
    this.#timer.reset(deadline);
  }

  #acknowledge(room?: number): void {
    this.#transmit({ sequence: this.#queue.next, acknowledgment: this.#expected }, NOTHING, room);
  }

  #send(sequence: number, bytes: Uint8Array, kind: 'syn' | 'fin' | 'data'): void {
    const acknowledgment = this.#state === 'syn-sent' ? undefined : this.#expected;
    // A copy: whoever gets these bytes may change them, and they may have to be sent again.
    this.#transmit({ sequence, acknowledgment, syn: kind === 'syn', fin: kind === 'fin' }, bytes.slice());
  }

  #transmit(segment: Omit<Segment, 'window' | 'checksum'>, bytes: Uint8Array, room?: number): void {
    this.#advertised = room ?? Math.max(0, RECEIVE_BUFFER - this.stream.waitingBytes);
    this.#host.transmit(this, { ...segment, window: this.#advertised, checksum: checksum(bytes) }, bytes);
  }
}

const NOTHING = new Uint8Array(0);
/** Bytes kept for a reader that has not come yet. */
const RECEIVE_BUFFER = 262_144;
/** Segments kept that came before their turn. */
const MAX_EARLY = 512;
/** Ms a closed connection waits for the peer to close too. */
const LINGER = 60_000;
