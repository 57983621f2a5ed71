import type { Instant, TransmitSlot } from '@kaon/interface/core/v1';
import { isMalformed, type Reader } from '@kaon/wire';
import { type HandshakeFragment, readHandshakeFragment } from '../messages/handshake-fragment.ts';
import { HANDSHAKE_TYPE, handshakeTypeName } from '../messages/handshake-type.ts';
import type { Config } from '../options.ts';
import type { RecordWriter } from '../record/writer.ts';
import type { Report } from '../report.ts';
import { Flight } from './flight.ts';
import { type HandshakeMessage, Reassembler } from './reassembly.ts';
import type { Failure, Handshake, Step } from './step.ts';

/** What a handshake wants of its connection. */
export interface HandshakeHost {
  /** A whole message came, in its turn. */
  progress(): void;
  /** The keys of epoch 1 are known. */
  install(keys: NonNullable<Step['keys']>): void;
  /** The handshake is complete, the peer authenticated. */
  complete(): void;
  /** The handshake has failed. `stop` is expected in return. */
  fail(failure: Failure): void;
}

/**
 * Runs a handshake of any version: puts messages together for it, sends and repeats its flights, watches its time.
 * Afterwards it still repeats the last flight, if that was ours, for a peer that has not got it.
 */
export class HandshakeDriver {
  readonly #handshake: Handshake;
  readonly #host: HandshakeHost;
  readonly #report: Report;
  readonly #flight: Flight;
  readonly #reassembler: Reassembler;
  readonly #timeLimit: number;
  readonly #isVerified: boolean;
  #deadline: Instant = Number.POSITIVE_INFINITY;
  #phase: 'running' | 'complete' | 'stopped' = 'running';
  #writeEpoch: 0 | 1 = 0;
  #keysAreNew = false;

  constructor(config: Config, handshake: Handshake, host: HandshakeHost, report: Report) {
    this.#handshake = handshake;
    this.#host = host;
    this.#report = report;
    this.#reassembler = new Reassembler(config.verifiedHello?.messageSequence);
    this.#flight = new Flight(config.retransmissionTimeout);
    this.#timeLimit = config.handshakeTimeout;
    this.#isVerified = config.verifiedHello !== undefined;
  }

  /** The epoch that we write in: 1 from our ChangeCipherSpec on. */
  get writeEpoch(): 0 | 1 {
    return this.#writeEpoch;
  }

  /** Whether the handshake has begun, which for a server means a ClientHello with its cookie, and has not ended. */
  get isUnderWay(): boolean {
    return this.#deadline !== Number.POSITIVE_INFINITY;
  }

  /** Whether a flight waits to be sent. */
  get pending(): boolean {
    return this.#flight.pending;
  }

  get retransmissions(): number {
    return this.#flight.retransmissions;
  }

  get repetitions(): number {
    return this.#flight.repetitions;
  }

  start(): void {
    this.#apply(this.#handshake.start());
    // A server's time runs from the client's first message.
    if (this.pending) this.#deadline = this.#report.now + this.#timeLimit;
  }

  pollTimeout(): Instant {
    return Math.min(this.#flight.pollTimeout(), this.#deadline);
  }

  /** Repeats the flight when it is time; returns true when the time for the whole handshake is over. */
  handleTimeout(): boolean {
    const { now } = this.#report;
    if (now >= this.#deadline) return true;
    if (this.#flight.handleTimeout(now)) this.#report.trace('dtls:flight-repeated', { cause: 'timeout' });
    return false;
  }

  /** Appends what fits of the flight to `slot`, up to `limit`. */
  write(slot: TransmitSlot, limit: number, writer: RecordWriter): void {
    this.#flight.write(slot, limit, writer);
  }

  /**
   * Takes the content of a handshake record. Returns true when keys were installed, so that records which waited for
   * them can be processed now: not earlier, or a flight's end would be handled in the middle of its beginning.
   */
  handleRecord(epoch: 0 | 1, reader: Reader, origin: string): boolean {
    // A hello that has shown its cookie is under way from its first fragment on, or a session could wait for the rest for ever.
    if (this.#isVerified && this.#phase === 'running') this.#begin();
    while (reader.remaining > 0 && this.#phase !== 'stopped') {
      const fragment = readHandshakeFragment(reader);
      if (isMalformed(fragment)) {
        this.#report.drop('handshake');
        break;
      }
      this.#fragment(fragment, epoch, origin);
    }
    const keysAreNew = this.#keysAreNew;
    this.#keysAreNew = false;
    return keysAreNew && this.#phase !== 'stopped';
  }

  /** Ends everything. What was begun to be sent still goes out, unless it is to be forgotten. */
  stop(forget: boolean): void {
    this.#phase = 'stopped';
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#reassembler.clear();
    if (forget) this.#flight.clear();
    else this.#flight.answered();
  }

  #fragment(fragment: HandshakeFragment, epoch: 0 | 1, origin: string): void {
    const { now } = this.#report;
    const late = this.#phase === 'complete' && fragment.sequence >= this.#reassembler.nextSequence;
    // Finished is the only message under the new keys, and never comes without them. There is no second handshake.
    if (late || (fragment.type === HANDSHAKE_TYPE.finished) !== (epoch === 1)) {
      this.#report.drop('handshake');
      return;
    }
    const insertion = this.#reassembler.insert(fragment, epoch);
    if (insertion === 'dropped') this.#report.drop('handshake');
    if (insertion === 'old' && this.#flight.peerRepeated(now)) {
      this.#report.trace('dtls:flight-repeated', { cause: 'peer' });
    }
    if (insertion !== 'taken') return;
    for (let message = this.#reassembler.take(); message !== undefined; message = this.#reassembler.take()) {
      this.#message(message, origin);
      if (this.#phase !== 'running') return;
    }
  }

  #message(message: HandshakeMessage, origin: string): void {
    if (this.#report.isTracing) {
      this.#report.trace('dtls:message-received', { message: handshakeTypeName(message.type) });
    }
    this.#begin();
    this.#host.progress();
    this.#apply(this.#handshake.handle(message, origin));
  }

  #begin(): void {
    if (this.#deadline === Number.POSITIVE_INFINITY) this.#deadline = this.#report.now + this.#timeLimit;
  }

  #apply(step: Step): void {
    if (step.failure !== undefined) {
      this.#host.fail(step.failure);
      return;
    }
    if (step.keys !== undefined) {
      this.#host.install(step.keys);
      this.#keysAreNew = true;
    }
    if (step.flight !== undefined) {
      this.#flight.send(step.flight, step.timed === true, this.#report.now);
      if (step.flight.some((item) => item.epoch === 1)) this.#writeEpoch = 1;
      if (this.#report.isTracing) this.#report.trace('dtls:flight-sent', { messages: this.#flight.names });
    }
    // After a HelloVerifyRequest there is no handshake yet.
    if (step.restarted === true) this.#deadline = Number.POSITIVE_INFINITY;
    if (step.complete === true) this.#complete(step.flight === undefined);
  }

  #complete(peerSpokeLast: boolean): void {
    // Who spoke last repeats that when the peer repeats its own last flight (RFC 6347 §4.2.4); the other side must
    // not, or two peers would repeat for ever.
    if (peerSpokeLast) this.#flight.clear();
    this.#phase = 'complete';
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#reassembler.clear();
    this.#host.complete();
  }
}
