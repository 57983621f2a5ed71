import { isMalformed, MALFORMED, type Malformed } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';
import { RID_ID } from './rid.ts';

/** One way to send a simulcast stream. */
export interface SimulcastStream {
  readonly rid: string;
  /** `~` in front: not sent at first. */
  readonly paused: boolean;
}

/** Streams of a simulcast; each has alternatives, best first. */
export type SimulcastStreams = readonly (readonly SimulcastStream[])[];

/** Which streams are sent and which may be received. */
export interface Simulcast {
  readonly send?: SimulcastStreams | undefined;
  readonly recv?: SimulcastStreams | undefined;
}

/** `a=simulcast` (RFC 8853 §5.1). */
export const simulcast: AttributeCodec<Simulcast> = {
  name: 'simulcast',
  decode(value) {
    const words = value.split(' ').filter((word) => word !== '');
    if (words.length !== 2 && words.length !== 4) return MALFORMED;
    const result: { send?: SimulcastStreams; recv?: SimulcastStreams } = {};
    for (let i = 0; i < words.length; i += 2) {
      const direction = words[i];
      const streams = readStreams(words[i + 1]!);
      if ((direction !== 'send' && direction !== 'recv') || result[direction] !== undefined) return MALFORMED;
      if (isMalformed(streams)) return MALFORMED;
      result[direction] = streams;
    }
    return result;
  },
  encode({ send, recv }) {
    const parts: string[] = [];
    if (send !== undefined) parts.push(`send ${writeStreams(send)}`);
    if (recv !== undefined) parts.push(`recv ${writeStreams(recv)}`);
    return parts.join(' ');
  },
};

function readStreams(text: string): SimulcastStreams | Malformed {
  const streams: SimulcastStream[][] = [];
  for (const alternatives of text.split(';')) {
    const stream: SimulcastStream[] = [];
    for (const each of alternatives.split(',')) {
      const paused = each.startsWith('~');
      const rid = paused ? each.slice(1) : each;
      if (!RID_ID.test(rid)) return MALFORMED;
      stream.push({ rid, paused });
    }
    streams.push(stream);
  }
  return streams;
}

function writeStreams(streams: SimulcastStreams): string {
  return streams.map((stream) => stream.map(({ rid, paused }) => (paused ? `~${rid}` : rid)).join(',')).join(';');
}
