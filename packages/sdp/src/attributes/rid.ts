import { MALFORMED } from '@kaon/wire';
import { type AttributeCodec, decimal } from '../codec.ts';

/** One RTP stream of a section, by name. */
export interface Rid {
  /** Letters, digits, `-` and `_`. */
  readonly id: string;
  readonly direction: 'send' | 'recv';
  /** Payload types of `pt=`; undefined for all of the section. */
  readonly payloadTypes?: readonly number[] | undefined;
  /** `max-width`, `max-fps` and so on, in order; a value is '' when none was written. */
  readonly restrictions: readonly (readonly [name: string, value: string])[];
}

/** `a=rid` (RFC 8851 §4). */
export const rid: AttributeCodec<Rid> = {
  name: 'rid',
  decode(value) {
    const [id, direction, rest, ...more] = value.split(' ').filter((word) => word !== '');
    if (id === undefined || !RID_ID.test(id) || more.length > 0) return MALFORMED;
    if (direction !== 'send' && direction !== 'recv') return MALFORMED;
    let payloadTypes: number[] | undefined;
    const restrictions: [string, string][] = [];
    for (const part of rest?.split(';') ?? []) {
      const equals = part.indexOf('=');
      const name = equals < 0 ? part : part.slice(0, equals);
      const text = equals < 0 ? '' : part.slice(equals + 1);
      if (name === '') return MALFORMED;
      if (name !== 'pt') {
        restrictions.push([name, text]);
        continue;
      }
      if (payloadTypes !== undefined) return MALFORMED;
      payloadTypes = [];
      for (const number of text.split(',')) {
        const payloadType = decimal(number, 127);
        if (payloadType === undefined) return MALFORMED;
        payloadTypes.push(payloadType);
      }
    }
    return { id, direction, ...(payloadTypes && { payloadTypes }), restrictions };
  },
  encode({ id, direction, payloadTypes, restrictions }) {
    const parts = payloadTypes === undefined ? [] : [`pt=${payloadTypes.join(',')}`];
    for (const [name, value] of restrictions) parts.push(value === '' ? name : `${name}=${value}`);
    return parts.length === 0 ? `${id} ${direction}` : `${id} ${direction} ${parts.join(';')}`;
  },
};

/** The syntax of a rid (RFC 8851 §10; RFC 8852 limits what RTP can carry to 255 bytes). */
export const RID_ID: RegExp = /^[0-9A-Za-z_-]{1,255}$/;
