import type { CodedError, Instant, Path, TransmitSlot } from '@kaon/interface/core/v1';
import type { SecureEvent, SecureTransport } from '@kaon/interface/secure-transport/v1';
import { formatAddress, isMalformed, Reader } from '@kaon/wire';
import { Alerts } from './alerts.ts';
import { DtlsError } from './errors.ts';
import type { ConnectionState, ConnectionStats, DtlsEvent } from './events.ts';
import { HandshakeDriver, type HandshakeHost } from './handshake/driver.ts';
import { ClientHandshake } from './handshake/dtls12/client.ts';
import { ServerHandshake } from './handshake/dtls12/server.ts';
import { Session } from './handshake/dtls12/session.ts';
import type { Failure, Step } from './handshake/step.ts';
import { ALERT, ALERT_LEVEL, alertName, decodeAlert } from './messages/alert.ts';
import { isChangeCipherSpec } from './messages/change-cipher-spec.ts';
import { type Config, type ConnectionOptions, type PeerCertificate, resolveOptions } from './options.ts';
import { PlaintextQueue } from './plaintext-queue.ts';
import { CONTENT_TYPE, MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './record/content-type.ts';
import { RecordReader, type RecordSink } from './record/reader.ts';
import { RecordWriter } from './record/writer.ts';
import { Report } from './report.ts';

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
  readonly #report: Report;
  readonly #session: Session;
  readonly #handshake: HandshakeDriver;
  readonly #reader: RecordReader;
  readonly #writer: RecordWriter;
  readonly #alerts = new Alerts();
  readonly #plaintext = new PlaintextQueue();
  #state: ConnectionState = 'new';
  #headroom = MAX_HEADROOM;
  /** The handshake was completed, whatever came later. */
  #completed = false;
  #path: Path | undefined;

  /** Throws `DtlsError` `DTLS_BAD_OPTION` on options that make no sense. */
  constructor(options: ConnectionOptions) {
    const config = resolveOptions(options);
    this.#config = config;
    this.#report = new Report(config.trace);
    this.#writer = new RecordWriter(config.verifiedHello?.recordSequence);
    this.#session = new Session(config);
    const machine = config.role === 'client' ? new ClientHandshake(this.#session) : new ServerHandshake(this.#session);
    const host: HandshakeHost = {
      progress: () => this.#progress(),
      install: (keys) => this.#install(keys),
      complete: () => this.#complete(),
      fail: (failure) => this.#failHandshake(failure),
    };
    this.#handshake = new HandshakeDriver(config, machine, host, this.#report);
    const sink: RecordSink = {
      record: (type, epoch, bytes, start, end) => this.#record(type, epoch, bytes, start, end),
      dropped: (reason) => this.#report.drop(reason),
    };
    this.#reader = new RecordReader(sink, config.replayWindow);
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

  /** The peer's certificate, accepted and proven; undefined until `connected`, and for a client that was not asked. */
  get peerCertificate(): PeerCertificate | undefined {
    return this.#isReadable ? this.#session.peerCertificate : undefined;
  }

  /** Counters since the beginning. */
  stats(): ConnectionStats {
    return {
      recordsSent: this.#writer.records,
      recordsReceived: this.#reader.records,
      dropped: { ...this.#report.dropped },
      retransmissions: this.#handshake.retransmissions,
      repetitions: this.#handshake.repetitions,
    };
  }

  /** Begins: a client sends its ClientHello; a server waits, as it does without this call. Idempotent. */
  start(now: Instant): void {
    this.#report.tick(now);
    if (this.#state !== 'new') return;
    this.#setState('connecting');
    this.#handshake.start();
  }

  handleRecord(bytes: Uint8Array, path: Path, now: Instant): void {
    this.#report.tick(now);
    if (this.#isOver) return;
    // A client that has not spoken expects no answer.
    if (this.#state === 'new' && this.#config.role === 'client') {
      this.#report.drop('ignored');
      return;
    }
    this.#path = path;
    this.#reader.handleDatagram(bytes);
  }

  handleTimeout(now: Instant): void {
    this.#report.tick(now);
    if (this.#isOver) return;
    const alert = this.#alerts.handleTimeout(this.#report.now);
    if (alert !== undefined) {
      this.#failByAlert(alert.description);
      return;
    }
    if (this.#handshake.handleTimeout()) {
      this.#end('failed', new DtlsError('DTLS_HANDSHAKE_TIMEOUT', 'The handshake did not complete in time.'));
    }
  }

  pollTimeout(): Instant {
    if (this.#isOver) return Number.POSITIVE_INFINITY;
    return Math.min(this.#handshake.pollTimeout(), this.#alerts.pollTimeout());
  }

  pollTransmit(slot: TransmitSlot, now: Instant): boolean {
    if (!this.#handshake.pending && !this.#alerts.pending) return false;
    this.#report.tick(now);
    const limit = Math.min(slot.limit, slot.start + this.#config.mtu);
    slot.end = slot.start;
    this.#handshake.write(slot, limit, this.#writer);
    // An alert behind half a flight would overtake the rest of it.
    if (!this.#handshake.pending) this.#alerts.write(slot, limit, this.#writer);
    if (this.#isOver) this.#disposeWhenSilent();
    return slot.end > slot.start;
  }

  pollEvent(): SecureEvent | DtlsEvent | undefined {
    return this.#report.poll();
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
    this.#report.tick(now);
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

  #record(type: number, epoch: 0 | 1, bytes: Uint8Array, start: number, end: number): void {
    switch (type) {
      case CONTENT_TYPE.applicationData:
        if (start === end) {
          this.#report.drop('ignored');
          return;
        }
        if (!this.#plaintext.push(bytes.subarray(start, end))) {
          this.#report.drop('overflow');
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
        if (!isChangeCipherSpec(bytes, start, end)) this.#report.drop('garbage');
    }
  }

  #handshakeRecord(epoch: 0 | 1, reader: Reader): void {
    const origin = this.#path === undefined ? '' : formatAddress(this.#path.remote);
    if (this.#handshake.handleRecord(epoch, reader, origin)) this.#reader.handleEarly();
  }

  #progress(): void {
    if (this.#state === 'new') this.#setState('connecting');
    this.#alerts.progress();
  }

  #install(keys: NonNullable<Step['keys']>): void {
    this.#reader.install(keys.read);
    this.#writer.install(keys.write);
    this.#headroom = keys.write.headroom;
  }

  #complete(): void {
    this.#completed = true;
    this.#alerts.progress();
    this.#reader.plaintextRefused = true;
    this.#plaintext.open();
    const { suite, group, srtpProfile } = this.#session;
    this.#report.trace('dtls:negotiated', { cipherSuite: suite?.name, group, srtpProfile });
    this.#setState('connected');
    this.#report.event({ type: 'connected' });
  }

  #alertRecord(epoch: 0 | 1, body: Uint8Array): void {
    const alert = decodeAlert(body);
    if (isMalformed(alert)) {
      this.#report.drop('garbage');
      return;
    }
    // In the clear, and before the first message, there is nothing that an alert could end.
    if (epoch === 0 && !this.#handshake.isUnderWay) {
      this.#report.drop('ignored');
      return;
    }
    const { level, description } = alert;
    this.#report.alert('received', level, description);
    const meaning = this.#alerts.receive(alert, epoch === 1, this.#report.now);
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
    this.#alerts.send({ type: 'alert', level, description }, this.#handshake.writeEpoch);
    this.#report.alert('sent', level, description);
  }

  #end(state: 'closed'): void;
  #end(state: 'failed', error: CodedError): void;
  #end(state: 'closed' | 'failed', error?: CodedError): void {
    // A failed connection owes its peer nothing but the alert, and its user nothing that came in.
    const failed = error !== undefined;
    this.#handshake.stop(failed);
    if (failed) this.#plaintext.discard();
    this.#reader.stop();
    this.#session.dispose();
    this.#disposeWhenSilent();
    this.#setState(state);
    this.#report.event(error === undefined ? { type: 'closed' } : { type: 'failed', error });
  }

  /** The write keys are given up once the last alert has left. */
  #disposeWhenSilent(): void {
    if (!this.#handshake.pending && !this.#alerts.pending) this.#writer.dispose();
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#report.trace('dtls:state', { state });
    this.#report.event({ type: 'state', state });
  }
}
