/** A few numbers out of getStats(), in the browser as in Node. */

/** What the demo shows of a connection. */
export interface PeerStats {
  /** When they were read, in ms of the reader's clock. */
  readonly time: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** In ms; undefined before the first answer, and where the browser does not tell. */
  readonly roundTripTime: number | undefined;
  /** `host 192.0.2.1:40000 → prflx 192.0.2.7:50000` */
  readonly pair: string;
  readonly state: string;
}

/** Reads the numbers of `PeerStats` out of a connection. */
export async function readStats(connection: RTCPeerConnection): Promise<PeerStats> {
  const report = await connection.getStats();
  const all = [...(report as unknown as Map<string, Record<string, unknown>>).values()];
  const transport = all.find((entry) => entry['type'] === 'transport');
  const pair =
    all.find((entry) => entry['id'] === transport?.['selectedCandidatePairId']) ??
    all.find(
      (entry) => entry['type'] === 'candidate-pair' && entry['nominated'] === true && entry['state'] === 'succeeded',
    );
  const describe = (id: unknown): string => {
    const found = all.find((entry) => entry['id'] === id);
    if (found === undefined) return '?';
    // A page that may not use the camera is not told addresses, not even its own: a name of mDNS, or nothing.
    const told = String(found['address'] || 'hidden');
    const address = told.endsWith('.local') ? 'hidden' : told;
    return `${found['candidateType']} ${address.includes(':') ? `[${address}]` : address}:${found['port']}`;
  };
  const roundTripTime = pair?.['currentRoundTripTime'];
  return {
    time: performance.now(),
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
