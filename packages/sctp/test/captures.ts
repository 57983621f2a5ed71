import { readFileSync } from 'node:fs';

/** One packet of a capture in test/vectors: what a browser and a Node peer sent each other, decrypted. */
export interface Captured {
  readonly from: 'browser' | 'peer';
  readonly tag: number;
  /** The checksum field, as the capture prints it. */
  readonly checksum: number;
  readonly chunks: readonly CapturedChunk[];
  /** The packet, where the capture shows every byte of it; checksum included. */
  readonly bytes: Uint8Array | undefined;
}

export interface CapturedChunk {
  readonly name: string;
  readonly length: number;
  readonly text: string;
  /** The chunk with its padding; data that the capture cuts off is zeros. */
  readonly bytes: Uint8Array | undefined;
  readonly isComplete: boolean;
}

export const CAPTURES: readonly string[] = [
  'chromium-sctp',
  'chromium-sctp-interleave',
  'chromium-sctp-snap',
  'firefox-sctp',
];

export function readCapture(name: string): Captured[] {
  const text = readFileSync(new URL(`./vectors/${name}.txt`, import.meta.url), 'utf8');
  const packets: Captured[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*(browser|werift)> sp=5000 dp=5000 vtag=([0-9a-f]{8}) cksum=([0-9a-f]{8}) \| (.*)$/.exec(line);
    if (match === null) continue;
    const chunks = match[4]!.split(' | ').map(readChunk);
    const tag = Number.parseInt(match[2]!, 16);
    const checksum = Number.parseInt(match[3]!, 16);
    const whole = chunks.every((chunk) => chunk.isComplete);
    packets.push({
      from: match[1] === 'browser' ? 'browser' : 'peer',
      tag,
      checksum,
      chunks,
      bytes: whole
        ? packet(
            tag,
            checksum,
            chunks.map((chunk) => chunk.bytes as Uint8Array),
          )
        : undefined,
    });
  }
  return packets;
}

/** A packet from port 5000 to port 5000. */
export function packet(tag: number, checksum: number, chunks: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(5000, 0);
  head.writeUInt16BE(5000, 2);
  head.writeUInt32BE(tag >>> 0, 4);
  head.writeUInt32BE(checksum >>> 0, 8);
  return new Uint8Array(Buffer.concat([head, ...chunks]));
}

const TYPES: Record<string, number> = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  SACK: 3,
  ABORT: 6,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  'RE-CONFIG': 130,
};

function readChunk(text: string): CapturedChunk {
  const match = /^([A-Z_-]+)\(f=(\d+),len=(\d+)\)\s*(.*)$/.exec(text)!;
  const name = match[1]!;
  const length = Number(match[3]);
  const rest = match[4]!;
  const body = Buffer.alloc((length + 3) & ~3);
  body[0] = TYPES[name]!;
  body[1] = Number(match[2]);
  body.writeUInt16BE(length, 2);
  let isComplete = true;
  const field = (key: string): number => Number(new RegExp(`${key}=([0-9]+)`).exec(rest)![1]);
  if (name === 'INIT' || name === 'INIT_ACK') {
    body.writeUInt32BE(Number.parseInt(/tag=([0-9a-f]{8})/.exec(rest)![1]!, 16), 4);
    body.writeUInt32BE(field('rwnd'), 8);
    body.writeUInt16BE(field('os'), 12);
    body.writeUInt16BE(field('is'), 14);
    body.writeUInt32BE(field('tsn'), 16);
    const types: Record<string, number> = { ForwardTSN: 0xc000, SupportedExtensions: 0x8008, StateCookie: 7 };
    let at = 20;
    for (const [, parameter, size, value] of rest.matchAll(/\{(\w+) len=(\d+) ?([0-9a-f]*)\}/g)) {
      body.writeUInt16BE(types[parameter!]!, at);
      body.writeUInt16BE(Number(size), at + 2);
      Buffer.from(value!, 'hex').copy(body, at + 4);
      at += (Number(size) + 3) & ~3;
    }
  } else if (name === 'DATA') {
    body.writeUInt32BE(field('tsn'), 4);
    body.writeUInt16BE(field('sid'), 8);
    body.writeUInt16BE(field('ssn'), 10);
    body.writeUInt32BE(field('ppid'), 12);
    const shown = Buffer.from(rest.split(' ').at(-1)!, 'hex');
    shown.copy(body, 16);
    isComplete = shown.length === length - 16;
  } else if (name === 'RE-CONFIG' || name === 'ABORT') {
    Buffer.from(rest, 'hex').copy(body, 4);
  } else {
    // SACK and COOKIE ECHO are shown by their length alone.
    isComplete = name === 'COOKIE_ACK';
  }
  return { name, length, text: rest, bytes: new Uint8Array(body), isComplete };
}
