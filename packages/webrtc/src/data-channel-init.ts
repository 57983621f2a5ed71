import type { ChannelPriority } from '@kaon/datachannel';
import type { ChannelSettings } from './data-channel.ts';
import { enforceUnsignedShort, toEnum, toUSVString } from './idl.ts';

/** Second argument of `createDataChannel` (W3C WebRTC §6.2.1). */
export interface RTCDataChannelInit {
  /** Default true. */
  ordered?: boolean;
  /** Milliseconds; excludes `maxRetransmits`. */
  maxPacketLifeTime?: number;
  maxRetransmits?: number;
  protocol?: string;
  /** Both sides create the channel with the same `id`. Default false. */
  negotiated?: boolean;
  /** 0 to 65534; ignored unless `negotiated`. */
  id?: number;
  /** W3C WebRTC Priority §3.2. Default `low`. */
  priority?: ChannelPriority;
}

/** The settings that the arguments of `createDataChannel` ask for. Throws TypeError as the standard has it. */
export function channelSettings(label: unknown, init: RTCDataChannelInit | null | undefined): ChannelSettings {
  const given = init ?? {};
  const settings: ChannelSettings = {
    label: toUSVString(label),
    ordered: given.ordered === undefined ? true : Boolean(given.ordered),
    maxPacketLifeTime: optional('maxPacketLifeTime', given.maxPacketLifeTime),
    maxRetransmits: optional('maxRetransmits', given.maxRetransmits),
    protocol: given.protocol === undefined ? '' : toUSVString(given.protocol),
    negotiated: Boolean(given.negotiated),
    id: optional('id', given.id),
    priority: toEnum('RTCPriorityType', given.priority ?? 'low', ['very-low', 'low', 'medium', 'high']),
  };
  checkLength('label', settings.label);
  checkLength('protocol', settings.protocol);
  if (settings.maxPacketLifeTime !== undefined && settings.maxRetransmits !== undefined)
    throw new TypeError('maxPacketLifeTime and maxRetransmits exclude each other');
  if (!settings.negotiated) return { ...settings, id: undefined };
  if (settings.id === undefined) throw new TypeError('a negotiated channel needs an id');
  if (settings.id === 65535) throw new TypeError('65535 is not the id of a channel');
  return settings;
}

function optional(name: string, value: unknown): number | undefined {
  return value === undefined ? undefined : enforceUnsignedShort(name, value);
}

function checkLength(name: string, text: string): void {
  if (text.length > 21845 && new TextEncoder().encode(text).length > 65535)
    throw new TypeError(`${name} is longer than 65535 bytes`);
}
