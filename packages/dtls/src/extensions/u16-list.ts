import { MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';

/** Decodes data that is one vector of 16-bit code points: `lengthBytes` of length, at least one entry, nothing behind. */
export function decodeU16List(data: Uint8Array, lengthBytes: 1 | 2): readonly number[] | Malformed {
  const reader = new Reader(data);
  const length = lengthBytes === 1 ? reader.u8() : reader.u16();
  if (reader.failed || length !== reader.remaining || length === 0 || length % 2 !== 0) return MALFORMED;
  const values: number[] = [];
  while (reader.remaining > 0) values.push(reader.u16());
  return values;
}

/** Encodes code points as one vector. */
export function encodeU16List(values: readonly number[], lengthBytes: 1 | 2): Uint8Array {
  return new Writer(2 + 2 * values.length)
    .vector(lengthBytes, (list) => {
      for (const value of values) list.u16(value);
    })
    .finish();
}
