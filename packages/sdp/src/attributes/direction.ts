import { isMalformed } from '@kaon/wire';
import type { AttributeCodec } from '../codec.ts';
import type { Attribute, Section } from '../model.ts';
import { flag } from './flag.ts';

/** Which way media goes, as the sender of the description sees it (RFC 8866 §6.7). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** The direction of a media section: its own attribute, or the session's, or `sendrecv`. */
export function readDirection(session: Section, media: Section): Direction {
  return directionOf(media) ?? directionOf(session) ?? 'sendrecv';
}

/** `a=sendrecv` and so on. */
export function directionAttribute(direction: Direction): Attribute {
  return { name: direction };
}

/** The codecs of the four property attributes. */
export const directions: readonly AttributeCodec<true>[] = [
  flag('sendrecv'),
  flag('sendonly'),
  flag('recvonly'),
  flag('inactive'),
];

/** The direction as seen from the other side. */
export function reverseDirection(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}

function directionOf(section: Section): Direction | undefined {
  for (const { name, value } of section.attributes) {
    const codec = directions.find((each) => each.name === name);
    if (codec !== undefined && !isMalformed(codec.decode(value ?? ''))) return name as Direction;
  }
  return undefined;
}
