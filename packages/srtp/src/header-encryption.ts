/** Encrypted header extensions (RFC 6904): the data of chosen elements, while ids and lengths stay readable. */
import type { CounterMode } from '@kaon/interface/crypto/v1';
import { readU16 } from '@kaon/wire';
import { extensionOffset, hasExtension } from './packet.ts';

/** Encrypts and decrypts the elements of some ids, which is the same operation. */
export class HeaderEncryption {
  readonly #cipher: CounterMode;
  readonly #ids: ReadonlySet<number>;
  #stream = new Uint8Array(256);

  /** `cipher` is keyed with the session's header key. */
  constructor(cipher: CounterMode, ids: readonly number[]) {
    this.#cipher = cipher;
    this.#ids = new Set(ids);
  }

  /** Works on the packet at `start`, whose header is whole. `counter` is made with the session's header salt (RFC 6904 §3.1). */
  apply(counter: Uint8Array, buffer: Uint8Array, start: number): void {
    if (!hasExtension(buffer, start)) return;
    const at = extensionOffset(buffer, start);
    const profile = readU16(buffer, at);
    const length = 4 * readU16(buffer, at + 2);
    const first = at + 4;
    const isOneByte = profile === 0xbede;
    if (length === 0 || !(isOneByte || (profile & 0xfff0) === 0x1000)) return;
    const stream = this.#keyStream(counter, length);
    for (let i = 0; i < length; ) {
      const byte = buffer[first + i]!;
      // A zero is padding, in the one-byte form only by its id (RFC 8285 §4.2, §4.3).
      if (byte === 0) {
        i++;
        continue;
      }
      const id = isOneByte ? byte >>> 4 : byte;
      if (isOneByte && id === 15) return;
      const data = i + (isOneByte ? 1 : 2);
      if (data > length) return;
      const end = Math.min(length, data + (isOneByte ? (byte & 15) + 1 : buffer[first + i + 1]!));
      if (this.#ids.has(id)) for (let j = data; j < end; j++) buffer[first + j]! ^= stream[j]!;
      i = end;
    }
  }

  dispose(): void {
    this.#cipher.dispose?.();
    this.#stream.fill(0);
  }

  /** A byte of key stream for each byte of the extension, of which those of ids and lengths go unused. */
  #keyStream(counter: Uint8Array, length: number): Uint8Array {
    if (length > this.#stream.length) this.#stream = new Uint8Array(length);
    this.#stream.fill(0, 0, length);
    this.#cipher.apply(counter, this.#stream, 0, length);
    return this.#stream;
  }
}
