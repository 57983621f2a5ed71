/** What two peers of the demo say to each other on the `control` channel: one JSON object per text message. */
import type { FileHeader } from './file-transfer.ts';
import type { PeerStats } from './stats.ts';

/** Label of the channel that carries `ControlMessage`s. */
export const CONTROL_LABEL = 'control';

/** A message on the control channel, in either direction. */
export type ControlMessage =
  | { readonly type: 'chat'; readonly text: string }
  /** Node to page: the files that can be fetched. */
  | { readonly type: 'files'; readonly files: readonly FileHeader[] }
  /** Page to Node: send this file on a channel of its own. */
  | { readonly type: 'fetch'; readonly name: string }
  /** Round-trip probes: whoever gets a ping answers with the same number. */
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'pong'; readonly id: number }
  /** Node to page, once a second: what the Node side measures. */
  | { readonly type: 'stats'; readonly stats: PeerStats };

/** Encodes a control message. */
export function control(message: ControlMessage): string {
  return JSON.stringify(message);
}

/** Decodes a control message; undefined for anything that is not one. */
export function readControl(data: unknown): ControlMessage | undefined {
  if (typeof data !== 'string') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const check = CHECKS.get(String(value['type']));
  return check?.(value) ? (value as unknown as ControlMessage) : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const CHECKS: ReadonlyMap<string, (value: Fields) => boolean> = new Map([
  ['chat', ({ text }: Fields) => typeof text === 'string'],
  ['files', ({ files }: Fields) => Array.isArray(files) && files.every(isHeader)],
  ['fetch', ({ name }: Fields) => typeof name === 'string'],
  ['ping', ({ id }: Fields) => typeof id === 'number'],
  ['pong', ({ id }: Fields) => typeof id === 'number'],
  ['stats', ({ stats }: Fields) => isRecord(stats) && typeof stats['pair'] === 'string'],
]);

function isHeader(value: unknown): boolean {
  return isRecord(value) && typeof value['name'] === 'string' && typeof value['size'] === 'number';
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
