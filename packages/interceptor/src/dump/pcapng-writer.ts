/**
 * Packet captures in the pcapng format (draft-ietf-opsawg-pcapng), which Wireshark opens: one section, one interface of raw IP
 * packets, each RTP or RTCP packet as a UDP datagram.
 */
import { decodeUtf8, encodeUtf8, writeU16, writeU32 } from '@kaon/wire';

/** How a capture describes itself. */
export interface PcapngWriterOptions {
  /** Name of the application in the section header. Default `Kaon`. */
  readonly application?: string | undefined;
  /** Name of the interface. Default `rtp`. */
  readonly interfaceName?: string | undefined;
}

/** One end of the path that a capture shows: addresses are made up, as the chain knows none. */
export interface PcapngEndpoint {
  /** IPv4, four bytes. */
  readonly address: readonly [number, number, number, number];
  readonly port: number;
}

/** Writes the blocks of a pcapng file. Put them behind each other, `header` first. Numbers are little endian. */
export class PcapngWriter {
  readonly #application: string;
  readonly #interfaceName: string;

  constructor(options: PcapngWriterOptions = {}) {
    this.#application = options.application ?? 'Kaon';
    this.#interfaceName = options.interfaceName ?? 'rtp';
  }

  /** Section Header Block and Interface Description Block: the beginning of every file. */
  header(): Uint8Array {
    const application = option(OPTION_APPLICATION, this.#application);
    const section = new Uint8Array(16 + application.length);
    put32(section, 0, BYTE_ORDER);
    put16(section, 4, 1);
    put16(section, 6, 0);
    // Section length: not told.
    section.fill(0xff, 8, 16);
    section.set(application, 16);
    const name = option(OPTION_INTERFACE_NAME, this.#interfaceName);
    const description = new Uint8Array(8 + name.length);
    put16(description, 0, LINKTYPE_RAW);
    // Snapshot length 0: packets are whole.
    description.set(name, 8);
    const blocks = [block(BLOCK_SECTION, section), block(BLOCK_INTERFACE, description)];
    const out = new Uint8Array(blocks[0]!.length + blocks[1]!.length);
    out.set(blocks[0]!);
    out.set(blocks[1]!, blocks[0]!.length);
    return out;
  }

  /**
   * Enhanced Packet Block with one datagram. `wallClock` is in ms since 1970. `outbound` is told in the block's flags. Throws
   * RangeError when the datagram does not fit into an IP packet.
   */
  packet(
    payload: Uint8Array,
    wallClock: number,
    from: PcapngEndpoint,
    to: PcapngEndpoint,
    outbound: boolean,
  ): Uint8Array {
    const size = IP_HEADER + UDP_HEADER + payload.length;
    if (size > 0xffff) throw new RangeError(`a datagram of ${payload.length} bytes fits no IP packet`);
    const padded = (size + 3) & ~3;
    const body = new Uint8Array(20 + padded + 12);
    const microseconds = Math.floor(wallClock * 1000);
    put32(body, 4, Math.floor(microseconds / 2 ** 32));
    put32(body, 8, microseconds % 2 ** 32);
    put32(body, 12, size);
    put32(body, 16, size);
    writeIp(body, 20, size, from, to);
    body.set(payload, 20 + IP_HEADER + UDP_HEADER);
    put16(body, 20 + padded, OPTION_FLAGS);
    put16(body, 22 + padded, 4);
    put32(body, 24 + padded, outbound ? 2 : 1);
    return block(BLOCK_PACKET, body);
  }
}

/** IPv4 (RFC 791 §3.1) and UDP (RFC 768) headers. The UDP checksum is 0: none was made. */
function writeIp(out: Uint8Array, at: number, size: number, from: PcapngEndpoint, to: PcapngEndpoint): void {
  out[at] = 0x45;
  writeU16(out, at + 2, size);
  out[at + 6] = 0x40;
  out[at + 8] = 64;
  out[at + 9] = 17;
  out.set(from.address, at + 12);
  out.set(to.address, at + 16);
  let sum = 0;
  for (let i = at; i < at + IP_HEADER; i += 2) sum += (out[i]! << 8) | out[i + 1]!;
  sum = (sum & 0xffff) + (sum >>> 16);
  writeU16(out, at + 10, ~(sum + (sum >>> 16)) & 0xffff);
  const udp = at + IP_HEADER;
  writeU16(out, udp, from.port);
  writeU16(out, udp + 2, to.port);
  writeU16(out, udp + 4, size - IP_HEADER);
}

/** Type, length, body (a multiple of four bytes), and the length once more. */
function block(type: number, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length);
  put32(out, 0, type);
  put32(out, 4, out.length);
  out.set(body, 8);
  put32(out, 8 + body.length, out.length);
  return out;
}

/** One option with text, and the end of options. */
function option(code: number, text: string): Uint8Array {
  let value = encodeUtf8(text);
  if (value.length > MAX_OPTION) value = encodeUtf8(decodeUtf8(value.subarray(0, MAX_OPTION - 3)));
  const out = new Uint8Array(4 + ((value.length + 3) & ~3) + 4);
  put16(out, 0, code);
  put16(out, 2, value.length);
  out.set(value, 4);
  return out;
}

function put16(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
}

function put32(out: Uint8Array, at: number, value: number): void {
  writeU32(out, at, value >>> 0);
  out.subarray(at, at + 4).reverse();
}

const BLOCK_SECTION = 0x0a0d_0d0a;
const BLOCK_INTERFACE = 1;
const BLOCK_PACKET = 6;
const BYTE_ORDER = 0x1a2b_3c4d;
const LINKTYPE_RAW = 101;
const OPTION_APPLICATION = 4;
const OPTION_INTERFACE_NAME = 2;
const OPTION_FLAGS = 2;
const MAX_OPTION = 1000;
const IP_HEADER = 20;
const UDP_HEADER = 8;
