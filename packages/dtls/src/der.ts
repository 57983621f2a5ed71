/**
 * A small reader of DER (X.690 §10): tag, length, content. It never reads past its bytes, never recurses and never
 * throws; `failed` says that something did not fit.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;
  /** Set by the first element that is not what was asked for, and never cleared. */
  failed = false;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Whether nothing is left to read. */
  get done(): boolean {
    return this.failed || this.#at === this.#end;
  }

  /** The tag of the next element, or -1 at the end. */
  peek(): number {
    return this.done ? -1 : this.#bytes[this.#at]!;
  }

  /** The content of the next element, which must have this tag; an empty view otherwise. */
  content(tag: number): Uint8Array {
    return this.#element(tag, false);
  }

  /** The next element with its header. */
  whole(tag: number): Uint8Array {
    return this.#element(tag, true);
  }

  /** A reader over the content of the next element. */
  inside(tag: number): DerReader {
    const reader = new DerReader(this.content(tag));
    reader.failed = this.failed;
    return reader;
  }

  #element(tag: number, withHeader: boolean): Uint8Array {
    const start = this.#at;
    if (this.failed || this.#end - start < 2 || this.#bytes[start] !== tag) return this.#fail();
    let at = start + 1;
    let length = this.#bytes[at++]!;
    if (length >= 0x80) {
      // DER knows no indefinite length, and more than three bytes of length is more than a handshake message holds.
      let count = length & 0x7f;
      if (count === 0 || count > 3 || count > this.#end - at || this.#bytes[at] === 0) return this.#fail();
      for (length = 0; count > 0; count--) length = length * 256 + this.#bytes[at++]!;
      if (length < 0x80) return this.#fail();
    }
    if (length > this.#end - at) return this.#fail();
    this.#at = at + length;
    return this.#bytes.subarray(withHeader ? start : at, this.#at);
  }

  #fail(): Uint8Array {
    this.failed = true;
    return EMPTY;
  }
}

/** Tags used here. */
export const DER_TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  /** [0], constructed. */
  context0: 0xa0,
} as const;

/** Object identifiers as the hexadecimal digits of their content. */
export const OID = {
  ecPublicKey: '2a8648ce3d0201',
  p256: '2a8648ce3d030107',
  p384: '2b81040022',
  rsaEncryption: '2a864886f70d010101',
  ed25519: '2b6570',
} as const;

/** Bytes as hexadecimal digits, lower case. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

const EMPTY = new Uint8Array(0);
