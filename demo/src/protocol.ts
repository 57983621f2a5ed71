/** What the page and the Node peer say to each other on the `control` channel: one JSON object per text message. */

/** Label of the channel that carries `ControlMessage`s. */
export const CONTROL_LABEL = 'control';

/** A message on the control channel, in either direction. */
export type ControlMessage =
  | { readonly type: 'chat'; readonly text: string }
  /** Node to page: the files that can be fetched. */
  | { readonly type: 'files'; readonly files: readonly { readonly name: string; readonly size: number }[] }
  /** Page to Node: send this file on a channel of its own. */
  | { readonly type: 'fetch'; readonly name: string }
  /** Round-trip probes: whoever gets a ping answers with the same number. */
  | { readonly type: 'ping' | 'pong'; readonly id: number }
  /** Node to page, once a second: what the Node side measures. */
  | { readonly type: 'stats'; readonly stats: PeerStats };

/** A few numbers out of getStats(). */
export interface PeerStats {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** In ms; undefined before the first answer. */
  readonly roundTripTime: number | undefined;
  /** `host 192.0.2.1:40000 → prflx 192.0.2.7:50000` */
  readonly pair: string;
  readonly state: string;
}

/** Encodes a control message. */
export function control(message: ControlMessage): string {
  return JSON.stringify(message);
}

/** Decodes a control message; undefined for anything that is not one. */
export function readControl(data: unknown): ControlMessage | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null && 'type' in value ? (value as ControlMessage) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the numbers of `PeerStats` out of a connection, in the browser as in Node. */
export async function readStats(connection: RTCPeerConnection): Promise<PeerStats> {
  const report = await connection.getStats();
  const all = [...(report as unknown as Map<string, Record<string, unknown>>).values()];
  const transport = all.find((entry) => entry['type'] === 'transport');
  const pair =
    all.find((entry) => entry['id'] === transport?.['selectedCandidatePairId']) ??
    all.find((entry) => entry['type'] === 'candidate-pair' && entry['nominated'] === true);
  const describe = (id: unknown): string => {
    const found = all.find((entry) => entry['id'] === id);
    if (found === undefined) return '?';
    const address = String(found['address'] ?? 'hidden');
    return `${found['candidateType']} ${address.includes(':') ? `[${address}]` : address}:${found['port']}`;
  };
  const roundTripTime = pair?.['currentRoundTripTime'];
  return {
    bytesSent: Number(pair?.['bytesSent'] ?? transport?.['bytesSent'] ?? 0),
    bytesReceived: Number(pair?.['bytesReceived'] ?? transport?.['bytesReceived'] ?? 0),
    roundTripTime: typeof roundTripTime === 'number' ? roundTripTime * 1000 : undefined,
    pair:
      pair === undefined
        ? 'none yet'
        : `${describe(pair['localCandidateId'])} → ${describe(pair['remoteCandidateId'])}`,
    state: connection.connectionState,
  };
}
