import type { CodedError, Instant, Path, TransmitSlot } from '@kaon/interface/core/v1';
import type { SecureEvent, SecureTransport } from '@kaon/interface/secure-transport/v1';
import { Deque, formatAddress, isMalformed, Reader } from '@kaon/wire';
import { Alerts } from './alerts.ts';
import { DtlsError } from './errors.ts';
import type { ConnectionState, ConnectionStats, DropReason, DtlsEvent, TraceName } from './events.ts';
import { ClientHandshake } from './handshake/dtls12/client.ts';
import { ServerHandshake } from './handshake/dtls12/server.ts';
import { Session } from './handshake/dtls12/session.ts';
import { Flight } from './handshake/flight.ts';
import { Reassembler } from './handshake/reassembly.ts';
import type { Failure, Handshake, Step } from './handshake/step.ts';
import { ALERT, ALERT_LEVEL, alertName, decodeAlert } from './messages/alert.ts';
import { isChangeCipherSpec } from './messages/change-cipher-spec.ts';
import { type HandshakeFragment, readHandshakeFragment } from './messages/handshake-fragment.ts';
import { HANDSHAKE_TYPE, handshakeTypeName } from './messages/handshake-type.ts';
import { type Config, type ConnectionOptions, type PeerCertificate, resolveOptions } from './options.ts';
import { PlaintextQueue } from './plaintext-queue.ts';
import { CONTENT_TYPE, MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './record/content-type.ts';
import { RecordReader } from './record/reader.ts';
import { RecordWriter } from './record/writer.ts';

/** What the handshake agreed on. */
export interface Negotiated {
  readonly version: 'DTLS 1.2';
  readonly cipherSuite: number;
  /** The IANA name of the suite. */
  readonly cipherSuiteName: string;
  /** Group of the key agreement. */
  readonly group?: string;
  /** Scheme with which the peer proved that it has its certificate's key. */
  readonly signatureScheme?: number;
  readonly srtpProfile?: number;
}

/** Room for both nonce forms; before the suite is known nobody can tell which it will be. */
const MAX_HEADROOM = RECORD_HEADER_LENGTH + 8;
/** Events nobody polls; beyond that, alerts are no longer reported. */
const MAX_EVENTS = 64;

/**
 * One DTLS 1.2 connection (RFC 6347), client or server, without I/O.
 *
 * Feed it with `handleRecord` and `handleTimeout`; drain `pollTransmit`, `pollEvent` and `pollPlaintext`. Handshake
 * datagrams and alerts come out of `pollTransmit`; application data is sealed by the caller, in the caller's slot, with
 * `seal`. After the terminal event an alert may still wait in `pollTransmit`.
 */
export class Connection implements SecureTransport<DtlsEvent> {
  readonly interface = 'kaon:secure-transport/1';
  readonly tailroom = 16;
  readonly #config: Config;
  readonly #session: Session;
  readonly #handshake: Handshake;
  readonly #reader: RecordReader;
  readonly #writer = new RecordWriter();
  readonly #flight: Flight;
  readonly #reassembler = new Reassembler();
  readonly #alerts = new Alerts();
  readonly #plaintext = new PlaintextQueue();
  readonly #events = new Deque<SecureEvent | DtlsEvent>();
  readonly #dropped: Record<DropReason, number> = {
    garbage: 0,
    epoch: 0,
    replay: 0,
    forged: 0,
    overflow: 0,
    handshake: 0,
    ignored: 0,
  };
  #state: ConnectionState = 'new';
  #headroom = MAX_HEADROOM;
  #writeEpoch: 0 | 1 = 0;
  #keysAreNew = false;
  /** The handshake was completed, whatever came later. */
  #completed = false;
  #handshakeDeadline: Instant = Number.POSITIVE_INFINITY;
  #now: Instant = Number.NEGATIVE_INFINITY;
  #path: Path | undefined;

  /** Throws `DtlsError` `DTLS_BAD_OPTION` on options that make no sense. */
  constructor(options: ConnectionOptions) {
    const config = resolveOptions(options);
    this.#config = config;
    this.#session = new Session(config);
    this.#handshake =
      config.role === 'client' ? new ClientHandshake(this.#session) : new ServerHandshake(this.#session);
    this.#flight = new Flight(config.retransmissionTimeout);
    this.#reader = new RecordReader(
      {
        record: (type, epoch, bytes, start, end) => this.#record(type, epoch, bytes, start, end),
        dropped: (reason) => this.#drop(reason),
      },
      config.replayWindow,
    );
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get role(): 'client' | 'server' {
    return this.#config.role;
  }

  /** 21 bytes, or 13 once a ChaCha20 suite is negotiated. */
  get headroom(): number {
    return this.#headroom;
  }

  get srtpProfile(): number | undefined {
    return this.#isReadable ? this.#session.srtpProfile : undefined;
  }

  /** What was agreed; undefined until `connected`. */
  get negotiated(): Negotiated | undefined {
    const { suite, group, peerScheme, srtpProfile } = this.#session;
    if (!this.#isReadable || suite === undefined) return undefined;
    return {
      version: 'DTLS 1.2',
      cipherSuite: suite.id,
      cipherSuiteName: suite.name,
      ...(group === undefined ? {} : { group }),
      ...(peerScheme === undefined ? {} : { signatureScheme: peerScheme }),
      ...(srtpProfile === undefined ? {} : { srtpProfile }),
    };
  }

  /** The peer's certificate, accepted and proven; undefined until `connected`. */
  get peerCertificate(): PeerCertificate | undefined {
    return this.#isReadable ? this.#session.peerCertificate : undefined;
  }

  /** Counters since the beginning. */
  stats(): ConnectionStats {
    return {
      recordsSent: this.#writer.records,
      recordsReceived: this.#reader.records,
      dropped: { ...this.#dropped },
      retransmissions: this.#flight.retransmissions,
      repetitions: this.#flight.repetitions,
    };
  }

  /** Begins: a client sends its ClientHello; a server waits, as it does without this call. Idempotent. */
  start(now: Instant): void {
    this.#tick(now);
    if (this.#state !== 'new') return;
    this.#setState('connecting');
    if (this.#config.role === 'client') this.#handshakeDeadline = this.#now + this.#config.handshakeTimeout;
    this.#apply(this.#handshake.start());
  }

  handleRecord(bytes: Uint8Array, path: Path, now: Instant): void {
    this.#tick(now);
    if (this.#isOver) return;
    // A client that has not spoken expects no answer.
    if (this.#state === 'new' && this.#config.role === 'client') {
      this.#drop('ignored');
      return;
    }
    this.#path = path;
    this.#reader.handleDatagram(bytes);
  }

  handleTimeout(now: Instant): void {
    this.#tick(now);
    if (this.#isOver) return;
    const alert = this.#alerts.handleTimeout(this.#now);
    if (alert !== undefined) {
      this.#failByAlert(alert.description);
      return;
    }
    if (this.#now >= this.#handshakeDeadline) {
      this.#end('failed', new DtlsError('DTLS_HANDSHAKE_TIMEOUT', 'The handshake did not complete in time.'));
      return;
    }
    if (this.#flight.handleTimeout(this.#now)) this.#trace('dtls:flight-repeated', { cause: 'timeout' });
  }

  pollTimeout(): Instant {
    if (this.#isOver) return Number.POSITIVE_INFINITY;
    return Math.min(this.#flight.pollTimeout(), this.#alerts.pollTimeout(), this.#handshakeDeadline);
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    if (!this.#flight.pending && !this.#alerts.pending) return false;
    this.#tick(now);
    const limit = Math.min(slot.limit, slot.start + this.#config.mtu);
    slot.end = slot.start;
    this.#flight.write(slot, limit, this.#writer);
    // An alert behind half a flight would overtake the rest of it.
    if (!this.#flight.pending) this.#alerts.write(slot, limit, this.#writer);
    if (this.#isOver) this.#disposeWhenSilent();
    return slot.end > slot.start;
  }

  pollEvent(): SecureEvent | DtlsEvent | undefined {
    return this.#events.shift();
  }

  /** The next decrypted application datagram. Nothing comes out before the peer is authenticated. */
  pollPlaintext(): Uint8Array | undefined {
    return this.#plaintext.shift();
  }

  /**
   * Seals in place. Throws `DtlsError`: `DTLS_NOT_CONNECTED` unless the state is `connected` (after the end too, because
   * a slot left as it is would go out in the clear), `DTLS_NO_ROOM` when headroom or tailroom are missing or the plaintext
   * is above 16384 bytes, `DTLS_SEQUENCE_EXHAUSTED` after 2^48 records.
   */
  seal(slot: TransmitSlot, _now: Instant): void {
    if (this.#state !== 'connected') {
      throw new DtlsError('DTLS_NOT_CONNECTED', `Nothing can be sealed in state ${this.#state}.`);
    }
    const { start, end } = slot;
    const room = Math.min(slot.limit, slot.buffer.length);
    if (start < this.#headroom || end < start || end + this.tailroom > room || end - start > MAX_PLAINTEXT) {
      throw new DtlsError('DTLS_NO_ROOM', 'The slot has no room for a record around this plaintext.');
    }
    if (this.#writer.isExhausted(1)) {
      const error = new DtlsError('DTLS_SEQUENCE_EXHAUSTED', 'All record sequence numbers are used up.');
      this.#end('failed', error);
      throw error;
    }
    this.#writer.sealInPlace(CONTENT_TYPE.applicationData, slot);
  }

  /** RFC 5705 without context. Throws `DtlsError` `DTLS_NOT_CONNECTED` unless the state is `connected`. */
  exportKeyingMaterial(label: string, length: number): Uint8Array {
    if (this.#state !== 'connected') {
      throw new DtlsError('DTLS_NOT_CONNECTED', `Nothing can be exported in state ${this.#state}.`);
    }
    return this.#session.exportKeyingMaterial(label, length);
  }

  close(now: Instant): void {
    this.#tick(now);
    if (this.#isOver) return;
    if (this.#state !== 'new') this.#sendAlert(ALERT_LEVEL.warning, ALERT.closeNotify);
    this.#end('closed');
  }

  get #isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'failed';
  }

  /** What was agreed may be read; a failure takes everything back. */
  get #isReadable(): boolean {
    return this.#completed && this.#state !== 'failed';
  }

  #tick(now: Instant): void {
    if (now > this.#now) this.#now = now;
  }

  #record(type: number, epoch: 0 | 1, bytes: Uint8Array, start: number, end: number): void {
    switch (type) {
      case CONTENT_TYPE.applicationData:
        if (start === end) {
          this.#drop('ignored');
          return;
        }
        if (!this.#plaintext.push(bytes.subarray(start, end))) {
          this.#drop('overflow');
          return;
        }
        return;
      case CONTENT_TYPE.handshake:
        this.#handshakeRecord(epoch, new Reader(bytes, start, end));
        return;
      case CONTENT_TYPE.alert:
        this.#alertRecord(epoch, bytes.subarray(start, end));
        return;
      default:
        // ChangeCipherSpec says nothing that the epoch does not say, and changes nothing (compare CVE-2014-0224).
        if (!isChangeCipherSpec(bytes, start, end)) this.#drop('garbage');
    }
  }

  #handshakeRecord(epoch: 0 | 1, reader: Reader): void {
    // At most one flight per record, whatever repetitions are in it.
    while (reader.remaining > 0 && !this.#isOver) {
      const fragment = readHandshakeFragment(reader);
      if (isMalformed(fragment)) {
        this.#drop('handshake');
        return;
      }
      this.#fragment(fragment, epoch);
    }
    // Only now, so that a flight's end is not handled in the middle of its beginning.
    if (this.#keysAreNew && !this.#isOver) {
      this.#keysAreNew = false;
      this.#reader.handleEarly();
    }
  }

  #fragment(fragment: HandshakeFragment, epoch: 0 | 1): void {
    // Finished is the only message under the new keys, and never comes without them.
    if ((fragment.type === HANDSHAKE_TYPE.finished) !== (epoch === 1)) {
      this.#drop('handshake');
      return;
    }
    const insertion =
      this.#state === 'connected' && fragment.sequence >= this.#reassembler.nextSequence
        ? 'dropped'
        : this.#reassembler.insert(fragment, epoch);
    if (insertion === 'dropped') {
      this.#drop('handshake');
      return;
    }
    if (insertion === 'old') {
      if (this.#flight.peerRepeated(this.#now)) this.#trace('dtls:flight-repeated', { cause: 'peer' });
      return;
    }
    for (let message = this.#reassembler.take(); message !== undefined; message = this.#reassembler.take()) {
      this.#trace('dtls:message-received', { message: handshakeTypeName(message.type) });
      if (this.#handshakeDeadline === Number.POSITIVE_INFINITY) {
        this.#handshakeDeadline = this.#now + this.#config.handshakeTimeout;
      }
      if (this.#state === 'new') this.#setState('connecting');
      this.#alerts.progress();
      const origin = this.#path === undefined ? '' : formatAddress(this.#path.remote);
      this.#apply(this.#handshake.handle(message, origin));
      if (this.#isOver) return;
    }
  }

  #apply(step: Step): void {
    if (step.failure !== undefined) {
      this.#failHandshake(step.failure);
      return;
    }
    if (step.keys !== undefined) {
      this.#reader.install(step.keys.read);
      this.#writer.install(step.keys.write);
      this.#headroom = step.keys.write.headroom;
      this.#keysAreNew = true;
    }
    if (step.flight !== undefined) {
      this.#flight.send(step.flight, step.timed === true, this.#now);
      if (step.flight.some((item) => item.epoch === 1)) this.#writeEpoch = 1;
      this.#trace('dtls:flight-sent', { messages: this.#flight.names });
    }
    // A stateless server has no handshake yet after a HelloVerifyRequest.
    if (step.restarted === true) this.#handshakeDeadline = Number.POSITIVE_INFINITY;
    if (step.complete === true) this.#complete(step.flight === undefined);
  }

  #complete(peerSpokeLast: boolean): void {
    // Who spoke last repeats that when the peer repeats its own last flight (RFC 6347 §4.2.4); the other side must
    // not, or two peers would repeat for ever.
    if (peerSpokeLast) this.#flight.clear();
    this.#handshakeDeadline = Number.POSITIVE_INFINITY;
    this.#alerts.progress();
    this.#reassembler.clear();
    this.#reader.plaintextRefused = true;
    this.#completed = true;
    this.#plaintext.open();
    const { suite, group, srtpProfile } = this.#session;
    this.#trace('dtls:negotiated', { cipherSuite: suite?.name, group, srtpProfile });
    this.#setState('connected');
    this.#events.push({ type: 'connected' });
  }

  #alertRecord(epoch: 0 | 1, body: Uint8Array): void {
    const alert = decodeAlert(body);
    if (isMalformed(alert)) {
      this.#drop('garbage');
      return;
    }
    // Before the first message there is nothing that an alert could end.
    if (this.#state === 'new') {
      this.#drop('ignored');
      return;
    }
    const { level, description } = alert;
    this.#reportAlert('received', level, description);
    const meaning = this.#alerts.receive(alert, epoch === 1, this.#now);
    if (meaning === 'fatal') {
      this.#failByAlert(description);
      return;
    }
    if (meaning === 'close') {
      this.#sendAlert(ALERT_LEVEL.warning, ALERT.closeNotify);
      this.#end('closed');
    }
  }

  #failByAlert(description: number): void {
    const sentence = `The peer sent the alert ${alertName(description)}.`;
    this.#end('failed', new DtlsError('DTLS_ALERT_RECEIVED', sentence, { alert: description }));
  }

  #failHandshake(failure: Failure): void {
    this.#sendAlert(ALERT_LEVEL.fatal, failure.alert);
    this.#end('failed', failure.error);
  }

  #sendAlert(level: number, description: number): void {
    this.#alerts.send({ type: 'alert', level, description }, this.#writeEpoch);
    this.#reportAlert('sent', level, description);
  }

  #reportAlert(direction: 'sent' | 'received', level: number, description: number): void {
    this.#trace(direction === 'sent' ? 'dtls:alert-sent' : 'dtls:alert-received', { level, description });
    if (this.#events.length < MAX_EVENTS) this.#events.push({ type: 'alert', direction, level, description });
  }

  #end(state: 'closed'): void;
  #end(state: 'failed', error: CodedError): void;
  #end(state: 'closed' | 'failed', error?: CodedError): void {
    // A failed connection owes its peer nothing but the alert, and its user nothing that came in.
    if (error !== undefined) {
      this.#flight.clear();
      this.#plaintext.discard();
    } else {
      this.#flight.answered();
    }
    this.#reassembler.clear();
    this.#reader.stop();
    this.#session.dispose();
    this.#disposeWhenSilent();
    this.#setState(state);
    this.#events.push(error === undefined ? { type: 'closed' } : { type: 'failed', error });
  }

  /** The write keys are given up once the last alert has left. */
  #disposeWhenSilent(): void {
    if (!this.#flight.pending && !this.#alerts.pending) this.#writer.dispose();
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#trace('dtls:state', { state });
    this.#events.push({ type: 'state', state });
  }

  #drop(reason: DropReason): void {
    this.#dropped[reason]++;
    if (this.#config.trace !== undefined) this.#trace('dtls:record-dropped', { reason });
  }

  #trace(name: TraceName, data: { readonly [key: string]: unknown }): void {
    this.#config.trace?.({ time: this.#now, name, data });
  }
}
