import type { Path } from '@kaon/interface/core/v1';
import { transportAddress } from '@kaon/wire';

export const CLIENT = transportAddress('192.0.2.10', 40000);
export const SERVER = transportAddress('198.51.100.1', 3478);

/** From the client to the server, as the client sees it. */
export const TO_SERVER: Path = { protocol: 'udp', local: CLIENT, remote: SERVER };
/** The same, as the server sees it. */
export const TO_CLIENT: Path = { protocol: 'udp', local: SERVER, remote: CLIENT };
