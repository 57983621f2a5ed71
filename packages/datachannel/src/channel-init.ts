import { encodeUtf8 } from '@kaon/wire';
import type { ChannelParameters } from './channel.ts';
import { DataChannelError } from './errors.ts';
import type { ChannelInit, ChannelPriority } from './options.ts';
import { STREAM_ID_LIMIT } from './stream-ids.ts';

/** The parameters that `init` asks for; throws DATACHANNEL_BAD_OPTION when it asks for what cannot be. */
export function parametersOf(init: ChannelInit): ChannelParameters {
  const { maxRetransmits, maxPacketLifeTime, id } = init;
  const negotiated = init.negotiated ?? false;
  checkLength('label', init.label);
  checkLength('protocol', init.protocol);
  checkRange('maxRetransmits', maxRetransmits, 0, 65535);
  checkRange('maxPacketLifeTime', maxPacketLifeTime, 0, 65535);
  checkRange('id', id, 0, STREAM_ID_LIMIT - 1);
  if (maxRetransmits !== undefined && maxPacketLifeTime !== undefined)
    throw bad('maxRetransmits and maxPacketLifeTime exclude each other');
  if (negotiated !== (id !== undefined)) throw bad('id and negotiated need each other');
  const priority = typeof init.priority === 'string' ? PRIORITIES[init.priority] : (init.priority ?? PRIORITIES.low);
  if (priority === undefined) throw bad(`${init.priority} is not a priority`);
  checkRange('priority', priority, 1, 65535);
  return {
    label: init.label ?? '',
    protocol: init.protocol ?? '',
    ordered: init.ordered ?? true,
    maxRetransmits,
    maxPacketLifeTime,
    negotiated,
    priority,
  };
}

/** RFC 8831 §6.4. */
const PRIORITIES: { readonly [name in ChannelPriority]: number } = {
  'very-low': 128,
  low: 256,
  medium: 512,
  high: 1024,
};

function checkLength(name: string, text: string | undefined): void {
  // Only a text with more than a third of the bytes in units can be too long.
  if (text !== undefined && text.length > 21845 && encodeUtf8(text).length > 65535)
    throw bad(`${name} is longer than 65535 bytes in UTF-8`);
}

function checkRange(name: string, value: number | undefined, min: number, max: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max))
    throw bad(`${name} must be an integer from ${min} to ${max}, not ${value}`);
}

function bad(message: string): DataChannelError {
  return new DataChannelError('DATACHANNEL_BAD_OPTION', message);
}
