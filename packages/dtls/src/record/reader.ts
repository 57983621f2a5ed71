import { readU16, readU32 } from '@kaon/wire';
import type { DropReason } from '../events.ts';
import { CONTENT_TYPE, MAX_PLAINTEXT, RECORD_HEADER_LENGTH } from './content-type.ts';
import { type Protection, recordLength } from './protection.ts';
import { ReplayWindow } from './replay-window.ts';

/** Where the reader puts what it found. An object instead of closures: it is called per record. */
export interface RecordSink {
  /** An accepted record: its content is `bytes[start, end)`. */
  record(type: number, epoch: 0 | 1, bytes: Uint8Array, start: number, end: number): void;
  /** A record, or the rest of a datagram, was thrown away. */
  dropped(reason: DropReason): void;
}

/** Records of epoch 1 that wait for keys: enough for a reordered Finished and the first data behind it. */
const MAX_EARLY_RECORDS = 32;
const MAX_EARLY_BYTES = 64 * 1024;

/**
 * Splits datagrams into records and opens them. Invalid records are dropped in silence and the connection goes on
 * (RFC 6347 §4.1.2.7).
 */
export class RecordReader {
  readonly #sink: RecordSink;
  /** Of epoch 1. In the plaintext epoch a window would let one forged number shut out all genuine records behind it. */
  readonly #window: ReplayWindow;
  readonly #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #protection: Protection | undefined;
  /** Set at completion: the plaintext epoch has no say any more. */
  plaintextRefused = false;
  #stopped = false;
  /** Records accepted. */
  records = 0;

  constructor(sink: RecordSink, replayWindow: number) {
    this.#sink = sink;
    this.#window = new ReplayWindow(replayWindow);
  }

  /** Takes a datagram, which may hold several records; encrypted ones are decrypted in place. */
  handleDatagram(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#stopped) {
      // The unknown cannot be skipped over: without a trusted length the rest is lost too.
      if (bytes.length - at < RECORD_HEADER_LENGTH || !isRecordHeader(bytes, at)) {
        this.#sink.dropped('garbage');
        return;
      }
      const end = at + RECORD_HEADER_LENGTH + recordLength(bytes, at);
      if (end > bytes.length) {
        this.#sink.dropped('garbage');
        return;
      }
      this.#record(bytes, at, end);
      at = end;
    }
  }

  /** Keys of epoch 1. Records of it that came before are processed by `handleEarly`. */
  install(protection: Protection): void {
    this.#protection = protection;
  }

  /** Processes the records that waited for keys. */
  handleEarly(): void {
    const waiting = this.#early.splice(0);
    this.#earlyBytes = 0;
    for (const record of waiting) if (!this.#stopped) this.#record(record, 0, record.length);
  }

  /** Forgets keys and everything that waits; nothing is read any more. */
  stop(): void {
    this.#stopped = true;
    this.#early.length = 0;
    this.#protection?.dispose();
    this.#protection = undefined;
  }

  #record(bytes: Uint8Array, at: number, end: number): void {
    const epoch = readU16(bytes, at + 3);
    if (epoch > 1 || (epoch === 0 && this.plaintextRefused)) {
      this.#sink.dropped('epoch');
      return;
    }
    const type = bytes[at]!;
    let start = at + RECORD_HEADER_LENGTH;
    let contentEnd = end;
    if (epoch === 1) {
      const protection = this.#protection;
      if (protection === undefined) {
        this.#keep(bytes.subarray(at, end));
        return;
      }
      const sequence = readU16(bytes, at + 5) * 2 ** 32 + readU32(bytes, at + 7);
      if (!this.#window.isFresh(sequence)) {
        this.#sink.dropped('replay');
        return;
      }
      start = at + protection.headroom;
      contentEnd = protection.open(bytes, at, end);
      if (contentEnd < 0) {
        this.#sink.dropped('forged');
        return;
      }
      this.#window.mark(sequence);
    } else if (type === CONTENT_TYPE.applicationData) {
      // Application data without protection does not exist.
      this.#sink.dropped('garbage');
      return;
    }
    if (contentEnd - start > MAX_PLAINTEXT) {
      this.#sink.dropped('garbage');
      return;
    }
    this.records++;
    this.#sink.record(type, epoch as 0 | 1, bytes, start, contentEnd);
  }

  #keep(record: Uint8Array): void {
    if (this.#early.length >= MAX_EARLY_RECORDS || this.#earlyBytes + record.length > MAX_EARLY_BYTES) {
      this.#sink.dropped('overflow');
      return;
    }
    this.#early.push(record);
    this.#earlyBytes += record.length;
  }
}

/** Type, version and length; the version of early records is not agreed yet, so only its major part counts there. */
function isRecordHeader(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]!;
  const minor = bytes[at + 2]!;
  return (
    type >= CONTENT_TYPE.changeCipherSpec &&
    type <= CONTENT_TYPE.applicationData &&
    bytes[at + 1] === 0xfe &&
    (minor === 0xfd || minor === 0xff)
  );
}
