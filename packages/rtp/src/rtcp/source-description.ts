import { decodeUtf8, encodeUtf8, MALFORMED, type Malformed, readU32, writeU32 } from '@kaon/wire';
import { MAX_COUNT, RTCP_HEADER_SIZE, RTCP_TYPE, writeHeader } from './header.ts';
import { checkRange, refuse } from './misuse.ts';

// RFC 3550 §6.5
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |V=2|P|    SC   |  PT=SDES=202  |             length            |
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
// |                          SSRC/CSRC_1                          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |    item id    |    length     | text in UTF-8                ...
// +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//
// Each chunk ends with an item id of 0 and is filled up with zeros to a whole word.

/** Items whose value is text: RFC 3550 §6.5, and those of RFC 8852 and RFC 8843. */
export type SdesTextItemName =
  | 'cname'
  | 'name'
  | 'email'
  | 'phone'
  | 'loc'
  | 'tool'
  | 'note'
  | 'rtp-stream-id'
  | 'repaired-rtp-stream-id'
  | 'mid';

/** One item about a source. Text takes at most 255 bytes in UTF-8. */
export type SdesItem =
  | { readonly name: SdesTextItemName; readonly text: string }
  /** Private extension (RFC 3550 §6.5.8); prefix and text take 254 bytes together. */
  | { readonly name: 'priv'; readonly prefix: string; readonly text: string }
  | { readonly name: 'unknown'; readonly id: number; readonly data: Uint8Array };

/** What is told about one source. */
export interface SdesChunk {
  readonly ssrc: number;
  readonly items: readonly SdesItem[];
}

/** Source description (RFC 3550 §6.5). */
export interface SourceDescription {
  readonly type: 'sdes';
  /** At most 31. */
  readonly chunks: readonly SdesChunk[];
}

export function decodeSourceDescription(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
): SourceDescription | Malformed {
  const chunks: SdesChunk[] = [];
  let at = start + RTCP_HEADER_SIZE;
  for (let i = 0; i < count; i++) {
    if (at + 8 > end) return MALFORMED;
    const ssrc = readU32(bytes, at);
    const items: SdesItem[] = [];
    at += 4;
    for (;;) {
      if (at >= end) return MALFORMED;
      const id = bytes[at]!;
      if (id === 0) break;
      const from = at + 2;
      if (from > end || from + bytes[at + 1]! > end) return MALFORMED;
      at = from + bytes[from - 1]!;
      const item = decodeItem(id, bytes.subarray(from, at));
      if (item === undefined) return MALFORMED;
      items.push(item);
    }
    // Words are counted from the packet's start.
    at += 4 - ((at - start) % 4);
    if (at > end) return MALFORMED;
    chunks.push({ ssrc, items });
  }
  return { type: 'sdes', chunks };
}

export function sourceDescriptionLength(packet: SourceDescription): number {
  if (packet.chunks.length > MAX_COUNT) refuse(`${packet.chunks.length} SDES chunks, 31 fit`);
  let length = RTCP_HEADER_SIZE;
  for (const { items } of packet.chunks) {
    length += 4;
    for (const item of items) length += 2 + itemValue(item).length;
    length += 4 - (length % 4);
  }
  return length;
}

export function writeSourceDescription(
  buffer: Uint8Array,
  offset: number,
  length: number,
  packet: SourceDescription,
): void {
  let at = writeHeader(buffer, offset, packet.chunks.length, RTCP_TYPE.sourceDescription, length);
  for (const { ssrc, items } of packet.chunks) {
    writeU32(buffer, at, ssrc);
    at += 4;
    for (const item of items) {
      const value = itemValue(item);
      buffer[at] = item.name === 'unknown' ? item.id : ITEM_IDS[item.name];
      buffer[at + 1] = value.length;
      buffer.set(value, at + 2);
      at += 2 + value.length;
    }
    const zeros = 4 - ((at - offset) % 4);
    buffer.fill(0, at, at + zeros);
    at += zeros;
  }
}

function decodeItem(id: number, data: Uint8Array): SdesItem | undefined {
  if (id === ITEM_IDS.priv) {
    const prefixLength = data[0];
    if (prefixLength === undefined || 1 + prefixLength > data.length) return undefined;
    return {
      name: 'priv',
      prefix: decodeUtf8(data.subarray(1, 1 + prefixLength)),
      text: decodeUtf8(data.subarray(1 + prefixLength)),
    };
  }
  const name = TEXT_ITEMS[id];
  return name === undefined ? { name: 'unknown', id, data: data.slice() } : { name, text: decodeUtf8(data) };
}

function itemValue(item: SdesItem): Uint8Array {
  let value: Uint8Array;
  if (item.name === 'unknown') {
    checkRange('SDES item', item.id, 1, 255);
    value = item.data;
  } else if (item.name === 'priv') {
    const prefix = encodeUtf8(item.prefix);
    const text = encodeUtf8(item.text);
    value = new Uint8Array(1 + prefix.length + text.length);
    value[0] = prefix.length;
    value.set(prefix, 1);
    value.set(text, 1 + prefix.length);
  } else {
    value = encodeUtf8(item.text);
  }
  if (value.length > 255) refuse(`SDES item of ${value.length} bytes, 255 fit`);
  return value;
}

const ITEM_IDS: Readonly<Record<SdesTextItemName | 'priv', number>> = {
  cname: 1,
  name: 2,
  email: 3,
  phone: 4,
  loc: 5,
  tool: 6,
  note: 7,
  priv: 8,
  'rtp-stream-id': 12,
  'repaired-rtp-stream-id': 13,
  mid: 15,
};

const TEXT_ITEMS: readonly (SdesTextItemName | undefined)[] = [
  undefined,
  'cname',
  'name',
  'email',
  'phone',
  'loc',
  'tool',
  'note',
  undefined,
  undefined,
  undefined,
  undefined,
  'rtp-stream-id',
  'repaired-rtp-stream-id',
  undefined,
  'mid',
];
