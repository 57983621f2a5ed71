import type { TurnServerMetrics } from '../server/index.ts';
import type { Metrics } from './options.ts';

/** Everything that is counted, as plain numbers: `errors{code="401"}` and `dropped{reason="rate"}` for what has several kinds. */
export function flattenMetrics(core: TurnServerMetrics, own: Metrics): Metrics {
  const { errors, dropped, ...plain } = core;
  const flat: Record<string, number> = { ...plain, ...own };
  for (const [code, value] of errors) flat[`errors{code="${code}"}`] = value;
  for (const [reason, value] of Object.entries(dropped)) flat[`dropped{reason="${reason}"}`] = value;
  return flat;
}

/** Adds up what several workers count. */
export function sumMetrics(all: readonly Metrics[]): Metrics {
  const sum: Record<string, number> = {};
  for (const metrics of all) for (const [name, value] of Object.entries(metrics)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
}

/** Prometheus' text format, version 0.0.4. Names become `kaon_turn_bytes_from_clients_total`. */
export function prometheusText(metrics: Metrics): string {
  // Lines of one name stand together, whichever worker had them first.
  const families = new Map<string, string[]>();
  for (const [key, value] of Object.entries(metrics)) {
    const [name = '', labels] = key.split('{');
    const isGauge = GAUGES.has(name);
    const full = `kaon_turn_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}${isGauge ? '' : '_total'}`;
    const lines = families.get(full) ?? [
      `# HELP ${full} ${HELP[name] ?? name}.`,
      `# TYPE ${full} ${isGauge ? 'gauge' : 'counter'}`,
    ];
    families.set(full, lines);
    lines.push(`${full}${labels === undefined ? '' : `{${labels}`} ${value}`);
  }
  return `${[...families.values()].flat().join('\n')}\n`;
}

/** What goes up and down. */
const GAUGES: ReadonlySet<string> = new Set([
  'allocations',
  'permissions',
  'channels',
  'connections',
  'clientConnections',
]);

const HELP: Readonly<Record<string, string>> = {
  allocations: 'Allocations now',
  permissions: 'Permissions now',
  channels: 'Channels now',
  connections: 'Connections with peers now (RFC 6062)',
  allocationsMade: 'Allocations made',
  packetsFromClients: 'Packets relayed from clients to peers',
  bytesFromClients: 'Payload bytes relayed from clients to peers',
  packetsFromPeers: 'Packets relayed from peers to clients',
  bytesFromPeers: 'Payload bytes relayed from peers to clients',
  bindings: 'Binding requests answered',
  successes: 'Requests granted',
  errors: 'Requests refused, by STUN error code',
  authenticationFailures: 'Requests with wrong credentials',
  dropped: 'Datagrams that led to nothing, by reason',
  clientConnections: 'TCP, TLS and DTLS connections of clients now',
  clientConnectionsRefused: 'Connections of clients refused because there were too many',
  sendFailures: 'Messages that could not be sent',
};
