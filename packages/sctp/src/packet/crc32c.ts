/**
 * CRC-32C (RFC 9260 Appendix A) of an SCTP packet in `bytes[start, end)`, with its checksum field taken as zero.
 * Sixteen bytes a step; the tables (16 KiB) are made by the first packet that needs them.
 */
export function packetChecksum(bytes: Uint8Array, start: number, end: number): number {
  tables ??= makeTables();
  let crc = update(tables, -1, bytes, start, start + 8);
  // Four zero bytes stand for the checksum field.
  for (let i = 0; i < 4; i++) crc = tables[crc & 0xff]! ^ (crc >>> 8);
  return ~update(tables, crc, bytes, start + 12, end) >>> 0;
}

/** CRC-32C of plain bytes. */
export function crc32c(bytes: Uint8Array): number {
  tables ??= makeTables();
  return ~update(tables, -1, bytes, 0, bytes.length) >>> 0;
}

/** Writes the checksum of the finished packet into its header. The CRC travels with its low byte first. */
export function writeChecksum(bytes: Uint8Array, start: number, end: number): void {
  const crc = packetChecksum(bytes, start, end);
  bytes[start + 8] = crc;
  bytes[start + 9] = crc >>> 8;
  bytes[start + 10] = crc >>> 16;
  bytes[start + 11] = crc >>> 24;
}

/** Whether the checksum in the packet's header is right. */
export function verifyChecksum(bytes: Uint8Array): boolean {
  const sent = (bytes[8]! | (bytes[9]! << 8) | (bytes[10]! << 16) | (bytes[11]! << 24)) >>> 0;
  return sent === packetChecksum(bytes, 0, bytes.length);
}

let tables: Int32Array | undefined;

/** The reflected polynomial 0x1EDC6F41. */
const POLYNOMIAL = 0x82f63b78;

function makeTables(): Int32Array {
  const made = new Int32Array(16 * 256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[i] = crc;
  }
  for (let i = 256; i < made.length; i++) {
    const before = made[i - 256]!;
    made[i] = made[before & 0xff]! ^ (before >>> 8);
  }
  return made;
}

function update(t: Int32Array, seed: number, b: Uint8Array, start: number, end: number): number {
  let crc = seed;
  let i = start;
  for (const last = end - 15; i < last; i += 16) {
    const x = crc ^ (b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24));
    // Lookups that do not wait for the bytes before come first.
    const ahead =
      t[b[i + 15]!]! ^
      t[256 | b[i + 14]!]! ^
      t[512 | b[i + 13]!]! ^
      t[768 | b[i + 12]!]! ^
      t[1024 | b[i + 11]!]! ^
      t[1280 | b[i + 10]!]! ^
      t[1536 | b[i + 9]!]! ^
      t[1792 | b[i + 8]!]! ^
      t[2048 | b[i + 7]!]! ^
      t[2304 | b[i + 6]!]! ^
      t[2560 | b[i + 5]!]! ^
      t[2816 | b[i + 4]!]!;
    crc =
      ahead ^
      (t[3072 | (x >>> 24)]! ^ t[3328 | ((x >>> 16) & 0xff)]! ^ t[3584 | ((x >>> 8) & 0xff)]! ^ t[3840 | (x & 0xff)]!);
  }
  for (; i < end; i++) crc = t[(crc ^ b[i]!) & 0xff]! ^ (crc >>> 8);
  return crc;
}
